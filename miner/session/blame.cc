#include "miner/session/blame.h"

#include <algorithm>

namespace prooflode::miner {
namespace {

constexpr size_t kRememberedMax = 1024;

}  // namespace

void Blame::ProofMade(const Digest& circuit) {
  failures_ = 0;
  failed_circuits_.clear();
  crashes_.erase(circuit);
}

bool Blame::JobFailed(Micros now, const OfferedJob& job, Fault fault) {
  if (failed_jobs_.insert(job.id).second) failed_order_.push_back(job.id);
  if (failed_order_.size() > kRememberedMax) {
    failed_jobs_.erase(failed_order_.front());
    failed_order_.pop_front();
  }
  bool put_aside = false;
  if (fault == Fault::kCrash) {
    // Strangers may make as many circuits as they like; what is forgotten is found out again.
    if (crashes_.size() >= kRememberedMax && !crashes_.contains(job.circuit)) crashes_.clear();
    Crashes& crashes = crashes_[job.circuit];
    ++crashes.in_a_row;
    put_aside = crashes.in_a_row >= options_.crashes_max;
    if (put_aside) {
      crashes.aside_until = now + options_.circuit_pause;
      crashes.in_a_row = options_.crashes_max - 1;  // after the pause one more is enough
    }
  }
  if (fault == Fault::kDevice) {
    ++failures_;
  } else {
    if (failed_circuits_.size() >= kRememberedMax) failed_circuits_.clear();
    if (failed_circuits_.insert(job.circuit).second) ++failures_;
  }
  return put_aside;
}

void Blame::HalfForgive() {
  failures_ = std::min(failures_, options_.failures_max - 1);
  invalid_verdicts_ = std::min(invalid_verdicts_, options_.failures_max - 1);
}

bool Blame::Aside(Micros now, const Digest& circuit) const {
  const auto it = crashes_.find(circuit);
  return it != crashes_.end() && now < it->second.aside_until;
}

}  // namespace prooflode::miner
