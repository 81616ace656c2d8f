// Checkpoints that miners and requesters say they were shown: with them everybody can hold what he was shown
// against what others were. Kept in memory, bounded: the newest few of each of the newest identities; such
// as our own log contradicts stay longest. Only what carries this log's signature is taken, so nothing can be
// made up. Thread-safe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "coordinator/engine/log_tree.h"
#include "transparency/log_keys.h"

namespace prooflode::checkpoints {

class SeenCheckpoints {
 public:
  static constexpr size_t kPerIdentity = 4;
  static constexpr size_t kIdentities = 4096;
  static constexpr size_t kConflicts = 64;

  struct Seen {
    std::string note;
    transparency::TreeHead head;
    PublicKey by{};  // who put it first
    Micros at{};
    bool operator==(const Seen&) const = default;
  };

  // `log` and `metrics` must outlive it.
  SeenCheckpoints(const transparency::LogKeys& keys, const engine::LogTree& log, MetricFactory& metrics);

  // kInvalidArgument or kUnauthenticated for what is no checkpoint of this log. False, and loud, when our own
  // log has another root at that size or is shorter: either somebody else has the key, or history was
  // changed.
  StatusOr<bool> Put(const PublicKey& by, std::string_view note, Micros now);
  // Contradicting ones first, then by falling size; one for each tree head.
  std::vector<Seen> List(size_t count_max) const;

 private:
  struct OfOne {
    uint64_t place = 0;      // in by_age_
    std::vector<Seen> seen;  // oldest first
  };

  const transparency::LogKeys keys_;
  const engine::LogTree& log_;
  Counter& conflicts_counter_;
  mutable Mutex mutex_;
  std::map<PublicKey, OfOne> of_ PL_GUARDED_BY(mutex_);
  std::map<uint64_t, PublicKey> by_age_ PL_GUARDED_BY(mutex_);  // least recently heard of first
  uint64_t next_place_ PL_GUARDED_BY(mutex_) = 1;
  std::vector<Seen> conflicts_ PL_GUARDED_BY(mutex_);
};

}  // namespace prooflode::checkpoints
