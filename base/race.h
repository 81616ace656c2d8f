// The words of a race that both sides of a market speak: what became of an attempt and why. The numbers are
// those of prooflode.v1 (proto/prooflode/v1/types.proto) and of stored formats.
#pragma once

#include <cstdint>
#include <vector>

namespace prooflode {

// The state of an attempt as the coordinator sees it.
enum class AttemptState : uint8_t {
  kUnspecified = 0,  // never the coordinator's
  kAdmitted = 1,
  kCommitted = 2,
  kRevealed = 3,
  kValid = 4,
  kWon = 5,
  kLost = 6,
  kInvalid = 7,
  kReleased = 8,
  kTimedOut = 9,
  kJobEnded = 10,
};

// Why something was refused, lost or ended.
enum class Reason : uint8_t {
  kUnspecified = 0,
  kRaceFull = 1,
  kJobClosed = 2,
  kAlreadyAdmitted = 3,  // as often as the rules allow
  kWonByAnother = 4,
  kProofInvalid = 5,
  kCommitMismatch = 6,
  kRevealWindowPassed = 7,
  kLeaseExpired = 8,  // the attempt's own time is over
  kDeadlinePassed = 9,
  kCancelledByRequester = 10,
  kReleasedByMiner = 11,
  kStaleFence = 12,
  kDraining = 13,
  kUnprovable = 14,        // witness and circuit do not match: nobody can prove this job
  kCollateralTooLow = 15,  // the miner's balance does not cover what an admission holds
  kSuspended = 16,         // by an operator: the proof system or the circuit
  kNotDrawn = 17,          // others got the places
  kTooSlow = 18,           // the time predicted for the miner does not fit the deadline or the lease
  // Why a miner did not take an offer.
  kRewardTooLow = 32,
  kExpectedValueTooLow = 33,  // reward by the chance of winning it, for an hour of such work
  kMemory = 34,
  kDisk = 35,
  kUnsupported = 36,   // a proof system or a format that it does not know
  kFailedBefore = 37,  // it could not prove this job
  kCircuitAside = 38,  // jobs of the circuit have failed here again and again
  kVersion = 39,       // of the protocol, or of the circuit
};

// In words, for people; and as the protocol has it, in lower case and without its prefix, for labels and
// JSON.
const char* ReasonText(Reason reason);
const char* ReasonName(Reason reason);
std::vector<Reason> AllReasons();

}  // namespace prooflode
