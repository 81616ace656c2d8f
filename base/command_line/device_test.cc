#include "base/command_line/device.h"

#include <gtest/gtest.h>

namespace prooflode {
namespace {

TEST(DeviceName, Forms) {
  for (const char* name : {"auto", "cpu", "cuda", "cuda:0", "cuda:15", "opencl:1", "pci:0000:01:00.0"}) {
    EXPECT_TRUE(IsDeviceName(name)) << name;
  }
  for (const char* name : {"", "gpu", "CPU", "cpu:0", "cuda:", "cuda:x", "cuda:-1", "cuda:1000", "cuda0",
                           "cudax:0", "pci:01:00.0", "pci:0000:01:00", "pci:0000-01:00.0", "auto "}) {
    EXPECT_FALSE(IsDeviceName(name)) << name;
  }
}

TEST(DeviceName, OnlyTheCpuIsThere) {
  EXPECT_TRUE(FindDevice("auto").ok());
  EXPECT_TRUE(FindDevice("cpu").ok());
  const Status cuda = FindDevice("cuda:0");
  EXPECT_EQ(cuda.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(cuda.message().find("cuda:0"), absl::string_view::npos);
}

}  // namespace
}  // namespace prooflode
