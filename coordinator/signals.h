// How the coordinator is told to stop: SIGTERM or SIGINT, twice when it shall not finish what is under way.
#pragma once

#include <signal.h>

namespace prooflode::coordinator {

class StopSignals {
 public:
  // Blocks both for this thread and all that it starts, so it comes before every other thread; ignores
  // SIGPIPE.
  StopSignals();
  // Waits for the first one. From then on another one ends the process with 128 + its number, whatever is
  // under way.
  void Wait() const;

 private:
  sigset_t set_;
};

}  // namespace prooflode::coordinator
