#include "coordinator/engine/engine.h"

#include <algorithm>

#include "base/check.h"
#include "base/failpoint.h"
#include "coordinator/engine/answer_codec.h"
#include "coordinator/engine/opening.h"
#include "coordinator/market/rules.h"

namespace prooflode::engine {

struct Engine::Work {
  // An answer waiting for its batch to be durable.
  struct Pending {
    AnswerCallback callback;
    StatusOr<Answered> answer;
  };
  Batch batch;
  market::Changes changes;                                               // of all commands of the batch
  std::map<std::pair<market::Identity, std::string>, size_t> answer_of;  // indices into batch.answers
  std::vector<Pending> pending;
  std::vector<market::Effect> effects;
  std::vector<QueryFunction> queries;
  market::LeafIndex next_leaf = 0;
  size_t command_count = 0;
  Micros stamped{};  // the last command's time
};

namespace {

Status Unknown() {
  return absl::UnavailableError("coordinator: stopped; whether this was done is unknown, ask again");
}

}  // namespace

Engine::Engine(const market::Rules& rules, const EngineOptions& options, const EngineParts& parts)
    : options_(options),
      parts_(parts),
      rules_(rules),
      metrics_(parts.metrics, options.asset_name),
      time_(parts.clock),
      queue_(options.queue_limit),
      reads_(options.reads_limit) {
  MutexLock lock(verdict_box_->mutex);
  verdict_box_->wake = [this] { WakeUp(); };
}

Engine::~Engine() {
  Stop();
  MutexLock lock(verdict_box_->mutex);
  verdict_box_->wake = nullptr;
}

Status Engine::Load() {
  PL_CHECK(!thread_.joinable());
  PL_RETURN_IF_ERROR(market::CheckRules(rules_));  // what goes into the log must replay
  std::vector<Digest> leaf_hashes;
  PL_RETURN_IF_ERROR(parts_.store.Load(market_, leaf_hashes));
  market_.TakeChanges();
  tree_.Append(leaf_hashes);
  for (const Digest& hash : leaf_hashes) head_.Append(hash);
  Micros last_time{};
  if (!leaf_hashes.empty()) {
    PL_ASSIGN_OR_RETURN(const auto last, parts_.store.ReadLeaves(leaf_hashes.size() - 1, 1));
    if (last.size() != 1) return absl::DataLossError("store: the last leaf cannot be read");
    PL_ASSIGN_OR_RETURN(const transparency::LeafContent content,
                        transparency::DecodeLeaf(AsBytes(last[0].bytes)));
    last_time = content.time;
  }
  PL_ASSIGN_OR_RETURN(const Micros proofs_kept_from, parts_.store.LoadProofsKeptFrom());
  time_.StartAfter(std::max(last_time, proofs_kept_from));
  Work work;
  work.next_leaf = tree_.size();
  // At the very first start nobody has to find back.
  const Micros grace = leaf_hashes.empty() ? Micros{} : options_.reconnect_grace;
  market::Restart restart{.no_expiry_before = time_.last() + grace, .rules = rules_};
  restart.proofs_kept_from = proofs_kept_from;
  PL_RETURN_IF_ERROR(TakeKeys(restart, work.batch));
  Apply(work, {}, std::move(restart));
  PL_RETURN_IF_ERROR(Commit(work));
  for (const market::AttemptId& id : market_.PendingVerdicts()) {
    to_check_.insert({market_.FindAttempt(id)->commit_leaf, id});
  }
  metrics_.Loaded(market_);
  return DispatchChecks();
}

Status Engine::TakeKeys(market::Restart& restart, Batch& batch) {
  PL_ASSIGN_OR_RETURN(handovers_, parts_.store.LoadHandovers());
  if (parts_.retiring_key != nullptr) {
    if (tree_.size() == 0)
      return absl::FailedPreconditionError("key: a log without leaves has no key to retire");
    restart.handover = transparency::HandOver(rules_.market, tree_.Head(), *parts_.retiring_key, parts_.key);
    handovers_.push_back(*restart.handover);
    batch.handover = restart.handover;
  }
  restart.key = parts_.key.public_key();
  StatusOr<transparency::LogKeys> keys =
      transparency::LogKeys::Create(rules_.market, restart.key, handovers_);
  if (!keys.ok()) return absl::FailedPreconditionError(absl::StrCat("key: ", keys.status().message()));
  keys_ = *std::move(keys);
  return absl::OkStatus();
}

void Engine::Start() {
  PL_CHECK(!thread_.joinable());
  thread_ = std::thread([this] {
    while (RunOnce(std::chrono::milliseconds(250))) {
    }
  });
}

void Engine::Close() {
  reads_.Close();
  queue_.Close();
}

void Engine::Stop() {
  Close();
  if (thread_.joinable()) thread_.join();
}

Status Engine::Refused() {
  if (reads_.closed()) return absl::UnavailableError("coordinator: shutting down, retry later");
  metrics_.queue_refusals.Increment();
  return absl::ResourceExhaustedError("coordinator: too many requests are waiting, retry later");
}

void Engine::Offer(market::Origin origin, market::Command command, const Digest& content,
                   AnswerCallback callback) {
  Item item = Submission{std::move(origin), std::move(command), content, std::move(callback)};
  if (queue_.TryPush(std::move(item))) return;
  std::get<Submission>(item).callback(Refused());  // a refused push leaves the item whole
}

Status Engine::Query(QueryFunction query) {
  return queue_.TryPush(std::move(query)) ? absl::OkStatus() : Refused();
}

Status Engine::Read(QueryFunction query) {
  if (!reads_.TryPush(std::move(query))) return Refused();
  WakeUp();
  return absl::OkStatus();
}

void Engine::WakeUp() {
  if (!woken_.exchange(true)) (void)queue_.TryPush(Wake{});  // a full queue keeps the engine awake
}

std::chrono::microseconds Engine::TimeToWait(std::chrono::microseconds wait) {
  if (reads_.size() > 0) return std::chrono::microseconds(0);
  const std::optional<Micros> due = market_.NextDue();
  if (!due) return wait;
  const Micros left = *due - time_.Now();
  // Not less than a millisecond: what is due now is acted upon in this turn anyway.
  return std::clamp(std::chrono::microseconds(Count(left)), std::chrono::microseconds(1000),
                    std::max(wait, std::chrono::microseconds(1000)));
}

bool Engine::RunOnce(std::chrono::microseconds wait) {
  if (failed_) return false;
  // A simulation that does not want to wait gets no wait, whatever is due.
  std::vector<Item> items =
      queue_.PopBatch(options_.batch_limit, wait.count() == 0 ? wait : TimeToWait(wait));
  woken_ = false;  // before a look at what it may have been for
  if (items.empty() && queue_.closed() && reads_.size() == 0) return false;
  const Micros start = parts_.clock.MonotonicNow();
  Work work;
  work.next_leaf = tree_.size();
  TakeVerdicts(work);
  Status status;
  for (Item& item : items) {
    if (auto* submission = std::get_if<Submission>(&item)) {
      work.pending.push_back({std::move(submission->callback), Unknown()});
      if (status.ok()) status = Process(work, std::move(*submission));
    } else if (auto* query = std::get_if<QueryFunction>(&item)) {
      work.queries.push_back(std::move(*query));
    }
  }
  TickIfDue(work);
  const Micros applied = parts_.clock.MonotonicNow();
  if (status.ok()) status = Commit(work);
  if (!status.ok()) {
    Fail(work, status);
    return false;
  }
  if (work.command_count > 0) {
    metrics_.BatchDone(work.command_count, ToSeconds(applied - start),
                       ToSeconds(parts_.clock.MonotonicNow() - applied), work.stamped);
  }
  if (const Status released = Release(work); !released.ok()) {
    Work none;  // everybody has been answered
    Fail(none, released);
    return false;
  }
  return true;
}

void Engine::TakeVerdicts(Work& work) {
  std::vector<market::RecordVerdict> verdicts;
  {
    MutexLock lock(verdict_box_->mutex);
    verdicts.swap(verdict_box_->verdicts);
  }
  checks_in_flight_ -= verdicts.size();
  for (const market::RecordVerdict& verdict : verdicts) {
    TickIfDue(work);
    Apply(work, {}, verdict);
  }
}

void Engine::TickIfDue(Work& work) {
  const std::optional<Micros> due = market_.NextDue();
  if (due && time_.Now() >= *due) Apply(work, {}, market::Tick{});
}

StatusOr<std::optional<StoredAnswer>> Engine::FindRepeat(const Work& work,
                                                         const market::Origin& origin) const {
  if (origin.request_id.empty()) return std::nullopt;
  const auto found = work.answer_of.find({origin.identity, origin.request_id});
  if (found != work.answer_of.end()) return work.batch.answers[found->second];
  return parts_.store.FindAnswer(origin.identity, origin.request_id);
}

Status Engine::Process(Work& work, Submission submission) {
  const market::Origin& origin = submission.origin;
  StatusOr<Answered>& result = work.pending.back().answer;
  PL_ASSIGN_OR_RETURN(const std::optional<StoredAnswer> first, FindRepeat(work, origin));
  if (first && first->content != submission.content) {
    result = absl::AlreadyExistsError("request_id: was used for another request before");
    return absl::OkStatus();
  }
  if (first) {
    PL_ASSIGN_OR_RETURN(market::Answer answer, DecodeAnswer(first->answer));
    result = Answered{std::move(answer), std::nullopt, /*repeated=*/true};
    return absl::OkStatus();
  }
  TickIfDue(work);
  market::Answer answer = Apply(work, origin, std::move(submission.command));
  if (!origin.request_id.empty() && !std::holds_alternative<market::Refusal>(answer)) {
    work.answer_of[{origin.identity, origin.request_id}] = work.batch.answers.size();
    work.batch.answers.push_back(
        {origin.identity, origin.request_id, submission.content, work.stamped, EncodeAnswer(answer)});
  }
  result = Answered{std::move(answer), std::nullopt};
  return absl::OkStatus();
}

market::Answer Engine::Apply(Work& work, const market::Origin& origin, market::Command command) {
  market::Stamped stamped;
  stamped.now = work.stamped = time_.Now();
  stamped.leaf_index = work.next_leaf;
  parts_.random.Fill(stamped.entropy);
  stamped.origin = origin;
  stamped.command = std::move(command);
  StampOpening(market_, stamped.command);
  if (auto* post = std::get_if<market::PostJob>(&stamped.command)) post->previous_root = head_.Root();

  market::Outcome outcome = market_.Apply(stamped);
  ++work.command_count;
  if (std::holds_alternative<market::Withdraw>(stamped.command) &&
      std::holds_alternative<market::Refusal>(outcome.answer)) {
    metrics_.WithdrawalRefused();
  }
  const LeafOutcome changed = GatherChanges(work, stamped.leaf_index);
  if (outcome.changed) {
    transparency::Leaf leaf;
    leaf.index = work.next_leaf++;
    leaf.bytes = transparency::EncodeLeaf(EncodeCommand(stamped, changed));
    leaf.hash = transparency::LeafHash(AsBytes(leaf.bytes));
    if (const market::Opening* opening = FindOpening(stamped.command).second) leaf.proof = opening->proof;
    head_.Append(leaf.hash);
    work.batch.leaves.push_back(std::move(leaf));
  } else {
    // What is not in the log would be missing after a replay.
    PL_CHECK(changed.jobs.empty() && changed.attempts.empty() && changed.transfers.empty());
  }
  work.effects.insert(work.effects.end(), outcome.effects.begin(), outcome.effects.end());
  return std::move(outcome.answer);
}

LeafOutcome Engine::GatherChanges(Work& work, market::LeafIndex leaf) {
  market::Changes changes = market_.TakeChanges();
  LeafOutcome outcome;
  for (const market::JobId& id : changes.jobs) {
    outcome.jobs.push_back(*market_.FindJob(id));
    metrics_.JobChanged(market_, outcome.jobs.back(), leaf);
  }
  for (const market::AttemptId& id : changes.attempts) {
    outcome.attempts.push_back(*market_.FindAttempt(id));
    metrics_.AttemptChanged(outcome.attempts.back(), leaf);
  }
  outcome.transfers = std::move(changes.transfers);
  outcome.draws = std::move(changes.draws);
  for (const ledger::Transfer& transfer : outcome.transfers) metrics_.Transferred(transfer);
  for (const market::DrawRecord& draw : outcome.draws) metrics_.Drawn(draw);
  work.changes.circuits.merge(changes.circuits);
  work.changes.jobs.merge(changes.jobs);
  work.changes.attempts.merge(changes.attempts);
  work.changes.candidacies.merge(changes.candidacies);
  work.changes.standings.merge(changes.standings);
  work.changes.accounts.merge(changes.accounts);
  if (!changes.suspensions.empty()) metrics_.Suspended(market_);
  work.changes.withdrawals.merge(changes.withdrawals);
  work.changes.suspensions.merge(changes.suspensions);
  work.changes.transfers.insert(work.changes.transfers.end(), outcome.transfers.begin(),
                                outcome.transfers.end());
  return outcome;
}

void Engine::CollectRows(Work& work) const {
  Batch& batch = work.batch;
  for (const auto& id : work.changes.circuits) batch.circuits.push_back(*market_.FindCircuit(id));
  for (const auto& id : work.changes.jobs) batch.jobs.push_back(*market_.FindJob(id));
  for (const auto& id : work.changes.attempts) batch.attempts.push_back(*market_.FindAttempt(id));
  for (const auto id : work.changes.withdrawals) batch.withdrawals.push_back(*market_.FindWithdrawal(id));
  for (const auto& subject : work.changes.suspensions) {
    batch.suspensions.push_back(market_.suspensions().at(subject));
  }
  for (const auto& [job, miner] : work.changes.candidacies) {
    if (const market::Candidacy* candidacy = market_.FindCandidacy(job, miner)) {
      batch.candidacies.push_back(*candidacy);
    } else {
      batch.candidacies_over.emplace_back(job, miner);
    }
  }
  for (const auto& miner : work.changes.standings) batch.standings.push_back(market_.standings().at(miner));
  const ledger::Ledger& ledger = market_.ledger();
  for (const auto& name : work.changes.accounts) batch.balances.emplace_back(name, ledger.Balance(name));
  batch.transfers = std::move(work.changes.transfers);
}

Status Engine::Commit(Work& work) {
  CollectRows(work);
  if (!work.batch.empty()) {
    Failpoint("engine.before_write");
    PL_RETURN_IF_ERROR(parts_.store.Write(work.batch));
    Failpoint("engine.after_write");
  }
  std::vector<Digest> hashes;
  for (const transparency::Leaf& leaf : work.batch.leaves) hashes.push_back(leaf.hash);
  tree_.Append(hashes);
  return absl::OkStatus();
}

Status Engine::Release(Work& work) {
  for (Work::Pending& pending : work.pending) {
    if (pending.answer.ok()) {
      if (const auto* commit = std::get_if<market::CommitAnswer>(&pending.answer->answer)) {
        StatusOr<CommitReceiptData> receipt = ReceiptFor(work, commit->leaf_index);
        if (receipt.ok()) {
          pending.answer->receipt = *std::move(receipt);
        } else {
          pending.answer = receipt.status();
        }
      }
    }
    pending.callback(std::move(pending.answer));
  }
  if (!work.batch.empty()) Failpoint("engine.after_answers");
  if (!work.effects.empty()) {
    parts_.outbox.Publish(market_, work.effects);
    Failpoint("engine.after_publishing");
  }
  for (const market::Effect& effect : work.effects) {
    if (const auto* check = std::get_if<market::NeedsVerdict>(&effect)) {
      to_check_.insert({market_.FindAttempt(check->attempt)->commit_leaf, check->attempt});
    }
  }
  for (QueryFunction& query : work.queries) query(market_);
  PL_RETURN_IF_ERROR(DispatchChecks());
  RunReads();
  metrics_.QueueLengths(queue_.size(), to_check_.size() + checks_in_flight_);
  return absl::OkStatus();
}

StatusOr<CommitReceiptData> Engine::ReceiptFor(const Work& work, market::LeafIndex leaf_index) const {
  CommitReceiptData receipt;
  receipt.leaf_index = leaf_index;
  receipt.tree_size = leaf_index + 1;
  PL_ASSIGN_OR_RETURN(const transparency::TreeHead head, tree_.HeadAt(receipt.tree_size));
  receipt.root = head.root;
  PL_ASSIGN_OR_RETURN(receipt.inclusion_proof, tree_.InclusionProof(leaf_index, receipt.tree_size));
  const std::vector<transparency::Leaf>& fresh = work.batch.leaves;
  if (!fresh.empty() && leaf_index >= fresh.front().index) {
    receipt.leaf = fresh[leaf_index - fresh.front().index].bytes;
    return receipt;
  }
  PL_ASSIGN_OR_RETURN(auto stored, parts_.store.ReadLeaves(leaf_index, 1));
  if (stored.size() != 1) return absl::DataLossError(absl::StrCat("leaf ", leaf_index, ": not in the store"));
  receipt.leaf = std::move(stored[0].bytes);
  return receipt;
}

Status Engine::DispatchChecks() {
  while (checks_in_flight_ < options_.checks_in_flight_max && !to_check_.empty()) {
    const market::AttemptId id = to_check_.begin()->second;
    to_check_.erase(to_check_.begin());
    const market::Attempt* attempt = market_.FindAttempt(id);
    // Decided meanwhile: an earlier proof was valid, or the job is over.
    if (attempt == nullptr || attempt->state != market::AttemptState::kRevealed) continue;
    const market::Job* job = market_.FindJob(attempt->job);
    const market::Circuit* circuit = market_.FindCircuit(job->circuit);
    PL_ASSIGN_OR_RETURN(std::optional<std::string> proof, parts_.store.ReadProof(attempt->proof_leaf));
    if (!proof) {
      return absl::DataLossError(
          absl::StrCat("leaf ", attempt->proof_leaf, ": its proof is not in the store"));
    }
    ++checks_in_flight_;
    parts_.checker.Check({.attempt = id,
                          .job = job->id,
                          .commit_leaf = attempt->commit_leaf,
                          .verifying_key_digest = circuit->verifying_key_digest,
                          .verification_key_json = circuit->verification_key_json,
                          .public_inputs = job->public_inputs,
                          .proof = *std::move(proof)},
                         [id, version = parts_.checker.version(), box = verdict_box_](bool valid) {
                           MutexLock lock(box->mutex);
                           box->verdicts.push_back({id, valid, version});
                           if (box->wake) box->wake();
                         });
  }
  return absl::OkStatus();
}

void Engine::RunReads() {
  const Micros end = parts_.clock.MonotonicNow() + options_.reads_slice;
  do {
    const std::vector<QueryFunction> read = reads_.PopBatch(1, std::chrono::microseconds(0));
    if (read.empty()) return;
    read.front()(market_);
  } while (parts_.clock.MonotonicNow() < end);
}

void Engine::Fail(Work& work, const Status& status) {
  failed_ = true;
  Close();
  parts_.on_fatal(status);
  for (Work::Pending& pending : work.pending) pending.callback(Unknown());
  for (const Item& item : queue_.PopBatch(options_.queue_limit, std::chrono::microseconds(0))) {
    if (const auto* submission = std::get_if<Submission>(&item)) submission->callback(Unknown());
  }
}

}  // namespace prooflode::engine
