// prooflode job ls|show|watch|cancel|proof; submit is in market_submit.cc.
#include <memory>

#include "cli/commands.h"
#include "cli/market_print.h"
#include "cli/market_proof.h"
#include "cli/outputs.h"

namespace prooflode::cli {
namespace {

struct JobOptions {
  MarketOptions market;
  std::string id;
  std::string proof;
  std::string public_inputs;
  bool mine = false;
  uint32_t limit = 50;
};

using JobCommand = Status (*)(const JobOptions&, Market&);

void Show(const v1::Job& job, const JobOptions& options, const Market& market) {
  if (options.market.json) {
    PrintJson(ToJson(job, market));
  } else {
    PrintJob(job, market);
  }
}

Status ListJobs(const JobOptions& options, Market& market) {
  Json all = Json::array();
  std::vector<std::vector<std::string>> rows = {
      {"JOB", "CIRCUIT", "STATE", "REWARD", "PER 1000", "RACING", "POSTED"}};
  v1::ListJobsRequest request;
  request.set_mine_only(options.mine);
  uint32_t left = options.limit;
  do {
    request.set_page_size(std::min(left, 1000u));
    const auto response = market.client->ListJobs(request);
    PL_RETURN_IF_ERROR(Remote(response.status()));
    for (const v1::Job& j : response->jobs()) {
      all.push_back(ToJson(j, market));
      rows.push_back({HexEncode(AsBytes(j.job_id())), Printable(j.circuit_name()), StateText(j.state()),
                      market.AmountText(j.reward_units()), PriceText(j, market),
                      absl::StrCat(j.racer_count()), TimeText(j.posted_at_us())});
    }
    left -= std::min<uint32_t>(left, static_cast<uint32_t>(response->jobs_size()));
    request.set_page_token(response->next_page_token());
  } while (left > 0 && !request.page_token().empty());
  PrintList(options.market, rows, all);
  return absl::OkStatus();
}

Status ShowJob(const JobOptions& options, Market& market) {
  v1::GetJobRequest request;
  PL_ASSIGN_OR_RETURN(*request.mutable_job_id(), ParseJobId(options.id));
  request.set_include_attempts(true);
  const auto response = market.client->GetJob(request);
  PL_RETURN_IF_ERROR(Remote(response.status(), "job " + options.id));
  if (options.market.json) {
    Json job = ToJson(response->job(), market);
    job["attempts"] = Json::array();
    for (const v1::Attempt& a : response->attempts()) job["attempts"].push_back(ToJson(a));
    PrintJson(job);
    return absl::OkStatus();
  }
  PrintJob(response->job(), market);
  std::vector<std::vector<std::string>> rows = {{"MINER", "STATE", "COMMITTED", "BEHIND"}};
  for (const v1::Attempt& a : response->attempts()) {
    rows.push_back({HexEncode(AsBytes(a.miner())).substr(0, 12), StateText(a.state()),
                    TimeText(a.committed_at_us()),
                    a.behind_winner_us() > 0 && a.committed_at_us() > 0
                        ? absl::StrCat(a.behind_winner_us() / 1000, " ms")
                        : "-"});
  }
  if (rows.size() > 1) PrintTable(rows);
  return absl::OkStatus();
}

Status WatchJob(const JobOptions& options, Market& market) {
  PL_ASSIGN_OR_RETURN(const std::string id, ParseJobId(options.id));
  const auto show = [&](const v1::Job& job) {
    Show(job, options, market);
    return true;
  };
  return Remote(market.client->WatchJob(id, 0, show), "job " + options.id);
}

Status CancelJob(const JobOptions& options, Market& market) {
  v1::CancelJobRequest request;
  PL_ASSIGN_OR_RETURN(*request.mutable_job_id(), ParseJobId(options.id));
  const auto response = market.client->CancelJob(std::move(request));
  PL_RETURN_IF_ERROR(Remote(response.status(), "job " + options.id));
  Show(response->job(), options, market);
  return absl::OkStatus();
}

Status FetchProof(const JobOptions& options, Session& session) {
  PL_ASSIGN_OR_RETURN(const std::string id, ParseJobId(options.id));
  PL_ASSIGN_OR_RETURN(const std::vector<std::string> inputs, MarketFiles(options.market));
  PL_RETURN_IF_ERROR(CheckOutputs({options.proof, options.public_inputs}, inputs));
  PL_ASSIGN_OR_RETURN(const auto market, OpenMarket(options.market, v1::ROLE_REQUESTER, session));
  PL_RETURN_IF_ERROR(SaveProof(*market, id, "", options.proof, options.public_inputs));
  if (options.market.json) {
    PrintJson({{"job_id", options.id}, {"proof", options.proof}, {"public", options.public_inputs}});
  } else {
    PrintLine("wrote " + options.proof + " and " + options.public_inputs);
  }
  return absl::OkStatus();
}

}  // namespace

void AddJob(CLI::App& app, Session& session) {
  CLI::App* job =
      app.add_subcommand("job", "Jobs of a market: submit, list, show, explain, watch, cancel, proof");
  job->require_subcommand(1);
  AddJobSubmit(*job, session);
  AddJobExplain(*job, session);
  AddJobForecast(*job, session);
  auto options = std::make_shared<JobOptions>();
  const auto body = [options, &session](JobCommand run) -> Body {
    return [=, &session] {
      return RunMarket([&]() -> Status {
        PL_ASSIGN_OR_RETURN(const auto market, OpenMarket(options->market, v1::ROLE_REQUESTER, session));
        return run(*options, *market);
      });
    };
  };
  CLI::App* ls = AddCommand(*job, session, "ls", "List jobs, the newest first",
                            "Example:\n  prooflode job ls --mine", body(ListJobs));
  ls->add_flag("--mine", options->mine, "Only those of this key");
  ls->add_option("--limit", options->limit, "At most so many")
      ->check(CLI::Range(1u, kListMax))
      ->capture_default_str();
  CLI::App* show = AddCommand(*job, session, "show", "Show a job and its attempts",
                              "Example:\n  prooflode job show 0123…", body(ShowJob));
  CLI::App* watch = AddCommand(*job, session, "watch", "Print a job at every change until it is over",
                               "Example:\n  prooflode job watch 0123… --json", body(WatchJob));
  CLI::App* cancel = AddCommand(*job, session, "cancel", "Cancel a job and get its escrow back",
                                "Refused while a proof that came in time may be valid.", body(CancelJob));
  CLI::App* proof =
      AddCommand(*job, session, "proof", "Fetch the proof of a delivered job",
                 "Example:\n  prooflode job proof 0123… proof.json public.json",
                 [options, &session] { return RunMarket([&] { return FetchProof(*options, session); }); });
  for (CLI::App* command : {show, watch, cancel, proof}) {
    command->add_option("JOB", options->id, "Job id, 32 hexadecimal digits")
        ->required()
        ->check(Understood(ParseJobId));
  }
  proof->add_option("PROOF", options->proof, "File to write, as snarkjs does")->required();
  proof->add_option("PUBLIC", options->public_inputs, "File to write, as snarkjs does")->required();
  for (CLI::App* command : {ls, show, watch, cancel, proof}) AddMarketFlags(*command, options->market);
}

}  // namespace prooflode::cli
