#include "coordinator/api/offer_book.h"

#include "base/race.h"

namespace prooflode::api {

OfferBook::Counts& OfferBook::At(const market::JobId& job) {
  const auto [it, added] = jobs_.try_emplace(job);
  if (added) {
    order_.push_back(job);
    if (order_.size() > kJobsMax) {
      jobs_.erase(order_.front());
      order_.pop_front();
    }
  }
  return it->second;
}

void OfferBook::Offered(const market::JobId& job) {
  MutexLock lock(mutex_);
  ++At(job).offers;
}

void OfferBook::Declined(const market::JobId& job, v1::Reason reason) {
  metrics_
      .GetCounter("prooflode_coordinator_offers_declined_total", "Offers that miners said no to",
                  {{"reason", ReasonName(static_cast<Reason>(reason))}})
      .Increment();
  MutexLock lock(mutex_);
  ++At(job).declined[reason];
}

void OfferBook::Refused(const market::JobId& job, v1::Reason reason) {
  metrics_
      .GetCounter("prooflode_coordinator_admissions_refused_total", "Miners that asked for a place in vain",
                  {{"reason", ReasonName(static_cast<Reason>(reason))}})
      .Increment();
  MutexLock lock(mutex_);
  ++At(job).refused[reason];
}

OfferBook::Counts OfferBook::Of(const market::JobId& job) const {
  MutexLock lock(mutex_);
  const auto it = jobs_.find(job);
  return it == jobs_.end() ? Counts() : it->second;
}

}  // namespace prooflode::api
