#include "base/race.h"

#include <algorithm>
#include <iterator>

namespace prooflode {
namespace {

struct Words {
  Reason reason;
  const char* name;
  const char* text;
};

constexpr Words kWords[] = {
    {Reason::kUnspecified, "unspecified", "no reason given"},
    {Reason::kRaceFull, "race_full", "race full"},
    {Reason::kJobClosed, "job_closed", "job closed"},
    {Reason::kAlreadyAdmitted, "already_admitted", "already admitted"},
    {Reason::kWonByAnother, "won_by_another", "won by another"},
    {Reason::kProofInvalid, "proof_invalid", "proof invalid"},
    {Reason::kCommitMismatch, "commit_mismatch", "reveal does not open the commit"},
    {Reason::kRevealWindowPassed, "reveal_window_passed", "reveal window passed"},
    {Reason::kLeaseExpired, "lease_expired", "lease expired"},
    {Reason::kDeadlinePassed, "deadline_passed", "deadline passed"},
    {Reason::kCancelledByRequester, "cancelled_by_requester", "cancelled by the requester"},
    {Reason::kReleasedByMiner, "released_by_miner", "released by the miner"},
    {Reason::kStaleFence, "stale_fence", "stale fence"},
    {Reason::kDraining, "draining", "draining"},
    {Reason::kUnprovable, "unprovable", "reported as unprovable"},
    {Reason::kCollateralTooLow, "collateral_too_low", "the balance does not cover the collateral"},
    {Reason::kSuspended, "suspended", "suspended by an operator"},
    {Reason::kNotDrawn, "not_drawn", "not drawn"},
    {Reason::kTooSlow, "too_slow", "would take too long here"},
    {Reason::kRewardTooLow, "reward_too_low", "reward too low"},
    {Reason::kExpectedValueTooLow, "expected_value_too_low", "expected value too low"},
    {Reason::kMemory, "memory", "does not fit in memory"},
    {Reason::kDisk, "disk", "does not fit on the disk"},
    {Reason::kUnsupported, "unsupported", "proof system or format not supported"},
    {Reason::kFailedBefore, "failed_before", "failed here before"},
    {Reason::kCircuitAside, "circuit_aside", "circuit put aside after failures"},
    {Reason::kVersion, "version", "another version of the protocol or of the circuit"},
};

const Words& WordsOf(Reason reason) {
  const auto* const found =
      std::find_if(std::begin(kWords), std::end(kWords), [&](const Words& w) { return w.reason == reason; });
  return found == std::end(kWords) ? kWords[0] : *found;
}

}  // namespace

const char* ReasonText(Reason reason) { return WordsOf(reason).text; }
const char* ReasonName(Reason reason) { return WordsOf(reason).name; }

std::vector<Reason> AllReasons() {
  std::vector<Reason> all;
  for (const Words& words : kWords) all.push_back(words.reason);
  return all;
}

}  // namespace prooflode
