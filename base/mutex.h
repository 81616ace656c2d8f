// A mutex with thread-safety annotations that clang checks (-Wthread-safety) and the thread sanitizer
// understands; the system's Abseil is not instrumented, so its Mutex would raise false alarms there.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define PL_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define PL_THREAD_ANNOTATION(x)
#endif

#define PL_GUARDED_BY(x) PL_THREAD_ANNOTATION(guarded_by(x))
#define PL_REQUIRES(...) PL_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define PL_EXCLUDES(...) PL_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

namespace prooflode {

class PL_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  void Lock() PL_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void Unlock() PL_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class PL_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) PL_THREAD_ANNOTATION(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() PL_THREAD_ANNOTATION(release_capability()) { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits release the mutex and take it again before they return; wake-ups may be spurious, so loop on a
// condition.
class CondVar {
 public:
  void Wait(Mutex& mutex) PL_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // Returns false when `timeout` passed without a notification.
  bool WaitFor(Mutex& mutex, std::chrono::microseconds timeout) PL_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    const bool notified = condition_.wait_for(lock, timeout) == std::cv_status::no_timeout;
    lock.release();
    return notified;
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace prooflode
