// Measures a call of the store from its making to the end of the scope that holds it. Private to the store.
#pragma once

#include "coordinator/store/sqlite_store.h"

namespace prooflode::store {

class SqliteStore::Timer {
 public:
  Timer(const SqliteStore& store, const char* operation)
      : clock_(store.options_.clock),
        seconds_(store.metrics_.GetHistogram("prooflode_coordinator_db_query_duration_seconds",
                                             "Calls of the database, waiting for their turn included",
                                             ExponentialBuckets(1e-4, 2.5, 11), {{"operation", operation}})),
        begun_(clock_ == nullptr ? Micros{} : clock_->MonotonicNow()) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() {
    if (clock_ != nullptr) seconds_.Observe(ToSeconds(clock_->MonotonicNow() - begun_));
  }

 private:
  Clock* const clock_;
  Histogram& seconds_;
  const Micros begun_;
};

}  // namespace prooflode::store
