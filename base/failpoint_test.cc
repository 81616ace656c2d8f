#include "base/failpoint.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>

namespace prooflode {
namespace {

// In a process of its own: the variable is read once.
void PassThrice(const char* armed, const char* name) {
  setenv("PROOFLODE_FAILPOINT", armed, 1);
  for (int i = 0; i < 3; ++i) Failpoint(name);
  std::_Exit(0);
}

TEST(FailpointDeathTest, KillsAtTheCountedPassage) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(PassThrice("part.moment:3", "part.moment"), testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(PassThrice("part.moment", "part.moment"), testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(PassThrice("part.moment:4", "part.moment"), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(PassThrice("part.other:1", "part.moment"), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(PassThrice("part.moment:x", "part.moment"), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace prooflode
