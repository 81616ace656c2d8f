// One thread that runs small tasks in order: everything that sessions and watchers know is touched on it
// alone and needs no locks. Posting never blocks and nothing is dropped; whoever posts on behalf of a peer
// waits for the task before it reads the peer's next message, which bounds the queue.
#pragma once

#include <deque>
#include <functional>
#include <thread>

#include "base/mutex.h"
#include "base/units.h"

namespace prooflode::api {

class Dispatcher {
 public:
  // `on_tick` runs on the thread about once every `tick`, and between tasks.
  Dispatcher(Micros tick, std::function<void()> on_tick);
  // Runs what is queued, then joins.
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  void Start();
  // Thread-safe.
  void Post(std::function<void()> task);

 private:
  void Loop();

  const Micros tick_;
  const std::function<void()> on_tick_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> tasks_ PL_GUARDED_BY(mutex_);
  bool closed_ PL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace prooflode::api
