// The nouns of the market: what it remembers about circuits, jobs and attempts. Plain values; the same fields
// are rows of the store. No protobuf, SQL, threads or clock.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/race.h"
#include "base/units.h"

namespace prooflode::market {

using Identity = PublicKey;  // Ed25519

template <typename Tag>
struct Id {
  std::array<uint8_t, 16> bytes{};
  friend auto operator<=>(const Id&, const Id&) = default;
};
using JobId = Id<struct JobTag>;
using AttemptId = Id<struct AttemptTag>;
using WithdrawalId = uint64_t;  // index of the leaf that asked for it
using CircuitId = Digest;       // of verifying key and files: docs/formats/statement.md
using LeafIndex = uint64_t;

enum class ProofSystem : uint8_t { kGroth16Bn254 = 1 };

struct RacePolicy {
  uint32_t width = 0;  // 0: everybody
  friend bool operator==(const RacePolicy&, const RacePolicy&) = default;
};
struct LeasePolicy {
  Micros lease{};       // the longest that a miner may hold the job without a commit
  bool hedged = false;  // a second miner is admitted when the first is late
  friend bool operator==(const LeasePolicy&, const LeasePolicy&) = default;
};

// One of the two; `lease` set means a lease.
struct Policy {
  RacePolicy race;
  std::optional<LeasePolicy> lease;
  friend bool operator==(const Policy&, const Policy&) = default;
};

// How many miners may have a live attempt at once; 0: everybody. A hedged lease has one place more while its
// holder is late.
inline uint32_t Width(const Policy& policy) { return policy.lease ? 1 : policy.race.width; }

// Where a miner says it has a circuit's proving key. Values of prooflode.v1.Residency.
enum class Residency : uint8_t { kUnknown = 0, kNone = 1, kDisk = 2, kMemory = 3 };

struct Circuit {
  CircuitId id{};
  std::string name;
  ProofSystem proof_system = ProofSystem::kGroth16Bn254;
  Digest zkey_digest{};
  uint64_t zkey_bytes = 0;
  std::optional<Digest> r1cs_digest;
  uint64_t r1cs_bytes = 0;
  uint64_t domain_size = 0;
  uint64_t variable_count = 0;
  uint32_t public_input_count = 0;
  Identity owner{};
  Micros registered_at{};
  bool insecure_setup = false;
  std::string verification_key_json;
  Digest verifying_key_digest{};     // statements and prepared keys go by it; several circuits may share one
  uint32_t security_bits = 0;        // of work to forge a proof; 0 for an insecure setup
  uint32_t setup_contributions = 0;  // to the setup's second phase, as the zkey tells
  uint64_t work_units = 0;           // what a proof costs
  std::string mirrors;               // where else the zkey is to be had: URLs, each ended by a line feed
  friend bool operator==(const Circuit&, const Circuit&) = default;
};

// Enumerators have the values of prooflode.v1 (proto/prooflode/v1/types.proto).
enum class JobState : uint8_t {
  kOpen = 1,
  kClosing = 2,
  kDelivered = 3,
  kWon = 4,
  kExpired = 5,
  kCancelled = 6,
  kUnprovable = 7,
  kSuspended = 8,
};
constexpr bool IsFinal(JobState s) { return s >= JobState::kWon; }

struct Job {
  JobId id{};
  CircuitId circuit{};
  Identity requester{};
  JobState state = JobState::kOpen;
  Amount reward{};  // paid to the winner; `fee` is on top and goes to the operator
  Amount fee{};
  Policy policy;
  Micros posted_at{};
  Micros deadline_at{};
  Digest witness_digest{};
  uint64_t witness_bytes = 0;
  Digest statement{};
  std::string public_inputs;  // 32 bytes big-endian each
  uint32_t racer_count = 0;   // attempts ever admitted
  uint32_t commit_count = 0;
  std::optional<AttemptId> delivered_attempt;  // the first with a valid verdict
  std::optional<AttemptId> winning_attempt;
  std::optional<Identity> winner;
  Micros delivered_at{};
  Micros settled_at{};
  std::optional<Micros> margin;  // once won: the first valid commit behind, if one was known then
  LeafIndex revision = 0;
  Amount collateral{};      // held from each miner that is admitted
  Amount bounty{};          // forfeited collateral in escrow, for whoever completes the job
  Digest draw_seed{};       // of the draws for its places (draw.h)
  uint32_t draw_count = 0;  // draws held
  Micros draw_at{};         // while open: when the candidates at hand are drawn from; 0 without any
  friend bool operator==(const Job&, const Job&) = default;
};

using prooflode::AttemptState;
using prooflode::Reason;

// Still counts: may commit, reveal, or be decided.
constexpr bool IsLive(AttemptState s) {
  return s == AttemptState::kAdmitted || s == AttemptState::kCommitted || s == AttemptState::kRevealed ||
         s == AttemptState::kValid;
}

// Has committed, and no verdict is there yet.
constexpr bool IsUnjudged(AttemptState s) {
  return s == AttemptState::kCommitted || s == AttemptState::kRevealed;
}

struct Attempt {
  AttemptId id{};
  JobId job{};
  Identity miner{};
  AttemptState state = AttemptState::kAdmitted;
  uint64_t fence = 0;
  Micros admitted_at{};
  Micros expires_at{};  // end of its own time: lease, or place in a race of some width; 0 where it has none
  Digest commit_hash{};
  LeafIndex commit_leaf = 0;
  Micros committed_at{};
  Micros reveal_by{};
  LeafIndex proof_leaf = 0;  // once revealed: the leaf that has the proof's hash, with the proof beside it
  Reason reason = Reason::kUnspecified;
  Micros behind_winner{};
  LeafIndex changed_by = 0;  // the leaf that made this state
  Amount collateral{};       // held now: while the attempt is live
  Amount forfeited{};        // of its collateral, so far
  Micros predicted{};        // to a proof, as its miner said when it asked; 0 where it did not
  Residency residency = Residency::kUnknown;  // likewise
  Micros late_at{};                           // of a hedged lease: when its holder is late; 0 where never
  bool late = false;                          // that time has passed without a commit
  friend bool operator==(const Attempt&, const Attempt&) = default;
};

// Enumerators have the values of prooflode.v1 (proto/prooflode/v1/account_service.proto).
enum class WithdrawalState : uint8_t { kRequested = 1, kPaid = 2, kRejected = 3, kCancelled = 4 };

struct Withdrawal {
  WithdrawalId id = 0;
  Identity owner{};
  WithdrawalState state = WithdrawalState::kRequested;
  Amount amount{};
  std::string reference;  // the owner's; counts once
  Micros requested_at{};
  Micros ended_at{};
  std::string payment;  // the operator's reference of the payment outside; counts once in the market
  std::string note;     // why it was rejected
  friend bool operator==(const Withdrawal&, const Withdrawal&) = default;
};

// What an operator may suspend: a proof system, or one circuit of it.
struct SuspensionSubject {
  ProofSystem proof_system = ProofSystem::kGroth16Bn254;
  CircuitId circuit{};  // zeros: all circuits
  friend auto operator<=>(const SuspensionSubject&, const SuspensionSubject&) = default;
};

struct Suspension {
  SuspensionSubject subject;
  bool active = false;
  Micros since{};  // of being active, or not any more
  std::string note;
  friend bool operator==(const Suspension&, const Suspension&) = default;
};

// A miner that has asked for a place and waits for the draw.
struct Candidacy {
  JobId job{};
  Identity miner{};
  LeafIndex leaf = 0;  // that it entered with
  Micros entered_at{};
  Micros predicted{};
  Residency residency = Residency::kUnknown;
  friend bool operator==(const Candidacy&, const Candidacy&) = default;
};

// What a miner's past means for its next admission.
struct Standing {
  Identity miner{};
  uint32_t draws_lost = 0;   // since it was last admitted by a draw; at most kAgeingMax
  uint32_t places_lost = 0;  // that expired or ended in an invalid proof, less those with a commit since
  friend bool operator==(const Standing&, const Standing&) = default;
};

// One draw as it was held, for the log: candidates in the order of their best tickets.
struct DrawRecord {
  struct Entry {
    Identity miner{};
    uint32_t tickets = 0;
    bool admitted = false;
  };
  JobId job{};
  uint32_t number = 0;  // of the job's draws, from 0
  uint32_t places = 0;  // that were free
  std::vector<Entry> entries;
};

// What an operator may set of how the market works. In the log with every start of the coordinator, so that a
// replay needs nothing else.
struct Rules {
  std::string market = "prooflode";
  Micros reveal_window = Seconds(1);
  Micros lease_default = Seconds(60);
  Micros race_place =
      Seconds(60);  // how long an attempt without a commit holds a place in a race of some width
  Micros time_limit_min = Seconds(1);
  Micros time_limit_max = Seconds(7 * 24 * 3600);
  uint32_t open_jobs_per_requester_max = 1000;
  uint32_t live_attempts_per_miner_max = 64;
  uint32_t admissions_per_miner_and_job_max = 8;
  uint32_t fee_per_million = 0;  // of the reward, on top of it, to the operator
  // Of the reward, held from every admitted miner (stake.cc).
  uint32_t collateral_per_million = 0;
  // How long after its admission a miner may give an attempt back for nothing, and what it costs at the end
  // of its time, in millionths of the collateral; it grows in between.
  Micros release_grace = Seconds(5);
  uint32_t release_fee_per_million = 500'000;
  // How many miners must report a job before it ends as unprovable, and what of the reward they share
  // (unprovable.cc).
  uint32_t unprovable_reports = 2;
  uint32_t check_fee_per_million = 10'000;
  // How long candidates for a place are gathered before the draw; 0 admits whoever asks first.
  Micros draw_window{};
  uint32_t race_width_default = 3;  // of a race whose requester names no width
  uint32_t late_percent = 130;      // of its predicted time: when the holder of a hedged lease is late
  // How long a miner that holds a place and has not committed may be unheard of before it loses it.
  Micros silence_limit = Seconds(12);
  // How long after its job's end a proof is kept, and a statement counts as proven by it; 0 for ever.
  Micros proof_retention{};
  friend bool operator==(const Rules&, const Rules&) = default;
};

}  // namespace prooflode::market
