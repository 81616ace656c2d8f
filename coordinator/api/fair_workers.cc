#include "coordinator/api/fair_workers.h"

#include <utility>

namespace prooflode::api {

FairWorkers::FairWorkers(const Limits& limits) : limits_(limits) {
  for (unsigned i = 0; i < limits.threads; ++i) threads_.emplace_back([this] { Work(); });
}

FairWorkers::~FairWorkers() {
  {
    MutexLock lock(mutex_);
    closed_ = true;
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

bool FairWorkers::Submit(const market::Identity& identity, std::function<void()> task) {
  MutexLock lock(mutex_);
  if (closed_ || queued_ >= limits_.queued_max) return false;
  const auto known = tasks_.find(identity);
  if (known != tasks_.end() && known->second.size() >= limits_.queued_per_identity_max) return false;
  Tasks& tasks = tasks_[identity];
  tasks.push_back(std::move(task));
  ++queued_;
  if (tasks.size() == 1) {
    turns_.push_back(identity);
    changed_.NotifyOne();
  }
  return true;
}

void FairWorkers::Work() {
  while (true) {
    market::Identity identity;
    std::function<void()> task;
    {
      MutexLock lock(mutex_);
      while (turns_.empty() && !(closed_ && queued_ == 0)) changed_.Wait(mutex_);
      if (turns_.empty()) return;
      identity = turns_.front();
      turns_.pop_front();
      task = std::move(tasks_[identity].front());
    }
    task();
    task = nullptr;
    MutexLock lock(mutex_);
    Tasks& tasks = tasks_[identity];
    tasks.pop_front();
    --queued_;
    if (tasks.empty()) {
      tasks_.erase(identity);
    } else {
      turns_.push_back(identity);
    }
    changed_.NotifyAll();
  }
}

}  // namespace prooflode::api
