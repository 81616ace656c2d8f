// Threads for computation: parallel loops over numbered chunks, and a flag that stops them early.
//
// A pool may be used from several threads at once; a ParallelFor inside a chunk is run by the thread that
// calls it and by whatever pool threads are idle, so nesting cannot deadlock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>

#include "absl/functional/function_ref.h"

namespace prooflode {

// Set by the party that lost interest; polled by long computations between bounded pieces of work (well under
// 20 ms).
class CancelToken {
 public:
  void Cancel() { polls_left_.store(0, std::memory_order_relaxed); }
  bool cancelled() const {
    const int64_t left = polls_left_.load(std::memory_order_relaxed);
    if (left == kNever) return false;
    return left <= 0 || polls_left_.fetch_sub(1, std::memory_order_relaxed) <= 0;
  }
  // For tests: says no this many times and then yes, so that a computation is stopped at a place that does
  // not depend on time.
  void CancelAfterPolls(int64_t polls) { polls_left_.store(polls, std::memory_order_relaxed); }

 private:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  mutable std::atomic<int64_t> polls_left_{kNever};
};

inline bool IsCancelled(const CancelToken* cancel) { return cancel != nullptr && cancel->cancelled(); }

class ThreadPool {
 public:
  // `threads` >= 1 counts the caller of ParallelFor; a pool of one starts no thread. Where the system refuses
  // more threads, the pool works with those it got.
  explicit ThreadPool(unsigned threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  unsigned threads() const { return threads_; }

  // Calls chunk(i) for each i in [0, count), in any order and on any thread of the pool; returns when all are
  // done. If a library throws in a chunk (out of memory), no further chunk begins and the first such
  // exception comes out here, once every chunk under way has ended.
  void ParallelFor(size_t count, absl::FunctionRef<void(size_t)> chunk);

  // Processors this process may use: affinity mask and cgroup CPU quota respected, at least 1.
  static unsigned UsableProcessors();

 private:
  struct State;
  unsigned threads_;
  std::unique_ptr<State> state_;
};

}  // namespace prooflode
