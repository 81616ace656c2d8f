// The circuit breaker: when this machine is at fault, its disk full or its memory gone, no work is taken, and
// what has not begun is given back while that is cheap. A miner with collateral would lose it otherwise.
#include <utility>

#include "miner/session/session.h"

namespace prooflode::miner {

const char* StopReasonText(StopReason reason) {
  switch (reason) {
    case StopReason::kFailures:
      return "failures";
    case StopReason::kDisk:
      return "disk";
    case StopReason::kMemory:
      return "memory";
  }
  return "unknown";
}

void Session::On(const event::FilesRoom& room) {
  files_room_ = room.bytes;
  if (room.bytes == 0) {
    StopFor(StopReason::kDisk);
  } else {
    GoOn(StopReason::kDisk);
  }
}

void Session::On(const event::MemoryLow& memory) {
  if (memory.low) {
    StopFor(StopReason::kMemory);
  } else {
    GoOn(StopReason::kMemory);
  }
}

void Session::OpenBreakerIfAtFault() {
  if (stopped_for_.contains(StopReason::kFailures) || !blame_.DeviceAtFault()) return;
  breaker_until_ = now_ + options_.breaker_pause;
  StopFor(StopReason::kFailures, options_.breaker_pause);
}

void Session::TickBreaker() {
  if (!stopped_for_.contains(StopReason::kFailures) || now_ < breaker_until_) return;
  blame_.HalfForgive();  // one more failure opens it again
  GoOn(StopReason::kFailures);
}

void Session::StopFor(StopReason reason, Micros pause) {
  if (!stopped_for_.insert(reason).second) return;
  out_.push_back(action::ReportBreaker{.reason = reason, .open = true, .pause = pause});
  // What is being proven has all that it needs.
  for (auto& [id, race] : races_) {
    if (race.phase == Phase::kFetching) Release(race, Reason::kReleasedByMiner);
  }
}

void Session::GoOn(StopReason reason) {
  if (stopped_for_.erase(reason) == 0) return;
  out_.push_back(action::ReportBreaker{.reason = reason, .open = false});
  if (!paused()) ReturnCredit(std::exchange(owed_credit_, 0));
}

// Whether proving alone, begun now, would end after the attempt's time.
bool Session::CannotBeMet(const Race& race) const {
  const Micros done = now_ + predictor_.ProveTime(race.job);
  const bool dated = Count(race.job.deadline_at) > 0;
  if (dated && done > LocalTime(race.job.deadline_at)) return true;
  return !race.expired && Count(race.job.lease) > 0 && done > race.since + race.job.lease;
}

}  // namespace prooflode::miner
