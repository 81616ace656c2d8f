#include "base/thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <deque>
#include <exception>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/mutex.h"

namespace prooflode {

namespace {

// One ParallelFor: threads claim chunks with a counter; the last to finish wakes the caller.
struct Loop {
  Loop(size_t n, absl::FunctionRef<void(size_t)> f) : count(n), chunk(f) {}
  const size_t count;
  const absl::FunctionRef<void(size_t)> chunk;
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr error;  // of the chunk that set `failed`; the caller reads it when all threads have left
  int helpers = 0;           // pool threads inside Run(), guarded by the pool's mutex

  void Run() {
    while (true) {
      const size_t i = next.fetch_add(1, std::memory_order_relaxed);
      if (i >= count) return;
      try {
        chunk(i);
      } catch (...) {
        next.store(count, std::memory_order_relaxed);
        if (!failed.exchange(true)) error = std::current_exception();
        return;
      }
    }
  }
};

}  // namespace

struct ThreadPool::State {
  Mutex mutex;
  CondVar work_ready;
  CondVar helper_left;
  std::deque<Loop*> loops PL_GUARDED_BY(mutex);
  bool stopping PL_GUARDED_BY(mutex) = false;
  std::vector<std::thread> workers;

  void Work() {
    MutexLock lock(mutex);
    while (true) {
      while (loops.empty() && !stopping) work_ready.Wait(mutex);
      if (loops.empty()) return;
      Loop* loop = loops.front();
      ++loop->helpers;
      mutex.Unlock();
      loop->Run();
      mutex.Lock();
      // A loop whose counter has run out takes no more helpers.
      std::erase(loops, loop);
      if (--loop->helpers == 0) helper_left.NotifyAll();
    }
  }
};

ThreadPool::ThreadPool(unsigned threads) : threads_(1), state_(std::make_unique<State>()) {
  PL_CHECK(threads >= 1);
  state_->workers.reserve(threads - 1);
  try {
    for (; threads_ < threads; ++threads_) {
      state_->workers.emplace_back([state = state_.get()] { state->Work(); });
    }
  } catch (const std::exception&) {
    // std::system_error or std::bad_alloc: a limit on processes or memory.
  }
}

ThreadPool::~ThreadPool() {
  {
    MutexLock lock(state_->mutex);
    state_->stopping = true;
    state_->work_ready.NotifyAll();
  }
  for (std::thread& worker : state_->workers) worker.join();
}

void ThreadPool::ParallelFor(size_t count, absl::FunctionRef<void(size_t)> chunk) {
  if (threads_ == 1 || count <= 1) {
    for (size_t i = 0; i < count; ++i) chunk(i);
    return;
  }
  Loop loop(count, chunk);
  {
    MutexLock lock(state_->mutex);
    state_->loops.push_back(&loop);
    state_->work_ready.NotifyAll();
  }
  loop.Run();
  {
    MutexLock lock(state_->mutex);
    std::erase(state_->loops, &loop);
    while (loop.helpers > 0) state_->helper_left.Wait(state_->mutex);
  }
  if (loop.error != nullptr) std::rethrow_exception(loop.error);
}

unsigned ThreadPool::UsableProcessors() {
  unsigned usable = std::max(1u, std::thread::hardware_concurrency());
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    usable = static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
  std::ifstream quota_file("/sys/fs/cgroup/cpu.max");  // "quota period" or "max period" in microseconds
  std::string quota;
  uint64_t period_us = 0;
  if (quota_file >> quota >> period_us && quota != "max" && period_us > 0) {
    const uint64_t quota_us = std::strtoull(quota.c_str(), nullptr, 10);
    usable = std::min<unsigned>(usable, static_cast<unsigned>(std::max<uint64_t>(1, quota_us / period_us)));
  }
  return usable;
}

}  // namespace prooflode
