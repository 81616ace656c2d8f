#include "coordinator/api/workers.h"

#include <utility>

namespace prooflode::api {

Workers::Workers(unsigned threads, size_t queue_limit) : queue_(queue_limit) {
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this] {
      while (auto task = queue_.Pop()) (*task)();
    });
  }
}

Workers::~Workers() {
  queue_.Close();
  for (std::thread& thread : threads_) thread.join();
}

bool Workers::Submit(std::function<void()> task) { return queue_.TryPush(std::move(task)); }

}  // namespace prooflode::api
