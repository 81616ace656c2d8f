// prooflode job submit
#include <memory>
#include <optional>

#include "cli/market_print.h"
#include "cli/market_proof.h"
#include "cli/outputs.h"

namespace prooflode::cli {
namespace {

struct SubmitOptions {
  MarketOptions market;
  std::string circuit;
  std::string witness;
  std::string reward;
  std::string policy = "race";
  std::optional<uint32_t> width;
  std::string lease;
  std::string deadline = "60s";
  std::string out_proof;
  std::string out_public;
  bool again = false;
  bool wait = false;
};

// What every market takes (docs/market.md), checked before a witness is uploaded.
constexpr Micros kTimeMin = Seconds(1);
constexpr Micros kTimeMax = Seconds(7 * 24 * 3600);

StatusOr<Micros> ParseTimeLimit(const char* flag, const std::string& text) {
  PL_ASSIGN_OR_RETURN(const Micros time, ParseDuration(text));
  if (time >= kTimeMin && time <= kTimeMax) return time;
  return Usage(absl::InvalidArgumentError(absl::StrCat(flag, ": ", text, ", want 1s to 168h")));
}

// Flags that say nothing about the chosen policy would be dropped in silence.
Status CheckFlags(const SubmitOptions& options) {
  const bool race = options.policy == "race";
  if (!race && options.width) {
    return Usage(absl::InvalidArgumentError("--width: only races have one, want --policy race"));
  }
  if (race && !options.lease.empty()) {
    return Usage(absl::InvalidArgumentError("--lease: a race has none, want --policy lease or hedged"));
  }
  PL_ASSIGN_OR_RETURN(const Micros time_limit, ParseTimeLimit("--deadline", options.deadline));
  if (options.lease.empty()) return absl::OkStatus();
  PL_ASSIGN_OR_RETURN(const Micros lease, ParseTimeLimit("--lease", options.lease));
  if (lease <= time_limit) return absl::OkStatus();
  return Usage(absl::InvalidArgumentError(
      absl::StrCat("--lease: ", options.lease, ", want at most --deadline ", options.deadline)));
}

StatusOr<v1::Policy> ToPolicy(const SubmitOptions& options) {
  v1::Policy policy;
  if (options.policy == "race") {
    policy.mutable_race();
    if (options.width) policy.mutable_race()->set_width(*options.width);
    return policy;
  }
  policy.mutable_lease()->set_hedged(options.policy == "hedged");
  if (!options.lease.empty()) {
    PL_ASSIGN_OR_RETURN(const Micros lease, ParseDuration(options.lease));
    policy.mutable_lease()->set_lease_us(Count(lease));
  }
  return policy;
}

// Follows the job; the last state seen.
StatusOr<v1::Job> WaitForEnd(Market& market, const v1::Job& posted) {
  v1::Job last = posted;
  PL_RETURN_IF_ERROR(
      Remote(market.client->WatchJob(posted.job_id(), posted.revision(), [&](const v1::Job& job) {
        PrintNote(absl::StrCat(StateText(job.state()), ", ", RacersText(job)));
        last = job;
        return true;
      })));
  return last;
}

Status Submit(const SubmitOptions& options, Session& session) {
  PL_RETURN_IF_ERROR(CheckFlags(options));
  PL_ASSIGN_OR_RETURN(const v1::Policy policy, ToPolicy(options));
  PL_ASSIGN_OR_RETURN(const Micros time_limit, ParseDuration(options.deadline));
  PL_ASSIGN_OR_RETURN(std::vector<std::string> inputs, MarketFiles(options.market));
  inputs.push_back(options.witness);
  PL_RETURN_IF_ERROR(CheckOutputs({options.out_proof, options.out_public}, inputs));
  PL_ASSIGN_OR_RETURN(const auto market, OpenMarket(options.market, v1::ROLE_REQUESTER, session));
  PL_ASSIGN_OR_RETURN(const Amount reward, ParseMarketAmount(options.reward, *market));
  if (Count(reward) == 0) {
    return Usage(absl::InvalidArgumentError(absl::StrCat("--reward: ", options.reward, ", want more")));
  }
  v1::GetCircuitRequest by_name;
  by_name.set_name(options.circuit);
  const auto circuit = market->client->GetCircuit(by_name);
  PL_RETURN_IF_ERROR(Remote(circuit.status(), "circuit " + options.circuit));
  PL_ASSIGN_OR_RETURN(const std::string witness,
                      UploadFile(*market, options.witness, v1::ARTIFACT_KIND_WITNESS));

  v1::PostJobRequest request;
  request.set_circuit_id(circuit->circuit().circuit_id());
  request.set_witness_digest(witness);
  request.set_reward_units(Count(reward));
  request.set_time_limit_us(Count(time_limit));
  *request.mutable_policy() = policy;
  request.set_again(options.again);
  const auto posted = market->client->PostJob(std::move(request));
  PL_RETURN_IF_ERROR(Remote(InAmounts(posted.status(), *market)));
  v1::Job job = posted->job();
  const std::string id = HexEncode(AsBytes(job.job_id()));
  if (options.wait && job.state() != v1::JOB_STATE_WON) {
    PrintNote("posted " + id);
    PL_ASSIGN_OR_RETURN(job, WaitForEnd(*market, job));
  }
  if (options.market.json) {
    Json result = ToJson(job, *market);
    result["already_proven"] = posted->already_proven();
    PrintJson(result);
  } else {
    if (posted->already_proven()) PrintLine("proven before: nothing was posted, no escrow taken");
    PrintJob(job, *market);
  }
  const bool proven = job.state() == v1::JOB_STATE_WON || job.state() == v1::JOB_STATE_DELIVERED;
  if (proven) {
    // A statement that was proven before may have been so with another circuit of the same verifying key.
    const std::string posted_for = posted->already_proven() ? "" : circuit->circuit().circuit_id();
    return SaveProof(*market, job.job_id(), posted_for, options.out_proof, options.out_public);
  }
  if (!options.wait) return absl::OkStatus();
  return absl::AbortedError(absl::StrCat("job ", id, " ended without a proof: ", StateText(job.state())));
}

}  // namespace

void AddJobSubmit(CLI::App& job, Session& session) {
  auto options = std::make_shared<SubmitOptions>();
  CLI::App* submit = AddCommand(
      job, session, "submit", "Post a job: miners race for its reward",
      "Example:\n  prooflode job submit --circuit rollup --witness batch.wtns --reward 2.5 --wait \\\n"
      "      --out-proof proof.json --out-public public.json",
      [options, &session] { return RunMarket([&] { return Submit(*options, session); }); });
  submit->add_option("--circuit", options->circuit, "Name of a registered circuit")->required();
  submit->add_option("--witness", options->witness, "Witness (.wtns)")->required();
  submit->add_option("--reward", options->reward, "What the winner gets, in the market's asset")
      ->required()
      ->check(Understood(ParseAmountForm));
  submit
      ->add_option("--policy", options->policy,
                   "race, lease, or hedged: a lease with a second miner when the first is late")
      ->check(CLI::IsMember({"race", "lease", "hedged"}))
      ->capture_default_str();
  submit->add_option("--width", options->width,
                     "Miners admitted to a race; 0 for everybody, the market's default unless given");
  submit->add_option("--lease", options->lease, "How long one miner has, like 30s; at most the deadline")
      ->check(Understood(ParseDuration));
  submit->add_option("--deadline", options->deadline, "From now, like 60s; 1s to 168h")
      ->check(Understood(ParseDuration))
      ->capture_default_str();
  submit->add_flag("--again", options->again, "Race even though this statement was proven before");
  CLI::Option* wait = submit->add_flag("--wait", options->wait, "Wait for the end; 1 when there is no proof");
  submit->add_option("--out-proof", options->out_proof, "Write the proof there")->needs(wait);
  submit->add_option("--out-public", options->out_public, "Write the public inputs there")->needs(wait);
  AddMarketFlags(*submit, options->market);
}

}  // namespace prooflode::cli
