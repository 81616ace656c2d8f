// What can be asked of the market and what follows from it. A command is stored in the log as it was applied,
// with the time and randomness it was stamped with, so that replaying the log gives the same state.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/key_handover.h"
#include "coordinator/ledger/ledger.h"
#include "coordinator/market/types.h"

namespace prooflode::market {

// Who asked, and the key under which a repeat gets the first answer. 16 to 64 bytes; empty for the
// coordinator's own commands.
struct Origin {
  Identity identity{};
  std::string request_id;
};

struct RegisterCircuit {
  Circuit circuit;  // as derived by the verifier from the checked files; registered_at is set by Apply
};
struct PostJob {
  CircuitId circuit{};
  Digest witness_digest{};
  uint64_t witness_bytes = 0;
  std::string public_inputs;  // as read from the witness by the coordinator
  Digest statement{};
  Amount reward{};
  Micros time_limit{};
  Policy policy;
  bool again = false;
  std::string draw_nonce;  // drawn by the requester, at most kDrawNonceMax bytes: part of the draws' seed
  Digest previous_root{};  // of the log before this command's leaf, stamped by the engine: likewise
};
struct CancelJob {
  JobId job{};
};
inline constexpr size_t kDrawNonceMax = 32;
struct AcceptOffer {
  JobId job{};
  Micros predicted{};  // to a proof, by the miner's own reckoning; 0: unknown
  Residency residency = Residency::kUnknown;
  uint32_t slots = 0;  // attempts that the miner can work on at once; 0: as many as the rules allow
};
// Takes an AcceptOffer back before its draw.
struct WithdrawCandidacy {
  JobId job{};
};
// The coordinator's own: nothing was heard of the holder of a place for Rules::silence_limit.
struct HolderSilent {
  AttemptId attempt{};
};
// What opens a commit.
struct Opening {
  std::string proof;  // kept beside the log: a command that is read from it has none
  Digest nonce{};
  // Computed by the engine (transparency/signing.h): of proof and public inputs, and what it opens with the
  // nonce.
  Digest proof_hash{};
  Digest commit_hash{};
};
struct CommitProof {
  AttemptId attempt{};
  uint64_t fence = 0;
  Digest commit_hash{};
  Signature signature{};  // checked before the command is queued; kept for auditors
  // Revealed with the commit, by who has no rival to hide it from: the holder of a lease.
  std::optional<Opening> opening{};
};
struct RevealProof {
  AttemptId attempt{};
  uint64_t fence = 0;
  Opening opening;
};
struct ReleaseAttempt {
  AttemptId attempt{};
  uint64_t fence = 0;
  Reason reason = Reason::kReleasedByMiner;
};
// The verifier's word on a revealed proof.
struct RecordVerdict {
  AttemptId attempt{};
  bool valid = false;
  uint32_t verifier_version = 0;  // of the code that decided
};
struct Deposit {
  Identity owner{};
  Amount amount{};
  std::string external_reference;
};
struct Withdraw {
  Amount amount{};
  std::string external_reference;
};
// The operator's word that a withdrawal was paid outside, or will not be. Who sends these is checked to be an
// operator before they are queued.
struct PayWithdrawal {
  WithdrawalId withdrawal = 0;
  std::string external_reference;
};
struct RejectWithdrawal {
  WithdrawalId withdrawal = 0;
  std::string note;
};
// By its owner.
struct CancelWithdrawal {
  WithdrawalId withdrawal = 0;
};
// An operator's kill switch, on or off again.
struct SetSuspension {
  SuspensionSubject subject;
  bool active = false;
  std::string note;
};
// Lets time pass: deadlines, leases and reveal windows are acted upon. Logged only when something came of it.
struct Tick {};
// The coordinator started, the first time or again. Nothing expires before `no_expiry_before`, so that
// everybody can reconnect; `rules` hold from now on, and `key` signs. Another key than at the start before
// needs the handover to it, of the log as it was before this leaf.
struct Restart {
  Micros no_expiry_before{};
  Rules rules;
  PublicKey key{};
  std::optional<KeyHandover> handover;
  Micros proofs_kept_from{};  // proofs of jobs that ended before may have been deleted by now
};

using Command =
    std::variant<RegisterCircuit, PostJob, CancelJob, AcceptOffer, CommitProof, RevealProof, ReleaseAttempt,
                 RecordVerdict, Deposit, Withdraw, Tick, Restart, PayWithdrawal, RejectWithdrawal,
                 CancelWithdrawal, SetSuspension, WithdrawCandidacy, HolderSilent>;

// A command with everything that makes Apply deterministic.
struct Stamped {
  Micros now{};              // never less than the previous command's
  LeafIndex leaf_index = 0;  // what this command's leaf will be
  Digest entropy{};          // drawn by the engine; ids come from it
  Origin origin;
  Command command;
};

// Answers to callers. A refusal has no effect and makes no leaf.
enum class RefusalCode : uint8_t {
  kInvalidArgument,
  kNotFound,
  kAlreadyExists,
  kFailedPrecondition,
  kPermissionDenied,
  kResourceExhausted
};
struct Refusal {
  RefusalCode code = RefusalCode::kInvalidArgument;
  Reason reason = Reason::kUnspecified;
  std::string message;  // names the field, what came, what was wanted
};
struct CircuitAnswer {
  Circuit circuit;
};
struct JobAnswer {
  Job job;
  bool already_proven = false;  // of PostJob: no job was posted, this one had proven the statement
};
struct AttemptAnswer {
  Attempt attempt;
  Job job;
};
// Of AcceptOffer where there is a draw: whether it got a place comes later, as an effect.
struct CandidacyAnswer {
  Candidacy candidacy;
  Job job;
};
struct CommitAnswer {
  LeafIndex leaf_index = 0;
  Micros reveal_by{};
};
struct RevealAnswer {
  LeafIndex leaf_index = 0;
};
struct TransferAnswer {
  ledger::Transfer transfer;
};
struct Done {};
struct WithdrawalAnswer {
  Withdrawal withdrawal;
};
struct SuspensionAnswer {
  Suspension suspension;
  uint64_t refunded_jobs = 0;
};
using Answer = std::variant<Refusal, CircuitAnswer, JobAnswer, AttemptAnswer, CommitAnswer, RevealAnswer,
                            TransferAnswer, Done, WithdrawalAnswer, SuspensionAnswer, CandidacyAnswer>;

// What the world must be told, once the command is durable.
struct JobOpened {
  JobId job{};
};  // offer it (again)
struct JobChanged {
  JobId job{};
};  // watchers
struct RaceFull {
  JobId job{};
};  // withdraw outstanding offers
struct JobOver {
  JobId job{};
};  // delivered or final: withdraw outstanding offers
struct AttemptEnded {
  AttemptId attempt{};
};  // tell its miner to stop, and how it ended
struct Drawn {
  JobId job{};
  uint32_t candidates = 0;
  uint64_t tickets = 0;  // of all together
};                       // a draw was held: for those who reckon chances
struct Admitted {
  AttemptId attempt{};
};  // by a draw: tell its miner
struct NotDrawn {
  JobId job{};
  Identity miner{};
  LeafIndex leaf = 0;  // that ended the candidacy
  Reason reason = Reason::kUnspecified;
};  // tell the miner that it has no place
struct NeedsVerdict {
  AttemptId attempt{};
};  // verify this revealed proof
using Effect = std::variant<JobOpened, JobChanged, RaceFull, JobOver, AttemptEnded, NeedsVerdict, Drawn,
                            Admitted, NotDrawn>;

struct Outcome {
  Answer answer;
  std::vector<Effect> effects;
  bool changed = false;  // whether this command makes a leaf: a refusal, a repeat or an idle Tick makes none
};

}  // namespace prooflode::market
