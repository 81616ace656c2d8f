// Circuits, jobs and money as requesters and operators command them.
#include <algorithm>

#include "base/check.h"
#include "coordinator/market/draw.h"
#include "coordinator/market/state.h"

namespace prooflode::market {

namespace {

constexpr uint32_t kRaceWidthMax = 1000;
constexpr uint64_t kAmountMax = uint64_t{1} << 62;  // reward plus fee never overflows

std::optional<Refusal> CheckPolicy(const Policy& policy, const Rules& rules) {
  if (policy.lease) {
    const Micros lease = policy.lease->lease;
    if (lease < rules.time_limit_min || lease > rules.time_limit_max) {
      return Refuse(RefusalCode::kInvalidArgument,
                    absl::StrCat("policy.lease.lease_us: ", Count(lease), ", want ",
                                 Count(rules.time_limit_min), " to ", Count(rules.time_limit_max)));
    }
  } else if (policy.race.width > kRaceWidthMax) {
    return Refuse(RefusalCode::kInvalidArgument,
                  absl::StrCat("policy.race.width: ", policy.race.width, ", want at most ", kRaceWidthMax));
  }
  return std::nullopt;
}

std::optional<Refusal> CheckPost(const PostJob& command, const Circuit* circuit, const Rules& rules) {
  if (circuit == nullptr) return Refuse(RefusalCode::kNotFound, "circuit_id: no such circuit");
  if (Count(command.reward) == 0 || Count(command.reward) > kAmountMax) {
    return Refuse(RefusalCode::kInvalidArgument,
                  absl::StrCat("reward_units: ", Count(command.reward), ", want 1 to ", kAmountMax));
  }
  if (command.time_limit < rules.time_limit_min || command.time_limit > rules.time_limit_max) {
    return Refuse(RefusalCode::kInvalidArgument,
                  absl::StrCat("time_limit_us: ", Count(command.time_limit), ", want ",
                               Count(rules.time_limit_min), " to ", Count(rules.time_limit_max)));
  }
  if (command.public_inputs.size() != size_t{32} * circuit->public_input_count) {
    return Refuse(RefusalCode::kInvalidArgument,
                  absl::StrCat("witness: ", command.public_inputs.size() / 32,
                               " public inputs, the circuit has ", circuit->public_input_count));
  }
  if (command.draw_nonce.size() > kDrawNonceMax) {
    return Refuse(RefusalCode::kInvalidArgument, absl::StrCat("draw_nonce: ", command.draw_nonce.size(),
                                                              " bytes, want at most ", kDrawNonceMax));
  }
  return CheckPolicy(command.policy, rules);
}

}  // namespace

Answer State::Apply(const Stamped& in, const RegisterCircuit& command) {
  if (const auto it = circuits_.find(command.circuit.id); it != circuits_.end()) {
    if (it->second.name == command.circuit.name) return CircuitAnswer{it->second};
    return Refuse(RefusalCode::kAlreadyExists,
                  absl::StrCat("zkey_digest: these files are registered as \"", it->second.name, "\""));
  }
  if (circuit_names_.contains(command.circuit.name)) {
    return Refuse(RefusalCode::kAlreadyExists, absl::StrCat("name: \"", command.circuit.name, "\" is taken"));
  }
  Circuit circuit = command.circuit;
  circuit.owner = in.origin.identity;
  circuit.registered_at = in.now;
  PutCircuit(circuit);
  return CircuitAnswer{std::move(circuit)};
}

const Job* State::UnfinishedOf(const CircuitId& circuit, const Digest& statement) const {
  const auto same = unfinished_of_statement_.find(statement);
  if (same == unfinished_of_statement_.end()) return nullptr;
  for (const JobId& id : same->second) {
    const Job& job = jobs_.at(id);
    if (job.circuit == circuit) return &job;
  }
  return nullptr;
}

Answer State::Apply(const Stamped& in, const PostJob& command) {
  const auto circuit = circuits_.find(command.circuit);
  if (auto refusal = CheckPost(command, circuit == circuits_.end() ? nullptr : &circuit->second, rules_)) {
    return *std::move(refusal);
  }
  if (IsSuspended(circuit->second)) {
    return Refuse(RefusalCode::kFailedPrecondition,
                  "circuit_id: an operator has suspended this circuit or its proof system",
                  Reason::kSuspended);
  }
  // A statement is judged here and never again: a proof that exists is not bought twice by mistake.
  if (!command.again) {
    const auto proven = proven_.find(command.statement);
    if (proven != proven_.end() && proven->second.first >= ProofsKeptFrom(in.now)) {
      return JobAnswer{.job = jobs_.at(proven->second.second), .already_proven = true};
    }
    if (const Job* same = UnfinishedOf(command.circuit, command.statement)) {
      return Refuse(RefusalCode::kAlreadyExists,
                    absl::StrCat("witness: this statement is being proven by job ", Hex(same->id),
                                 "; ask for another race with `again`"));
    }
  }
  const auto unfinished = unfinished_of_requester_.find(in.origin.identity);
  if (unfinished != unfinished_of_requester_.end() &&
      unfinished->second >= rules_.open_jobs_per_requester_max) {
    return Refuse(RefusalCode::kResourceExhausted,
                  absl::StrCat("unfinished jobs: ", unfinished->second, ", want below ",
                               rules_.open_jobs_per_requester_max));
  }
  Job job;
  std::copy_n(in.entropy.begin(), job.id.bytes.size(), job.id.bytes.begin());
  PL_CHECK(!jobs_.contains(job.id));
  job.circuit = command.circuit;
  job.requester = in.origin.identity;
  job.reward = command.reward;
  job.fee = PartOf(command.reward, rules_.fee_per_million);
  job.collateral = PartOf(command.reward, rules_.collateral_per_million);
  job.policy = command.policy;
  job.posted_at = in.now;
  job.deadline_at = in.now + command.time_limit;
  job.witness_digest = command.witness_digest;
  job.witness_bytes = command.witness_bytes;
  job.statement = command.statement;
  job.public_inputs = command.public_inputs;
  job.revision = in.leaf_index;
  job.draw_seed = DrawSeed(job.id, command.draw_nonce, command.previous_root);

  const Amount total{Count(job.reward) + Count(job.fee)};
  const std::string owner = Hex(job.requester);
  if (!Transfer(in, ledger::TransferKind::kEscrow, ledger::Available(owner), ledger::Escrow(owner), total,
                Hex(job.id))) {
    return Refuse(RefusalCode::kFailedPrecondition,
                  absl::StrCat("balance: ", Count(ledger_.Balance(ledger::Available(owner))),
                               ", want at least ", Count(total), " (reward and fee)"));
  }
  effects_.push_back(JobOpened{job.id});
  effects_.push_back(JobChanged{job.id});
  PutJob(job);
  return JobAnswer{.job = std::move(job)};
}

Answer State::Apply(const Stamped& in, const CancelJob& command) {
  const Job* job = FindJob(command.job);
  if (job == nullptr) return Refuse(RefusalCode::kNotFound, "job_id: no such job");
  if (job->requester != in.origin.identity) {
    return Refuse(RefusalCode::kPermissionDenied, "job_id: posted by another requester");
  }
  if (job->state != JobState::kOpen) {
    return Refuse(RefusalCode::kFailedPrecondition, "job_id: no longer open", Reason::kJobClosed);
  }
  if (OfJob(job->id).unjudged > 0) {
    return Refuse(RefusalCode::kFailedPrecondition, "job_id: a timely commit is undecided");
  }
  Refund(in, job->id, JobState::kCancelled, Reason::kCancelledByRequester);
  return JobAnswer{.job = jobs_.at(command.job)};
}

Answer State::Apply(const Stamped& in, const Deposit& command) {
  const ledger::AccountName account = ledger::Available(Hex(command.owner));
  const std::string reference = absl::StrCat("deposit:", command.external_reference);
  if (const ledger::Transfer* earlier = ledger_.FindReference(reference)) {
    if (earlier->credit == account && earlier->amount == command.amount) return TransferAnswer{*earlier};
    return Refuse(RefusalCode::kAlreadyExists,
                  absl::StrCat("external_reference: \"", command.external_reference,
                               "\" was used for another deposit"));
  }
  const StatusOr<ledger::Transfer> posted = ledger_.Post({.kind = ledger::TransferKind::kDeposit,
                                                          .time = in.now,
                                                          .amount = command.amount,
                                                          .debit = ledger::kExternal,
                                                          .credit = account,
                                                          .external_reference = reference});
  if (!posted.ok())
    return Refuse(RefusalCode::kInvalidArgument, std::string(FromSv(posted.status().message())));
  NoteTransfer(*posted);
  return TransferAnswer{*posted};
}

}  // namespace prooflode::market
