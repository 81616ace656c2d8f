#include "kernels/host/cpu_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/host/cpu_features.h"
#include "kernels/host/mul_leaf.h"

namespace prooflode {
namespace {

TEST(CpuPath, BestIsInForceAndEveryNameCanBeForced) {
  const std::vector<std::string_view> names = SupportedCpuPaths();
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(names.front(), "portable");
  EXPECT_EQ(CpuPathName(), names.back());
  for (const std::string_view name : names) {
    EXPECT_TRUE(SetCpuPath(name).ok());
    EXPECT_EQ(CpuPathName(), name);
  }
}

TEST(CpuPath, OthersAreRefusedAndChangeNothing) {
  const std::string before(CpuPathName());
  for (const char* name : {"", "Portable", "avx2", "adx "}) {
    const Status status = SetCpuPath(name);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("portable"));
  }
  EXPECT_EQ(CpuPathName(), before);
}

TEST(CpuPath, AdxFollowsProcessorAndBuild) {
  const bool usable = PL_HAVE_X64_ASM && HostCpuFeatures().adx && HostCpuFeatures().bmi2;
  EXPECT_EQ(SetCpuPath("adx").code(), usable ? absl::StatusCode::kOk : absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace prooflode
