#include "transparency/audit_market.h"

#include <algorithm>
#include <cstring>

#include "base/crypto.h"
#include "transparency/audit_values.h"
#include "transparency/signing.h"

namespace prooflode::transparency {
namespace {

bool IsZeros(const std::string& id) { return id.find_first_not_of('\0') == std::string::npos; }

// SHA-256 of a domain, a zero byte and `message`.
Digest Named(std::string_view domain, const std::string& message) {
  return Sha256(AsBytes(absl::StrCat(Sv(domain), std::string(1, '\0'), message)));
}

template <size_t n>
std::array<uint8_t, n> ArrayOf(const std::string& bytes) {
  std::array<uint8_t, n> out{};
  std::memcpy(out.data(), bytes.data(), std::min(n, bytes.size()));
  return out;
}

}  // namespace

bool MarketAudit::Demand(bool holds, const char* fraud, const std::string& what) {
  if (!holds) find_({fraud, what, index_, about_.empty() ? std::string() : Hex(about_)});
  return holds;
}

const std::string* MarketAudit::Field(uint16_t number) const {
  const auto it = leaf_->fields.find(number);
  return it == leaf_->fields.end() ? nullptr : &it->second;
}
std::string MarketAudit::Bytes(uint16_t number) const {
  const std::string* field = Field(number);
  return field == nullptr ? std::string() : *field;
}
uint64_t MarketAudit::Integer(uint16_t number) const {
  const std::string* field = Field(number);
  if (field == nullptr || field->size() != sizeof(uint64_t)) return 0;
  return LoadLe<uint64_t>(AsBytes(*field).data());
}

uint32_t MarketAudit::Integer32(uint16_t number, uint32_t absent) const {
  const std::string* field = Field(number);
  if (field == nullptr || field->size() != sizeof(uint32_t)) return absent;
  return LoadLe<uint32_t>(AsBytes(*field).data());
}

bool MarketAudit::IsPast(Micros time) const {
  return leaf_->time >= time && leaf_->time >= no_expiry_before_;
}

// By a proof that must still be there.
bool MarketAudit::IsProven(const std::string& statement) const {
  const auto proven = proven_.find(statement);
  if (proven == proven_.end() || proven->second < proofs_kept_from_) return false;
  if (proof_retention_ == Micros{}) return true;
  int64_t from = 0;  // of a hostile log: before all times
  if (__builtin_sub_overflow(Count(leaf_->time), Count(proof_retention_), &from)) return true;
  return proven->second >= Micros{from};
}

MarketAudit::Job* MarketAudit::FindJob(const std::string& id) {
  about_ = id;
  const auto it = jobs_.find(id);
  Demand(it != jobs_.end(), "unknown-job", "the leaf is about a job that was never posted");
  return it == jobs_.end() ? nullptr : &it->second;
}

MarketAudit::Attempt* MarketAudit::FindAttempt(const std::string& id) {
  const auto it = attempts_.find(id);
  if (it != attempts_.end()) about_ = it->second.job;
  Demand(it != attempts_.end(), "unknown-attempt", "the leaf is about an attempt that was never admitted");
  return it == attempts_.end() ? nullptr : &it->second;
}

// The attempt that the leaf's miner acts upon.
MarketAudit::Attempt* MarketAudit::Own() {
  Attempt* attempt = FindAttempt(Bytes(50));
  if (attempt == nullptr) return nullptr;
  const bool own = attempt->miner == Bytes(1) && attempt->fence == Integer(51);
  return Demand(own, "anothers-attempt", "somebody used another's attempt, or an old one") ? attempt
                                                                                           : nullptr;
}

bool MarketAudit::WantsVerdict(const std::string& job) const {
  return options_.judge != nullptr && (options_.job.empty() || options_.job == Hex(job));
}

void MarketAudit::Apply(uint64_t index, const LeafContent& leaf, const std::optional<std::string>& proof) {
  index_ = index;
  leaf_ = &leaf;
  proof_ = &proof;
  about_.clear();
  Demand(leaf.time >= time_, "time-moved-back", "the leaf's time is before that of the leaf in front of it");
  time_ = std::max(time_, leaf.time);
  Demand(index > 0 || leaf.type == LeafType::kRestart, "no-first-start", "the first leaf is no start");
  const auto jobs = DecodeJobRecords(Bytes(kJobRecordsField));
  const auto attempts = DecodeAttemptRecords(Bytes(kAttemptRecordsField));
  const auto transfers = DecodeTransferRecords(Bytes(kTransferRecordsField));
  if (!Demand(jobs.ok() && attempts.ok() && transfers.ok(), "leaf-malformed", "its records are cut")) return;
  job_records_ = *jobs;
  attempt_records_ = *attempts;
  transfers_ = *transfers;
  Demand(!proof || Field(54) != nullptr, "proof-swapped", "a proof lies beside a leaf that names none");
  switch (leaf.type) {
    case LeafType::kRestart:
      OnRestart();
      break;
    case LeafType::kRegisterCircuit:
      OnRegister();
      break;
    case LeafType::kPostJob:
      OnPost();
      break;
    case LeafType::kCancelJob:
      OnCancel();
      break;
    case LeafType::kAdmit:
      OnAdmit();
      break;
    case LeafType::kCommit:
      OnCommit();
      if (Field(54) != nullptr) OnReveal();
      break;
    case LeafType::kReveal:
      OnReveal();
      break;
    case LeafType::kRelease:
      OnRelease();
      break;
    case LeafType::kVerdict:
      OnVerdict();
      break;
    case LeafType::kTick:
      OnTick();
      break;
    case LeafType::kPayWithdrawal:
    case LeafType::kRejectWithdrawal:
    case LeafType::kCancelWithdrawal:
      OnWithdrawalEnd();
      break;
    case LeafType::kDeposit:
    case LeafType::kWithdraw:
      OnMoney();
      break;
    default:
      break;  // what came of it is judged below
  }
  for (const AttemptRecord& record : attempt_records_) AttemptChanged(record);
  for (const TransferRecord& transfer : transfers_) TransferMade(transfer);
  for (const JobRecord& record : job_records_) JobChanged(record);
}

void MarketAudit::OnRestart() {
  name_ = Bytes(81);
  reports_wanted_ = Integer32(113, 1);
  fee_per_million_ = Integer32(89, 0);
  check_fee_per_million_ = Integer32(114, 0);
  reveal_window_ = Micros{static_cast<int64_t>(Integer(82))};
  const Micros kept_from{static_cast<int64_t>(Integer(116))};
  Demand(kept_from >= proofs_kept_from_ && kept_from <= (may_delete_proofs_ ? leaf_->time : Micros{}),
         "proofs-deleted-early", "a start says that proofs were deleted which were to be kept");
  proofs_kept_from_ = std::max(proofs_kept_from_, kept_from);
  proof_retention_ = Micros{static_cast<int64_t>(Integer(115))};
  may_delete_proofs_ = may_delete_proofs_ || proof_retention_ != Micros{};
  // An earlier start's longer grace still counts.
  no_expiry_before_ = std::max(no_expiry_before_, Micros{static_cast<int64_t>(Integer(80))});
}

void MarketAudit::OnRegister() {
  Circuit circuit{.key_json = Bytes(21)};
  if (options_.judge != nullptr) {
    circuit.digest = options_.judge->KeyDigest(circuit.key_json);
    Demand(circuit.digest.has_value(), "key-unreadable",
           "a circuit's verification key is none: nothing can be judged by it");
  }
  if (circuit.digest) {
    const std::string r1cs = Field(15) == nullptr ? std::string(32, '\0') : Bytes(15);
    const Digest id =
        Named("prooflode/v1/circuit", absl::StrCat(Sv(AsChars(*circuit.digest)), Bytes(13), r1cs));
    Demand(AsChars(id) == Bytes(10), "circuit-misnamed", "a circuit's id is not that of its key and files");
  }
  circuits_[Bytes(10)] = std::move(circuit);
}

void MarketAudit::OnPost() {
  const bool one = job_records_.size() == 1 && !jobs_.contains(job_records_[0].job);
  if (!Demand(one, "post-malformed", "a post makes one new job")) return;
  about_ = job_records_[0].job;
  Job& job = jobs_[about_];
  job.requester = Bytes(1);
  job.circuit = Bytes(10);
  job.inputs = Bytes(33);
  job.statement = Bytes(34);
  job.reward = Integer(35);
  job.fee = PartOf(job.reward, fee_per_million_);
  job.deadline = job_records_[0].deadline;
  const auto circuit = circuits_.find(job.circuit);
  if (!Demand(circuit != circuits_.end(), "unknown-circuit", "its circuit was never registered")) return;
  if (circuit->second.digest) {
    const Digest named =
        Named("prooflode/v1/statement", absl::StrCat(Sv(AsChars(*circuit->second.digest)), job.inputs));
    Demand(AsChars(named) == job.statement, "statement-misnamed",
           "the statement is not that of key and inputs");
  }
  Demand(Bytes(39) == std::string(1, '\1') || !IsProven(job.statement), "resold",
         "a statement that was proven already was sold again unasked");
  Demand(std::any_of(transfers_.begin(), transfers_.end(), [](const auto& t) { return t.kind == kEscrow; }),
         "no-escrow", "a job was posted without its escrow");
}

void MarketAudit::OnCancel() {
  Job* job = FindJob(Bytes(30));
  if (job == nullptr) return;
  Demand(job->requester == Bytes(1), "cancelled-by-stranger",
         "somebody else than its requester cancelled it");
  const bool undecided = std::any_of(
      job->attempts.begin(), job->attempts.end(),
      [this](const std::string& id) { return attempts_.at(id).commit_leaf && !attempts_.at(id).decided; });
  Demand(!undecided && !job->first_valid, "cancelled-with-a-commit",
         "it was cancelled while a commit was undecided or valid");
  job->cancelled = true;
}

void MarketAudit::OnAdmit() {
  if (FindJob(Bytes(30)) == nullptr || attempt_records_.empty()) return;  // without an attempt: a candidacy
  const AttemptRecord& record = attempt_records_[0];
  const bool one = attempt_records_.size() == 1 && record.job == Bytes(30) && record.miner == Bytes(1);
  if (Demand(one, "admission-malformed", "an admission makes one attempt of who asked")) Admit(record);
}

void MarketAudit::Admit(const AttemptRecord& record) {
  if (!Demand(!attempts_.contains(record.attempt) && record.fence == index_, "admission-malformed",
              "an attempt or its fence is not new")) {
    return;
  }
  Attempt& attempt = attempts_[record.attempt];
  attempt.job = record.job;
  attempt.miner = record.miner;
  attempt.fence = record.fence;
  jobs_.at(record.job).attempts.push_back(record.attempt);
}

// Whether tickets and order are right is judged by others; here a place that was drawn is one that was given.
void MarketAudit::OnTick() {
  const auto draws = DecodeDrawRecords(Bytes(kDrawRecordsField));
  if (!Demand(draws.ok(), "leaf-malformed", "its draws are cut")) return;
  for (const DrawRecord& draw : *draws) {
    if (FindJob(draw.job) == nullptr) continue;
    for (const DrawRecord::Candidate& candidate : draw.candidates) {
      if (!candidate.admitted) continue;
      const auto record = std::find_if(attempt_records_.begin(), attempt_records_.end(), [&](const auto& r) {
        return r.job == draw.job && r.miner == candidate.miner && r.state == kAttemptAdmitted;
      });
      if (Demand(record != attempt_records_.end(), "place-not-given",
                 "a place that was drawn was not given")) {
        Admit(*record);
      }
    }
  }
}

void MarketAudit::OnCommit() {
  Attempt* attempt = Own();
  Job* job = attempt == nullptr ? nullptr : FindJob(attempt->job);
  if (job == nullptr) return;
  Demand(!attempt->commit_leaf, "committed-twice", "an attempt committed twice");
  Demand(!IsPast(job->deadline) && !job->first_valid && !job->settled, "commit-too-late",
         "a commit was taken after commits had closed");
  const CommitStatement statement{name_,          ArrayOf<16>(attempt->job),   ArrayOf<16>(Bytes(50)),
                                  attempt->fence, ArrayOf<32>(attempt->miner), ArrayOf<32>(Bytes(52))};
  Demand(VerifySignature(statement.miner, kCommitDomain, AsBytes(CommitMessage(statement)),
                         ArrayOf<64>(Bytes(53))),
         "commit-forged", "a commit is not signed by its miner");
  attempt->commit_leaf = index_;
  attempt->commit_hash = Bytes(52);
  int64_t reveal_by = 0;
  if (__builtin_add_overflow(Count(leaf_->time), Count(reveal_window_), &reveal_by)) reveal_by = INT64_MAX;
  attempt->reveal_by = Micros{reveal_by};
}

void MarketAudit::OnReveal() {
  Attempt* attempt = Own();
  Job* job = attempt == nullptr ? nullptr : FindJob(attempt->job);
  if (job == nullptr) return;
  Demand(attempt->commit_leaf && !attempt->revealed && !attempt->decided, "reveal-without-commit",
         "a reveal without a commit that waits for it: the commit is missing, or came later");
  Demand(!IsPast(attempt->reveal_by) || !attempt->commit_leaf, "reveal-too-late",
         "a reveal was taken after its window");
  const Digest opened =
      CommitHash({name_, ArrayOf<16>(attempt->job), ArrayOf<16>(Bytes(50)), ArrayOf<32>(attempt->miner),
                  ArrayOf<32>(Bytes(54)), ArrayOf<32>(Bytes(55))});
  Demand(!attempt->commit_leaf || AsChars(opened) == attempt->commit_hash, "reveal-does-not-open",
         "a reveal does not open its commit");
  attempt->revealed = true;
  TakeProof(*attempt, *job);
}

// A proof that is there is the one that was revealed. Whether one that is not was to be deleted, the end
// tells.
void MarketAudit::TakeProof(Attempt& attempt, const Job& job) {
  attempt.withheld = !*proof_;
  if (attempt.withheld) return;
  const Digest hash = ProofHash(**proof_, job.inputs);
  if (Demand(AsChars(hash) == Bytes(54), "proof-swapped",
             "the proof beside a leaf is not the one it names")) {
    attempt.proof = *proof_;
  }
}

void MarketAudit::OnRelease() {
  Attempt* attempt = Own();
  if (attempt == nullptr) return;
  Demand(!attempt->commit_leaf, "released-after-commit", "an attempt was given back after its commit");
  attempt->decided = true;
  if (Bytes(56) == std::string(1, static_cast<char>(kReasonUnprovable))) {
    jobs_.at(attempt->job).reporters.push_back(attempt->miner);
  }
}

void MarketAudit::NoteVerifier(const std::string& job) {
  const uint32_t version = Integer32(59, 0);
  if (!Demand(version > 0, "verifier-unnamed", "a verdict does not say which verifier decided")) return;
  if (options_.job.empty() || options_.job == Hex(job)) ++verdicts_by_version_[version];
}

void MarketAudit::OnVerdict() {
  Attempt* attempt = FindAttempt(Bytes(50));
  Job* job = attempt == nullptr ? nullptr : FindJob(attempt->job);
  if (job == nullptr) return;
  const bool waits = attempt->revealed && !attempt->valid && !attempt->decided;
  if (!Demand(waits, "verdict-without-reveal", "a verdict on what waits for none")) return;
  NoteVerifier(attempt->job);
  const bool valid = Bytes(57) == std::string(1, '\1');
  const auto circuit = circuits_.find(job->circuit);
  if (WantsVerdict(attempt->job) && !attempt->proof) ++not_judged_;
  if (WantsVerdict(attempt->job) && attempt->proof && circuit != circuits_.end()) {
    const std::optional<bool> right =
        options_.judge->IsRight(circuit->second.key_json, job->inputs, *attempt->proof);
    if (right) ++judged_;
    Demand(!right || *right == valid, "verdict-wrong",
           valid ? "a wrong proof was called valid" : "a right proof was called invalid");
  }
  attempt->proof.reset();
  attempt->valid = valid;
  attempt->decided = true;
  if (!valid || job->first_valid) return;
  job->first_valid = index_;
  const bool delivered =
      std::any_of(job_records_.begin(), job_records_.end(),
                  [this](const JobRecord& record) { return record.delivered_attempt == Bytes(50); });
  Demand(delivered || job->settled, "not-delivered", "the first valid proof was not delivered at once");
}

void MarketAudit::AttemptChanged(const AttemptRecord& record) {
  Attempt* attempt = FindAttempt(record.attempt);
  if (attempt == nullptr) return;
  Demand(record.miner == attempt->miner && record.job == attempt->job, "attempt-changed-hands",
         "an attempt has another miner or job");
  if (record.state == kAttemptTimedOut && attempt->commit_leaf) {
    Demand(!attempt->revealed && IsPast(attempt->reveal_by), "commit-dropped-early",
           "a commit was dropped before its reveal window had passed");
    attempt->decided = true;
  }
  Demand(record.state != kAttemptInvalid || attempt->valid == false, "called-invalid",
         "an attempt was called invalid without a verdict");
  Demand((record.state != kAttemptValid && record.state != kAttemptWon) || attempt->valid == true,
         "called-valid", "an attempt was called valid without a verdict");
}

void MarketAudit::JobChanged(const JobRecord& record) {
  Job* job = FindJob(record.job);
  if (job == nullptr) return;
  Demand(record.deadline == job->deadline, "deadline-moved", "a deadline moved");
  if (!IsZeros(record.delivered_attempt)) {
    const auto delivered = attempts_.find(record.delivered_attempt);
    Demand(delivered != attempts_.end() && delivered->second.valid == true, "delivered-without-verdict",
           "a proof was delivered without a verdict");
  }
  if (record.state < kJobWon) return;
  Demand(!job->settled, "ended-twice", "a job ended twice");
  Demand(job->escrow == 0, "escrow-kept", "a job ended with money in escrow");
  if (record.state != kJobWon) {
    Demand(job->refunded, "not-refunded", "a job ended without its refund");
    Demand(!job->first_valid, "not-paid", "a job with a valid proof ended without a winner");
  } else {
    Demand(job->rewarded && record.winning_attempt == job->winner, "won-by-another",
           "another attempt was called the winner than was paid");
  }
  job->settled = true;
}

// A minute after it should have ended nothing is left to wait for but verdicts on what was revealed.
bool MarketAudit::IsOverdue(const Job& job) const {
  const Micros slack = Seconds(60);
  if (job.settled || job.first_valid || time_ < std::max(job.deadline, no_expiry_before_) + slack)
    return false;
  return std::none_of(job.attempts.begin(), job.attempts.end(), [&](const std::string& id) {
    const Attempt& attempt = attempts_.at(id);
    const bool open = attempt.commit_leaf && !attempt.decided;
    return open && (attempt.revealed || time_ < std::max(attempt.reveal_by, no_expiry_before_) + slack);
  });
}

void MarketAudit::Finish(AuditReport& report) {
  about_.clear();
  uint64_t held = 0;
  for (const auto& [account, balance] : balances_) held += account == kOutside ? 0 : balance;
  Demand(held == balances_[kOutside], "money-made-or-lost", "accounts hold another sum than was paid in");
  for (auto& [id, job] : jobs_) {
    const bool asked = options_.job.empty() || options_.job == Hex(id);
    if (!asked) continue;
    about_ = id;
    ++report.jobs;
    if (!job.settled) ++report.unfinished;
    for (const std::string& name : job.attempts) report.commits += attempts_.at(name).commit_leaf ? 1 : 0;
    std::string winner;
    bool undecided = false;
    const bool due = Earliest(job, &winner, &undecided) != nullptr && !undecided;
    Demand(job.settled || !due, "not-paid", "its earliest valid commit is decided, and was not paid");
    Demand(!IsOverdue(job), "overdue", "its time is long over, and neither was it paid nor refunded");
    // Or else a verdict could be kept from whoever would judge it again.
    const bool withheld = std::any_of(job.attempts.begin(), job.attempts.end(),
                                      [this](const auto& name) { return attempts_.at(name).withheld; });
    Demand(!withheld || (may_delete_proofs_ && job.settled), "proof-withheld",
           "a proof is not shown, and was not to be deleted");
  }
  report.paid = paid_;
  report.refunded = refunded_;
  report.verdicts_judged = judged_;
  report.verdicts_not_judged = not_judged_;
  report.verdicts_by_version = verdicts_by_version_;
}

bool MarketAudit::KnowsJob(const std::string& hex) const {
  const std::optional<std::string> id = HexDecode(hex);
  return id && jobs_.contains(*id);
}

std::string MarketAudit::JobOf(const std::string& attempt) const {
  const auto it = attempts_.find(attempt);
  return it == attempts_.end() ? std::string() : Hex(it->second.job);
}

}  // namespace prooflode::transparency
