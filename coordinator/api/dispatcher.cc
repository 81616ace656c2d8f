#include "coordinator/api/dispatcher.h"

#include <utility>

namespace prooflode::api {

Dispatcher::Dispatcher(Micros tick, std::function<void()> on_tick)
    : tick_(tick), on_tick_(std::move(on_tick)) {}

Dispatcher::~Dispatcher() {
  {
    MutexLock lock(mutex_);
    closed_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void Dispatcher::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void Dispatcher::Post(std::function<void()> task) {
  MutexLock lock(mutex_);
  tasks_.push_back(std::move(task));
  changed_.NotifyOne();
}

void Dispatcher::Loop() {
  while (true) {
    std::deque<std::function<void()>> tasks;
    {
      MutexLock lock(mutex_);
      if (tasks_.empty() && !closed_) changed_.WaitFor(mutex_, std::chrono::microseconds(Count(tick_)));
      if (tasks_.empty() && closed_) return;
      tasks.swap(tasks_);
    }
    for (const auto& task : tasks) task();
    on_tick_();
  }
}

}  // namespace prooflode::api
