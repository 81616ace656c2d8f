// Whose fault failures are: the device's, a circuit's or a job's. Pure; time is passed in.
//
// A job whose files are no good is the job's fault, and so is, at first, one that ended the worker process. A
// circuit whose jobs end the worker again and again, with no proof of it in between, is put aside for a
// while, so that the others go on. What is left to the device are its own failures in a row, in which each
// circuit counts once for all that its jobs did: when many different circuits fail, it is the device.
#pragma once

#include <deque>
#include <map>
#include <set>

#include "miner/session/types.h"

namespace prooflode::miner {

struct BlameOptions {
  int failures_max = 5;  // of the device, in a row, until it is to pause
  int crashes_max = 2;   // of one circuit's jobs, in a row, until the circuit is put aside
  Micros circuit_pause = Seconds(600);
};

class Blame {
 public:
  enum class Fault {
    kDevice,  // this machine or the way to the coordinator
    kJob,     // its files are missing or not what they should be
    kCrash,   // the worker process died or hung: either's
  };

  explicit Blame(const BlameOptions& options) : options_(options) {}

  // A proof of the circuit was made and verified here.
  void ProofMade(const Digest& circuit);
  // A job could not be proven. True when its circuit has been put aside just now.
  bool JobFailed(Micros now, const OfferedJob& job, Fault fault);
  // The coordinator's receipt was not good.
  void ReceiptFailed() { ++failures_; }
  // What the coordinator found of a proof of ours.
  void Judged(bool valid) { invalid_verdicts_ = valid ? 0 : invalid_verdicts_ + 1; }

  // Whether the device has failed often enough to pause.
  bool DeviceAtFault() const {
    return failures_ >= options_.failures_max || invalid_verdicts_ >= options_.failures_max;
  }
  // The pause is over: one more failure is enough for the next.
  void HalfForgive();

  // Whether the job failed here before: of the last thousand that did.
  bool Failed(const JobId& job) const { return failed_jobs_.contains(job); }
  bool Aside(Micros now, const Digest& circuit) const;
  Micros circuit_pause() const { return options_.circuit_pause; }

 private:
  struct Crashes {
    int in_a_row = 0;
    Micros aside_until{};
  };

  const BlameOptions options_;
  std::set<JobId> failed_jobs_;
  std::deque<JobId> failed_order_;
  std::set<Digest> failed_circuits_;   // by their jobs' fault, since a proof was made
  std::map<Digest, Crashes> crashes_;  // of circuits none of which was proven since
  int failures_ = 0;                   // of the device, in a row
  int invalid_verdicts_ = 0;           // in a row
};

}  // namespace prooflode::miner
