// A queue with a limit between many producers and one or more consumers. A full queue refuses: it never makes
// a producer wait, since producers are network threads.
//
// Thread-safe. Close() wakes every consumer; what is queued can still be taken.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace prooflode {

template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(size_t limit) : limit_(limit) {}

  // False, and `item` untouched, when the queue is full or closed.
  bool TryPush(T&& item) {
    MutexLock lock(mutex_);
    if (closed_ || items_.size() >= limit_) return false;
    items_.push_back(std::move(item));
    ready_.NotifyOne();
    return true;
  }

  // Waits for an item; nullopt once the queue is closed and empty.
  std::optional<T> Pop() {
    MutexLock lock(mutex_);
    while (items_.empty() && !closed_) ready_.Wait(mutex_);
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    return item;
  }

  // Takes up to `count_max` items; waits at most `timeout` for the first one and may return none.
  std::vector<T> PopBatch(size_t count_max, std::chrono::microseconds timeout) {
    MutexLock lock(mutex_);
    if (items_.empty() && !closed_) ready_.WaitFor(mutex_, timeout);
    std::vector<T> batch;
    while (!items_.empty() && batch.size() < count_max) {
      batch.push_back(std::move(items_.front()));
      items_.pop_front();
    }
    return batch;
  }

  void Close() {
    MutexLock lock(mutex_);
    closed_ = true;
    ready_.NotifyAll();
  }

  bool closed() const {
    MutexLock lock(mutex_);
    return closed_;
  }
  size_t size() const {
    MutexLock lock(mutex_);
    return items_.size();
  }

 private:
  const size_t limit_;
  mutable Mutex mutex_;
  CondVar ready_;
  std::deque<T> items_ PL_GUARDED_BY(mutex_);
  bool closed_ PL_GUARDED_BY(mutex_) = false;
};

}  // namespace prooflode
