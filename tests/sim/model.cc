// What each command may do, and what it asks for.
#include "tests/sim/model.h"

#include <algorithm>

#include "base/crypto.h"
#include "tests/sim/oracle.h"

namespace prooflode::sim {
namespace {

// The commit hash as docs/protocol.md defines it.
Digest OpeningOf(const RulesModel& rules, const AttemptModel& attempt, const Id& id, const LeafView& leaf) {
  std::string bytes = std::string("prooflode/v1/commit-hash") + '\0';
  std::array<uint8_t, 4> size{};
  StoreLe(size.data(), static_cast<uint32_t>(rules.market.size()));
  const auto add = [&](const auto& part) { bytes.append(part.begin(), part.end()); };
  add(size);
  bytes += rules.market;
  add(attempt.job);
  add(id);
  add(attempt.miner);
  bytes += leaf.Text(54) + leaf.Text(55);
  return Sha256(AsBytes(bytes));
}

}  // namespace

std::string AvailableOf(const Key& key) { return "available:" + HexEncode(key); }
std::string EscrowOf(const Key& key) { return "escrow:" + HexEncode(key); }
std::string StakeOf(const Key& key) { return "stake:" + HexEncode(key); }
uint64_t PartOf(uint64_t amount, uint32_t per_million) {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(amount) * per_million / 1'000'000);
}

void Model::Wrong(const LeafView& leaf, const std::string& rule, const std::string& what) {
  findings_.Add(rule, "leaf " + std::to_string(leaf.index) + ": " + what);
}

void Model::Fold(const LeafView& leaf) {
  CheckCommon(leaf);
  expected_.clear();
  over_.clear();
  FoldCommand(leaf);
  // Attempts that end because their job does come last: whether it may end is judged by what they were.
  const auto ends_with_job = [](uint8_t phase) {
    return phase == kAttemptWon || phase == kLost || phase == kJobEnded;
  };
  for (const AttemptRecord& record : leaf.attempts) {
    const bool drawn = leaf.kind == kTick && !attempts_.contains(record.id);
    if (!drawn && !ends_with_job(record.phase)) FoldAttempt(leaf, record);
  }
  for (const JobRecord& record : leaf.jobs) FoldJob(leaf, record);
  for (const AttemptRecord& record : leaf.attempts) {
    if (ends_with_job(record.phase)) FoldAttempt(leaf, record);
  }
  for (const Id& id : over_) PayOut(id);
  FoldDraws(leaf);
  FoldMoney(leaf);
  CheckDue(leaf);
}

void Model::CheckCommon(const LeafView& leaf) {
  if (leaf.index != leaves_) Wrong(leaf, "dense-log", "want index " + std::to_string(leaves_));
  leaves_ = leaf.index + 1;
  if (leaf.time < last_time_) {
    Wrong(leaf, "log-time",
          std::to_string(leaf.time) + ", the leaf before has " + std::to_string(last_time_));
  }
  last_time_ = std::max(last_time_, leaf.time);
  if (leaf.index == 0 && leaf.kind != kStart) Wrong(leaf, "log-start", "want a start of the coordinator");
  const bool internal =
      leaf.kind == kVerdict || leaf.kind == kTick || leaf.kind == kStart || leaf.kind == kHolderSilent;
  const Key who = leaf.Bytes<Key>(1);
  if (internal != leaf.Text(2).empty() || internal != (who == Key{})) {
    Wrong(leaf, "origin", "a command of kind " + std::to_string(leaf.kind) + " by the wrong side");
  }
  if (!internal && !requests_.insert({who, leaf.Text(2)}).second) {
    Wrong(leaf, "retry-once", "this request is in the log already");
  }
}

void Model::FoldCommand(const LeafView& leaf) {
  switch (leaf.kind) {
    case kRegister:
      return FoldCircuit(leaf);
    case kPost:
      return FoldPost(leaf);
    case kAdmission:
      return FoldAdmission(leaf);
    case kCommit:
      return FoldCommit(leaf);
    case kReveal:
      return FoldReveal(leaf);
    case kVerdict:
      return FoldVerdict(leaf);
    case kStart:
      return FoldStart(leaf);
    case kRelease:
      OwnAttempt(leaf);
      return;
    case kCancel:
      return;  // judged by what becomes of the job
    case kTick:
      return;
    case kCandidacyOver:
      return FoldCandidacyOver(leaf);
    case kHolderSilent:
      return FoldSilence(leaf);
    case kDeposit: {
      const Key owner = leaf.Bytes<Key>(70);
      const auto amount = leaf.Number<uint64_t>(71);
      if (!deposits_.insert({leaf.Text(72), {owner, amount}}).second) {
        Wrong(leaf, "reference-once", "this deposit was made already");
      }
      return Expect({0, kMoneyDeposit, amount, "external", AvailableOf(owner), ""});
    }
    case kWithdrawal:
      return FoldWithdrawal(leaf);
    case kPayWithdrawal:
    case kRejectWithdrawal:
    case kCancelWithdrawal:
      return FoldWithdrawalEnd(leaf);
    case kSuspension:
      return FoldSuspension(leaf);
    default:
      Wrong(leaf, "known-command", "kind " + std::to_string(leaf.kind));
  }
}

void Model::FoldStart(const LeafView& leaf) {
  rules_ = {.market = leaf.Text(81),
            .reveal_window = leaf.Number<int64_t>(82),
            .race_place = leaf.Number<int64_t>(90),
            .time_limit_min = leaf.Number<int64_t>(84),
            .time_limit_max = leaf.Number<int64_t>(85),
            .jobs_max = leaf.Number<uint32_t>(86),
            .live_max = leaf.Number<uint32_t>(87),
            .admissions_max = leaf.Number<uint32_t>(88),
            .fee_per_million = leaf.Number<uint32_t>(89),
            .collateral_per_million = leaf.Number<uint32_t>(110),
            .release_grace = leaf.Number<int64_t>(111),
            .release_fee_per_million = leaf.Number<uint32_t>(112),
            .unprovable_reports = leaf.Number<uint32_t>(113),
            .check_fee_per_million = leaf.Number<uint32_t>(114),
            .draw_window = leaf.Number<int64_t>(91),
            .late_percent = leaf.Number<uint32_t>(93),
            .proof_retention = leaf.Number<int64_t>(115)};
  const auto kept_from = leaf.Number<int64_t>(116);
  if (kept_from < proofs_kept_from_ || kept_from > (may_delete_proofs_ ? leaf.time : 0)) {
    Wrong(leaf, "proof-kept", "proofs were deleted that were to be kept");
  }
  proofs_kept_from_ = kept_from;
  may_delete_proofs_ = may_delete_proofs_ || rules_.proof_retention > 0;
  FoldKey(leaf);
  last_start_ = leaf.index;
  no_expiry_before_ = std::max(no_expiry_before_, leaf.Number<int64_t>(80));
}

// Whoever signs from now on has the log from who signed before, as it is.
void Model::FoldKey(const LeafView& leaf) {
  const Key key = leaf.Bytes<Key>(95);
  const bool changes = key_ && *key_ != key;
  const bool said = leaf.Has(96) || leaf.Has(97) || leaf.Has(98);
  if (changes != said) Wrong(leaf, "key-handover", changes ? "another key, unsaid" : "to no other key");
  if (changes && said) {
    const std::string name = leaf.Text(81);
    std::string message(12 + name.size(), '\0');
    StoreLe(reinterpret_cast<uint8_t*>(message.data()), static_cast<uint32_t>(name.size()));
    std::copy(name.begin(), name.end(), message.begin() + 4);
    StoreLe(reinterpret_cast<uint8_t*>(message.data()) + 4 + name.size(), leaf.index);
    message += AsChars(leaf.root_before);
    message += AsChars(*key_);
    message += AsChars(key);
    const bool right =
        leaf.Bytes<Key>(96) == *key_ && leaf.Number<uint64_t>(99) == leaf.index &&
        leaf.Bytes<Digest>(41) == leaf.root_before &&
        VerifySignature(*key_, "prooflode/v1/key-handover", AsBytes(message), leaf.Bytes<Signature>(97)) &&
        VerifySignature(key, "prooflode/v1/key-handover", AsBytes(message), leaf.Bytes<Signature>(98));
    if (!right) Wrong(leaf, "key-handover", "not of this log, or not signed by both");
  }
  key_ = key;
}

void Model::FoldCircuit(const LeafView& leaf) {
  if (!circuits_.emplace(leaf.Bytes<Digest>(10), leaf.Has(15)).second ||
      !circuit_names_.insert(leaf.Text(11)).second) {
    Wrong(leaf, "circuit-once", "its name or id is taken");
  }
}

void Model::FoldPost(const LeafView& leaf) {
  if (leaf.jobs.size() != 1 || jobs_.contains(leaf.jobs[0].id) || leaf.jobs[0].phase != kOpen) {
    return Wrong(leaf, "post", "want one new open job");
  }
  JobModel job;
  job.requester = leaf.Bytes<Key>(1);
  job.circuit = leaf.Bytes<Digest>(10);
  job.statement = leaf.Bytes<Digest>(34);
  job.inputs = leaf.Text(33);
  job.reward = leaf.Number<uint64_t>(35);
  job.fee = PartOf(job.reward, rules_.fee_per_million);
  job.collateral = PartOf(job.reward, rules_.collateral_per_million);
  job.deadline = leaf.time + leaf.Number<int64_t>(36);
  job.lease = leaf.Number<int64_t>(38);
  job.width = leaf.Has(38) ? 1 : leaf.Number<uint32_t>(37);
  job.hedged = leaf.Number<uint8_t>(42) == 1;
  if (leaf.Bytes<Digest>(41) != leaf.root_before)
    Wrong(leaf, "draw", "its seed has another root than the log had");
  job.phase = kOpen;
  if (!circuits_.contains(job.circuit)) Wrong(leaf, "post", "of a circuit that is not registered");
  if (IsSuspended(job.circuit)) Wrong(leaf, "suspended", "a job was posted");
  if (leaf.Number<uint8_t>(39) == 0) {
    if (IsProven(job.statement, leaf.time))
      Wrong(leaf, "resold", "this statement was proven and paid already");
    if (IsBeingProven(job.circuit, job.statement)) Wrong(leaf, "resold", "this statement is being proven");
  }
  const Id id = leaf.jobs[0].id;
  std::string seed = std::string("prooflode/v1/draw") + '\0' + std::string(id.begin(), id.end());
  std::array<uint8_t, 4> size{};
  StoreLe(size.data(), static_cast<uint32_t>(leaf.Text(40).size()));
  seed.append(size.begin(), size.end());
  job.draw_seed = Sha256(AsBytes(seed + leaf.Text(40) + leaf.Text(41)));
  unfinished_[job.statement].insert(id);
  ++unfinished_of_[job.requester];
  Expect({0, kMoneyEscrow, job.reward + job.fee, AvailableOf(job.requester), EscrowOf(job.requester),
          HexEncode(id)});
  jobs_[id] = std::move(job);
}

// The attempt that a miner's command names; nullptr, and a finding, where it is not its own or long gone.
AttemptModel* Model::OwnAttempt(const LeafView& leaf) {
  const auto it = attempts_.find(leaf.Bytes<Id>(50));
  if (it == attempts_.end()) {
    Wrong(leaf, "fence", "names no attempt");
    return nullptr;
  }
  AttemptModel& attempt = it->second;
  if (attempt.miner != leaf.Bytes<Key>(1)) Wrong(leaf, "fence", "of another miner's attempt");
  if (attempt.fence != leaf.Number<uint64_t>(51)) Wrong(leaf, "fence", "with another attempt's token");
  return &attempt;
}

void Model::FoldCommit(const LeafView& leaf) {
  AttemptModel* attempt = OwnAttempt(leaf);
  if (attempt == nullptr) return;
  const bool late = attempt->phase == kTimedOut && attempt->reason == kReasonPlaceOver;
  if (attempt->phase != kAdmitted && !late) Wrong(leaf, "fence", "a commit of an attempt that has ended");
  const JobModel& job = jobs_.at(attempt->job);
  if (job.phase != kOpen || IsPast(leaf.time, job.deadline)) Wrong(leaf, "late-commit", "its job is closed");
  attempt->has_committed = true;
  attempt->commit_leaf = leaf.index;
  attempt->commit_hash = leaf.Bytes<Digest>(52);
  attempt->reveal_by = leaf.time + rules_.reveal_window;
  live_of_[attempt->miner].insert(leaf.Bytes<Id>(50));
  NotePlace(attempt->miner, /*lost=*/false);
  if (leaf.Has(54)) TakeProof(leaf, *attempt);
}

void Model::FoldReveal(const LeafView& leaf) {
  AttemptModel* attempt = OwnAttempt(leaf);
  if (attempt == nullptr) return;
  if (attempt->phase != kCommitted) Wrong(leaf, "fence", "a reveal of an attempt that waits for none");
  if (IsPast(leaf.time, attempt->reveal_by)) Wrong(leaf, "late-reveal", "its window has passed");
  TakeProof(leaf, *attempt);
}

void Model::TakeProof(const LeafView& leaf, AttemptModel& attempt) {
  const JobModel& job = jobs_.at(attempt.job);
  const Digest opening = OpeningOf(rules_, attempt, leaf.Bytes<Id>(50), leaf);
  if (opening != attempt.commit_hash) Wrong(leaf, "opening", "proof and nonce do not open the commit");
  if (!leaf.proof || AsChars(Sha256(AsBytes(*leaf.proof + job.inputs))) != leaf.Text(54)) {
    return Wrong(leaf, "proof-kept", "the proof that it names does not lie beside it");
  }
  attempt.proof = *leaf.proof;
  attempt.proof_leaf = leaf.index;
  attempt_of_proof_[leaf.index] = leaf.Bytes<Id>(50);
}

void Model::FoldVerdict(const LeafView& leaf) {
  const auto it = attempts_.find(leaf.Bytes<Id>(50));
  if (it == attempts_.end()) return Wrong(leaf, "verdict", "on no attempt");
  AttemptModel& attempt = it->second;
  if (attempt.judged) Wrong(leaf, "one-verdict", "this attempt has one already");
  if (attempt.phase != kRevealed) Wrong(leaf, "verdict", "on an attempt that waits for none");
  attempt.judged = true;
  const bool said = leaf.Number<uint8_t>(57) == 1;
  attempt.phase = said ? kValid : kInvalid;  // its record may say that it has won already
  if (said != IsProof(attempt.proof, jobs_.at(attempt.job).inputs)) {
    Wrong(leaf, "verdict", said ? "valid, of a proof that is none" : "invalid, of a valid proof");
  }
}

void Model::Expect(MoneyRecord money) {
  if (money.amount != 0) expected_.push_back(std::move(money));
}

const JobModel* Model::FindJob(const Id& id) const {
  const auto it = jobs_.find(id);
  return it == jobs_.end() ? nullptr : &it->second;
}
const AttemptModel* Model::FindAttempt(const Id& id) const {
  const auto it = attempts_.find(id);
  return it == attempts_.end() ? nullptr : &it->second;
}
uint64_t Model::Balance(const std::string& account) const {
  const auto it = balances_.find(account);
  return it == balances_.end() ? 0 : it->second;
}
const std::pair<Key, uint64_t>* Model::FindDeposit(const std::string& reference) const {
  const auto it = deposits_.find(reference);
  return it == deposits_.end() ? nullptr : &it->second;
}
bool Model::IsBeingProven(const Digest& circuit, const Digest& statement) const {
  const auto it = unfinished_.find(statement);
  return it != unfinished_.end() && std::any_of(it->second.begin(), it->second.end(), [&](const Id& id) {
           return jobs_.at(id).circuit == circuit;
         });
}
uint32_t Model::UnfinishedOf(const Key& requester) const {
  const auto it = unfinished_of_.find(requester);
  return it == unfinished_of_.end() ? 0 : it->second;
}
uint32_t Model::LiveOf(const Key& miner) const {
  const auto it = live_of_.find(miner);
  return it == live_of_.end() ? 0 : static_cast<uint32_t>(it->second.size());
}
uint32_t Model::LiveIn(const JobModel& job) const {
  return static_cast<uint32_t>(std::count_if(job.attempts.begin(), job.attempts.end(), [&](const Id& id) {
    return IsLivePhase(attempts_.at(id).phase);
  }));
}
uint32_t Model::ReportsOf(const JobModel& job) const {
  return static_cast<uint32_t>(std::count_if(job.attempts.begin(), job.attempts.end(), [&](const Id& id) {
    const AttemptModel& attempt = attempts_.at(id);
    return attempt.phase == kReleased && attempt.reason == kReasonUnprovable;
  }));
}
bool Model::HasUndecided(const JobModel& job) const {
  return std::any_of(job.attempts.begin(), job.attempts.end(),
                     [&](const Id& id) { return IsUndecided(attempts_.at(id).phase); });
}

}  // namespace prooflode::sim
