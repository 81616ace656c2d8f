#include "coordinator/checkpoints/publisher_thread.h"

namespace prooflode::checkpoints {

PublisherThread::PublisherThread(CheckpointPublisher& publisher, Micros interval)
    : publisher_(publisher), interval_(interval), thread_([this] { Work(); }) {}

PublisherThread::~PublisherThread() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    wake_.NotifyAll();
  }
  thread_.join();
}

void PublisherThread::Work() {
  bool stopping = false;
  while (!stopping) {
    (void)publisher_.Publish();  // logged and counted there; the next turn tries again
    MutexLock lock(mutex_);
    if (!stopping_) wake_.WaitFor(mutex_, std::chrono::microseconds(Count(interval_)));
    stopping = stopping_;
  }
  (void)publisher_.Publish();
}

}  // namespace prooflode::checkpoints
