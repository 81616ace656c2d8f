// Threads for work on the requests of many, shared fairly: one task of an identity at a time, identities in
// turn, and a bound on what waits, altogether and for each. So no key's requests hold up everybody else's.
// Keys are free, so the bounds hold for a key and not for whoever has many: what makes a task must be cheap
// to refuse, or cost its sender something.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "coordinator/market/types.h"

namespace prooflode::api {

class FairWorkers {
 public:
  struct Limits {
    unsigned threads = 1;
    size_t queued_max = 256;
    size_t queued_per_identity_max = 64;
  };
  explicit FairWorkers(const Limits& limits);
  // Runs what is queued, then joins.
  ~FairWorkers();
  FairWorkers(const FairWorkers&) = delete;
  FairWorkers& operator=(const FairWorkers&) = delete;

  // False when too much waits; `task` will not run then. Thread-safe.
  bool Submit(const market::Identity& identity, std::function<void()> task);

 private:
  using Tasks = std::deque<std::function<void()>>;
  void Work();

  const Limits limits_;
  Mutex mutex_;
  CondVar changed_;
  std::map<market::Identity, Tasks> tasks_ PL_GUARDED_BY(mutex_);  // front is under way, or next in turn
  std::deque<market::Identity> turns_ PL_GUARDED_BY(mutex_);       // those with a task and none under way
  size_t queued_ PL_GUARDED_BY(mutex_) = 0;
  bool closed_ PL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace prooflode::api
