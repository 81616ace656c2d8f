// A few threads that run tasks in the order of their arrival. Thread-safe; the destructor waits for those
// that were begun and drops the others.
#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace prooflode::miner {

class TaskThreads {
 public:
  explicit TaskThreads(size_t threads) {
    for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
  }
  ~TaskThreads() { Stop(); }

  void Run(std::function<void()> task) {
    MutexLock lock(mutex_);
    if (stopping_) return;
    tasks_.push_back(std::move(task));
    changed_.NotifyOne();
  }

  void Stop() {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      tasks_.clear();
      changed_.NotifyAll();
    }
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  void Work() {
    while (true) {
      std::function<void()> task;
      {
        MutexLock lock(mutex_);
        while (tasks_.empty() && !stopping_) changed_.Wait(mutex_);
        if (stopping_) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
  }

  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> tasks_ PL_GUARDED_BY(mutex_);
  bool stopping_ PL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace prooflode::miner
