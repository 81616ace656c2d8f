// How often an identity may begin something in the market: each beginning is a leaf of the log, which is kept
// for ever, and most of them cost nothing. A token bucket for each identity, a minute's worth deep.
// Thread-safe.
#pragma once

#include <algorithm>
#include <map>

#include "base/env.h"
#include "base/mutex.h"
#include "coordinator/market/types.h"

namespace prooflode::api {

class RateGate {
 public:
  RateGate(uint32_t per_minute, Clock& clock) : most_(per_minute), clock_(clock) {}

  // Whether this identity may begin one thing more.
  bool Take(const market::Identity& identity) {
    MutexLock lock(mutex_);
    const Micros now = clock_.MonotonicNow();
    DropFull(now);
    Bucket& bucket = buckets_.try_emplace(identity, Bucket{most_, now}).first->second;
    bucket = {Tokens(bucket, now), now};
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
  // Nothing was begun after all.
  void GiveBack(const market::Identity& identity) {
    MutexLock lock(mutex_);
    if (const auto it = buckets_.find(identity); it != buckets_.end()) it->second.tokens += 1;
  }
  // Identities that are remembered: those that began something in the last minutes.
  size_t size() const {
    MutexLock lock(mutex_);
    return buckets_.size();
  }

 private:
  struct Bucket {
    double tokens = 0;
    Micros at{};
  };
  static constexpr Micros kMinute = Seconds(60);

  double Tokens(const Bucket& bucket, Micros now) const {
    const double minutes = static_cast<double>(Count(now - bucket.at)) / static_cast<double>(Count(kMinute));
    return std::min(most_, bucket.tokens + minutes * most_);
  }
  // A full bucket is as good as none.
  void DropFull(Micros now) PL_REQUIRES(mutex_) {
    if (now - dropped_at_ < kMinute) return;
    dropped_at_ = now;
    std::erase_if(buckets_, [&](const auto& entry) { return Tokens(entry.second, now) >= most_; });
  }

  const double most_;
  Clock& clock_;
  mutable Mutex mutex_;
  std::map<market::Identity, Bucket> buckets_ PL_GUARDED_BY(mutex_);
  Micros dropped_at_ PL_GUARDED_BY(mutex_){};
};

}  // namespace prooflode::api
