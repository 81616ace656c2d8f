// Publishes checkpoints now and then, on a thread of its own.
#pragma once

#include <thread>

#include "base/mutex.h"
#include "base/units.h"
#include "coordinator/checkpoints/checkpoint_publisher.h"

namespace prooflode::checkpoints {

class PublisherThread {
 public:
  // Once at once, then every `interval` while the log grows. `publisher` must outlive the thread.
  PublisherThread(CheckpointPublisher& publisher, Micros interval);
  // Publishes what is there a last time.
  ~PublisherThread();
  PublisherThread(const PublisherThread&) = delete;
  PublisherThread& operator=(const PublisherThread&) = delete;

 private:
  void Work();

  CheckpointPublisher& publisher_;
  const Micros interval_;
  Mutex mutex_;
  CondVar wake_;
  bool stopping_ PL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace prooflode::checkpoints
