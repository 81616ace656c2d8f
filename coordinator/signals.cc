#include "coordinator/signals.h"

#include <unistd.h>

#include <thread>

#include "base/log.h"

namespace prooflode::coordinator {

StopSignals::StopSignals() {
  sigemptyset(&set_);
  sigaddset(&set_, SIGTERM);
  sigaddset(&set_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

void StopSignals::Wait() const {
  int number = 0;
  sigwait(&set_, &number);
  LogInfo("main", "signal %d: finishing what is under way; another one ends at once", number);
  std::thread([set = set_] {
    int second = 0;
    sigwait(&set, &second);
    _exit(128 + second);
  }).detach();
}

}  // namespace prooflode::coordinator
