// What goes into and comes out of a miner's session: plain values, no wire format, no threads, no clock.
//
// Times named `now` are the caller's monotonic clock; times named `_at` of jobs are the coordinator's
// calendar, which the session compares through the offset it learns from each Welcome.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/race.h"
#include "base/units.h"

namespace prooflode::miner {

using JobId = std::array<uint8_t, 16>;
using AttemptId = std::array<uint8_t, 16>;
using RequestId = std::array<uint8_t, 16>;
using Nonce = std::array<uint8_t, 32>;
using ProofBytes = std::array<uint8_t, 256>;

// The highest version of circuits (docs/formats) that the worker proves.
inline constexpr uint32_t kCircuitFormatMax = 1;

struct OfferedJob {
  JobId id{};
  Digest circuit{};
  std::string circuit_name;
  bool supported = true;  // a proof system that this miner knows
  bool insecure_setup = false;
  uint64_t domain_size = 0;
  uint64_t work_units =
      0;  // what a proof costs, by the sizes of its key; 0 where the coordinator does not say
  std::string public_inputs;  // 32 bytes big-endian each
  Digest zkey{};
  uint64_t zkey_bytes = 0;
  std::vector<std::string> mirrors;  // URLs where the key may be had, too
  Digest witness{};
  uint64_t witness_bytes = 0;
  Amount reward{};
  Amount collateral{};  // held from the balance while an attempt at it lives
  Micros deadline_at{};
  Micros lease{};       // 0 in a race
  bool hedged = false;  // a lease that may get a second holder
  uint32_t racers = 0;
  bool key_here = false;        // its proving key was on the disk when the offer came
  uint32_t width = 0;           // of the race; 0: everybody, or a lease
  uint32_t rivals = 0;          // to reckon with
  std::vector<Micros> deciles;  // how long the circuit's last proofs took others: base/odds.h
  double place_chance = 1;      // of being admitted, by the coordinator's reckoning
  Micros draw_window{};         // how long candidates are gathered; 0 without a draw
  uint32_t format = 1;          // of the circuit
  Micros told_predicted{};      // by the coordinator, for this miner; 0 where it knows nothing
  double told_chance = 0;       // likewise
};

// What a race is worth to this miner, by what it has learned here: formulas in base/odds.h.
struct Worth {
  Micros predicted{};  // to a proof, files included
  double place = 1;    // chance of being admitted
  double chance = 0;   // of winning, once admitted
  Amount expected{};   // the reward by both
  Amount per_hour{};   // of such work, and of waiting for a place
};

struct AttemptRef {
  AttemptId id{};
  JobId job{};
  uint64_t fence = 0;
  AttemptState state = AttemptState::kUnspecified;
};

// Where the end of an attempt stands among all ends: its event, and by their ids those of the same event.
struct EndPlace {
  uint64_t event = 0;
  AttemptId attempt{};
  friend auto operator<=>(const EndPlace&, const EndPlace&) = default;
};

// A proof whose commit may have been sent: what has to survive a crash so that it can still be revealed.
struct CommitRecord {
  AttemptRef attempt;
  ProofBytes proof{};
  std::string public_inputs{};
  Nonce nonce{};
  RequestId commit_request{};
  std::optional<RequestId> reveal_request{};  // absent: the commit itself shows the proof
};

// How a unary call ended.
enum class CallResult {
  kOk,
  kRetry,    // not answered, or told to try again: the same request may be repeated
  kRefused,  // answered for good
};

namespace event {
// The stream is open and Hello has been sent.
struct Connected {};
// The stream or the attempt to open it has ended.
struct Disconnected {
  bool replaced = false;     // by a newer session of the same key: another miner uses it
  bool stale_login = false;  // the coordinator answered, and knows our login no more
};
// There is a connection to the coordinator again, after there was none.
struct Reachable {};
struct Welcome {
  Micros coordinator_time{};
  Micros heartbeat_interval{};
  std::vector<AttemptRef> live;
  uint64_t as_of_event = 0;          // the newest event that `live` takes into account
  std::vector<JobId> candidacies{};  // jobs whose draw we wait for
};
// `event` is the log leaf's index; 0 for none.
struct Offer {
  uint64_t event = 0;
  OfferedJob job;
};
struct OfferWithdrawn {
  uint64_t event = 0;
  JobId job{};
  Reason reason = Reason::kUnspecified;
};
struct AttemptEnded {
  uint64_t event = 0;
  AttemptRef attempt;
  Reason reason = Reason::kUnspecified;
  Amount paid{};
  // By how much it won or lost, where that is known: over the next valid proof, behind the winner's.
  std::optional<Micros> margin{};
};
struct HeartbeatSeen {};
struct AcceptAnswered {
  RequestId request{};
  JobId job{};
  CallResult result = CallResult::kOk;
  Reason reason = Reason::kUnspecified;
  AttemptRef attempt{};             // with kOk
  std::optional<Micros> draw_at{};  // with kOk: a candidacy until this draw, and no attempt yet
  std::optional<Amount> balance{};  // with kCollateralTooLow, where it could be asked
};
// The draw gave us a place, or none.
struct Admitted {
  uint64_t event = 0;
  AttemptRef attempt;
};
struct NotDrawn {
  uint64_t event = 0;
  JobId job{};
  Reason reason = Reason::kUnspecified;
};
struct ArtifactsReady {
  JobId job{};
  Micros fetch_time{};
  uint64_t fetched_bytes = 0;  // 0 when everything was in the cache
};
struct ArtifactsFailed {
  JobId job{};
  bool job_at_fault = false;  // its files are missing or not what they should be
  std::string message{};
};
struct ProofMade {
  JobId job{};
  ProofBytes proof{};
  Micros duration{};
};
// kUnprovable: the fault is the job's, whose key or witness is no good. kCrashed: the process that proved it
// died or hung.
enum class ProofFailure { kCancelled, kFailed, kUnprovable, kCrashed };
struct ProofFailed {
  JobId job{};
  ProofFailure failure = ProofFailure::kFailed;
  std::string message{};
};
struct CommitAnswered {
  AttemptId attempt{};
  CallResult result = CallResult::kOk;
  bool receipt_valid = true;  // with kOk: signature, inclusion and content of the receipt were checked
  std::string message{};
};
struct RevealAnswered {
  AttemptId attempt{};
  CallResult result = CallResult::kOk;
  std::string message{};
};
struct ReleaseAnswered {
  AttemptId attempt{};
  CallResult result = CallResult::kOk;
};
// What the files of one job may take on the disk from now on; 0: the disk is full.
struct FilesRoom {
  uint64_t bytes = 0;
};
// Whether so little memory is left that no proof should begin.
struct MemoryLow {
  bool low = false;
};
// The coordinator stops at that time of its calendar: nothing more is offered, and no offer can be accepted.
struct CoordinatorStops {
  Micros stops_at{};
};
// Take no more work, finish what is under way, then stop.
struct Drain {};
struct Tick {};
}  // namespace event

using Event =
    std::variant<event::Connected, event::Disconnected, event::Reachable, event::Welcome, event::Offer,
                 event::OfferWithdrawn, event::AttemptEnded, event::Admitted, event::NotDrawn,
                 event::HeartbeatSeen, event::AcceptAnswered, event::ArtifactsReady, event::ArtifactsFailed,
                 event::ProofMade, event::ProofFailed, event::CommitAnswered, event::RevealAnswered,
                 event::ReleaseAnswered, event::FilesRoom, event::MemoryLow, event::CoordinatorStops,
                 event::Drain, event::Tick>;

// Why no work at all is taken for the time being.
enum class StopReason { kFailures, kDisk, kMemory };
// "failures", "disk", "memory"
const char* StopReasonText(StopReason reason);

namespace action {
// Open a stream; Hello carries the last end that was handled, where any is remembered.
struct Connect {
  std::optional<EndPlace> resume_after;
};
// Keep for later runs, durably: ends up to it have been handled.
struct KeepPlace {
  EndPlace place;
};
// Close the stream; a Disconnected follows.
struct Disconnect {
  std::string why;
};
struct SendCredit {
  uint32_t offers = 0;
};
struct SendHeartbeat {};
struct SendDrain {};
// An offer that is not taken.
struct Decline {
  JobId job{};
  Reason reason = Reason::kUnspecified;
};
// Keep `job` first, in a form that survives a crash: of the attempts that Welcome lists only those at kept
// jobs are ours to release.
struct Accept {
  RequestId request{};
  JobId job{};
  Digest circuit{};     // what will be proven, for the coordinator to check
  uint32_t format = 1;  // of the circuit
  Micros predicted{};   // to a proof
  bool key_here = false;
};
// We want no place any more. Its answer does not matter: a place that comes all the same is given back.
struct WithdrawCandidacy {
  RequestId request{};
  JobId job{};
};
// The job that was kept for an Accept needs to be known no more.
struct ForgetJob {
  JobId job{};
};
struct Fetch {
  OfferedJob job;
};
struct CancelFetch {
  JobId job{};
};
// Exactly one ProofMade or ProofFailed must follow.
struct Prove {
  OfferedJob job;
  size_t device = 0;
  Micros limit{};       // a worker that takes longer hangs
  Micros load_limit{};  // of it, for loading the key, which cannot be interrupted
};
struct CancelProving {
  JobId job{};
  size_t device = 0;
};
// Keep `record` durably first, then send.
struct Commit {
  CommitRecord record;
};
struct Reveal {
  CommitRecord record;
};
struct Release {
  RequestId request{};
  AttemptRef attempt;
  Reason reason = Reason::kReleasedByMiner;
};
// The attempt is over: delete its record and its witness.
struct Forget {
  AttemptId attempt{};
  bool committed = false;
  std::optional<Digest> witness{};
};
// Drained: the process may end.
struct Finished {};

// Reports for people and metrics; nothing needs to be done.
struct ReportNewJob {
  OfferedJob job;
  Worth worth;
};
struct ReportSkipped {
  OfferedJob job;
  Reason reason = Reason::kUnspecified;
};
struct ReportRefused {
  OfferedJob job;
  Reason reason = Reason::kUnspecified;
  std::optional<Amount> balance{};  // with kCollateralTooLow, where it is known
};
struct ReportFailed {
  JobId job{};
  std::string what;
  bool job_at_fault = false;  // its files; not the device, nor the way to the coordinator
};
struct ReportEnded {
  JobId job{};
  AttemptId attempt{};
  AttemptState state = AttemptState::kUnspecified;  // kUnspecified: ended while we were away
  Reason reason = Reason::kUnspecified;
  Amount paid{};
  std::optional<Micros> margin{};  // by how much it won or lost
  bool committed = false;
  Micros spent{};      // since it was admitted
  Micros predicted{};  // as it was then; 0 where it is not known
};
// Jobs of the circuit ended the worker so often that none is taken for a while.
struct ReportAside {
  std::string circuit_name;
  Micros pause{};
};
struct ReportCoordinatorStops {
  Micros left{};
};
// No work is taken from now on, or not for this reason any more.
struct ReportBreaker {
  StopReason reason = StopReason::kFailures;
  bool open = false;
  Micros pause{};  // of kFailures; the others last as long as their cause
};
}  // namespace action

using Action =
    std::variant<action::Connect, action::KeepPlace, action::Disconnect, action::SendCredit,
                 action::SendHeartbeat, action::SendDrain, action::Decline, action::Accept,
                 action::WithdrawCandidacy, action::ForgetJob, action::Fetch, action::CancelFetch,
                 action::Prove, action::CancelProving, action::Commit, action::Reveal, action::Release,
                 action::Forget, action::Finished, action::ReportNewJob, action::ReportSkipped,
                 action::ReportRefused, action::ReportFailed, action::ReportEnded, action::ReportAside,
                 action::ReportCoordinatorStops, action::ReportBreaker>;

}  // namespace prooflode::miner
