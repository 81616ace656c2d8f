// What miners and the market said to a job's offers, for whoever asks what happened to it. Counts only, in
// memory: what they tell begins with this process. Thread-safe.
#pragma once

#include <deque>
#include <map>

#include "base/metrics.h"
#include "base/mutex.h"
#include "coordinator/market/types.h"
#include "prooflode/v1/types.pb.h"

namespace prooflode::api {

class OfferBook {
 public:
  struct Counts {
    uint64_t offers = 0;                      // sent; a job that opens again is offered again
    std::map<v1::Reason, uint64_t> declined;  // by miners
    std::map<v1::Reason, uint64_t> refused;   // by the market, when they asked for a place
  };

  explicit OfferBook(MetricFactory& metrics) : metrics_(metrics) {}

  void Offered(const market::JobId& job);
  void Declined(const market::JobId& job, v1::Reason reason);
  void Refused(const market::JobId& job, v1::Reason reason);
  // Nothing where the job was never offered here, or more than kJobsMax others were since.
  Counts Of(const market::JobId& job) const;

  static constexpr size_t kJobsMax = 20'000;

 private:
  Counts& At(const market::JobId& job) PL_REQUIRES(mutex_);

  MetricFactory& metrics_;
  mutable Mutex mutex_;
  std::map<market::JobId, Counts> jobs_ PL_GUARDED_BY(mutex_);
  std::deque<market::JobId> order_ PL_GUARDED_BY(mutex_);  // oldest first
};

}  // namespace prooflode::api
