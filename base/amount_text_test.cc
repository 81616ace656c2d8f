#include "base/amount_text.h"

#include <gtest/gtest.h>

namespace prooflode {
namespace {

TEST(AmountTextTest, FormatsExactly) {
  EXPECT_EQ(FormatAmount(Amount{0}, 0), "0");
  EXPECT_EQ(FormatAmount(Amount{125}, 2), "1.25");
  EXPECT_EQ(FormatAmount(Amount{5}, 6), "0.000005");
  EXPECT_EQ(FormatAmount(Amount{1'500'000}, 6), "1.5");
  EXPECT_EQ(FormatAmount(Amount{3'000'000}, 6), "3");
  EXPECT_EQ(FormatAmount(Amount{~uint64_t{0}}, 19), "1.8446744073709551615");
}

TEST(AmountTextTest, ParsesWhatItFormats) {
  for (const uint64_t units : {uint64_t{0}, uint64_t{1}, uint64_t{10}, uint64_t{123'456'789}, ~uint64_t{0}}) {
    for (const uint32_t decimals : {0u, 2u, 6u, 19u}) {
      const auto parsed = ParseAmount(FormatAmount(Amount{units}, decimals), decimals);
      ASSERT_TRUE(parsed.ok()) << parsed.status();
      EXPECT_EQ(Count(*parsed), units);
    }
  }
  EXPECT_EQ(Count(*ParseAmount("1.50", 2)), 150u);
  EXPECT_EQ(Count(*ParseAmount("007", 0)), 7u);
}

TEST(AmountTextTest, RefusesEverythingElse) {
  for (const char* text : {"", ".", "1.", ".5", "1.234", "-1", "+1", "1e3", "1,5", " 1", "0x10", "1.2.3",
                           "184467440737095516.16", "99999999999999999999"}) {
    EXPECT_EQ(ParseAmount(text, 2).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace prooflode
