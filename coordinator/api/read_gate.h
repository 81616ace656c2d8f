// How many reads of one identity may wait for the engine: nobody's fill its queue. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <utility>

#include "base/mutex.h"
#include "coordinator/market/types.h"

namespace prooflode::api {

class ReadGate {
 public:
  explicit ReadGate(size_t most_per_identity) : most_(most_per_identity) {}

  // A place, held until its last copy is destroyed, which may be after the gate. nullptr when there is none.
  std::shared_ptr<void> Enter(const market::Identity& identity) {
    MutexLock lock(counts_->mutex);
    size_t& count = counts_->of[identity];
    if (count >= most_) return nullptr;
    ++count;
    return std::make_shared<Place>(counts_, identity);
  }

 private:
  struct Counts {
    Mutex mutex;
    std::map<market::Identity, size_t> of PL_GUARDED_BY(mutex);
  };
  struct Place {
    Place(std::shared_ptr<Counts> of, const market::Identity& who) : counts(std::move(of)), identity(who) {}
    ~Place() {
      MutexLock lock(counts->mutex);
      const auto count = counts->of.find(identity);
      if (--count->second == 0) counts->of.erase(count);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    const std::shared_ptr<Counts> counts;
    const market::Identity identity;
  };

  const size_t most_;
  const std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

}  // namespace prooflode::api
