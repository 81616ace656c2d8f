// The transfers of artifacts under way: how many there may be at once, altogether and of one identity, and
// which have stood still for too long. Thread-safe.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <thread>

#include "base/env.h"
#include "base/mutex.h"
#include "coordinator/market/types.h"

namespace prooflode::api {

struct TransferLimits {
  size_t most = 128;
  size_t most_per_identity = 16;
  Micros idle_max = Seconds(60);
};

class TransferTable {
 private:
  struct Entry {
    market::Identity identity{};
    std::function<void()> cancel;
    Micros moved_at{};
    std::thread::id cancelled_by{};  // while that thread is in `cancel`
    bool left = false;               // by that thread, from within `cancel`
  };

 public:
  // `clock` must outlive it.
  TransferTable(const TransferLimits& limits, Clock& clock) : limits_(limits), clock_(clock) {}

  // One transfer's place, until it is destroyed; the table must outlive it.
  class Place {
   public:
    ~Place() { table_.Leave(entry_); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    // The transfer got on.
    void Moved();

   private:
    friend class TransferTable;
    Place(TransferTable& table, std::list<Entry>::iterator entry) : table_(table), entry_(entry) {}
    TransferTable& table_;
    const std::list<Entry>::iterator entry_;
  };

  // nullptr when there is no room. `cancel` may be called from any thread while the place lives; it must not
  // block. It may destroy the place itself, as gRPC's TryCancel does when it runs the call's last callbacks
  // on its own thread.
  std::unique_ptr<Place> Enter(const market::Identity& identity, std::function<void()> cancel);
  // Cancels what has not moved for `idle_max`. One thread at a time.
  void CancelIdle();

 private:
  void Leave(std::list<Entry>::iterator entry);
  void Erase(std::list<Entry>::iterator entry) PL_REQUIRES(mutex_);

  const TransferLimits limits_;
  Clock& clock_;
  Mutex mutex_;
  CondVar cancelled_;
  std::list<Entry> entries_ PL_GUARDED_BY(mutex_);
  std::map<market::Identity, size_t> count_of_ PL_GUARDED_BY(mutex_);
};

}  // namespace prooflode::api
