// A few threads for work that must not run on gRPC's or the engine's: disk, signatures. The
// queue is bounded and refuses when it is full.
#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"

namespace prooflode::api {

class Workers {
 public:
  Workers(unsigned threads, size_t queue_limit);
  // Runs what is queued, then joins.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // False when the queue is full; `task` will not run then. Thread-safe.
  bool Submit(std::function<void()> task);

 private:
  BoundedQueue<std::function<void()>> queue_;
  std::vector<std::thread> threads_;
};

}  // namespace prooflode::api
