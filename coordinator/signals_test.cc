#include "coordinator/signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace prooflode::coordinator {
namespace {

// Each in a process of its own.
class StopSignalsDeathTest : public testing::Test {
 protected:
  StopSignalsDeathTest() { testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

TEST_F(StopSignalsDeathTest, TheFirstOneIsWaitedForAndTheProgramEndsByItself) {
  const auto run = [](int number) {
    const StopSignals signals;
    kill(getpid(), number);
    signals.Wait();
    _exit(7);
  };
  EXPECT_EXIT(run(SIGTERM), testing::ExitedWithCode(7), "signal 15: finishing");
  EXPECT_EXIT(run(SIGINT), testing::ExitedWithCode(7), "signal 2: finishing");
}

TEST_F(StopSignalsDeathTest, TheSecondOneEndsItWhateverIsUnderWay) {
  const auto run = [](int first, int second) {
    const StopSignals signals;
    kill(getpid(), first);
    signals.Wait();
    kill(getpid(), second);
    while (true) pause();  // never done
  };
  EXPECT_EXIT(run(SIGTERM, SIGTERM), testing::ExitedWithCode(128 + SIGTERM), "");
  EXPECT_EXIT(run(SIGTERM, SIGINT), testing::ExitedWithCode(128 + SIGINT), "");
}

}  // namespace
}  // namespace prooflode::coordinator
