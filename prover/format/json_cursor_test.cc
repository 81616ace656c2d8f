#include "prover/format/json_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "prover/format/decimal.h"

namespace prooflode {
namespace {

bool IsJson(std::string_view text, int depth = 4) {
  JsonCursor json(text, "text", depth);
  return json.Skip().ok() && json.End().ok();
}

TEST(JsonCursorTest, AcceptsWellFormedValues) {
  for (const char* text : {"0", "-0", "10", "1.5", "-1e9", "1E+2", "1e-2", "true", "false", "null", "\"\"",
                           "\"a\\n\\u00e9\\uAF90\\\"\"", "[]", "{}", " [ 1 , [ ] ] ",
                           "{\"a\":1,\"b\":{\"c\":[null]}}", "\t\r\n1", "\"\xc3\xa9\"", "[[[[]]]]"}) {
    EXPECT_TRUE(IsJson(text)) << text;
  }
}

TEST(JsonCursorTest, RefusesTheRest) {
  for (const char* text : {"",
                           " ",
                           "01",
                           "-",
                           "+1",
                           "1.",
                           ".5",
                           "1e",
                           "1e+",
                           "tru",
                           "True",
                           "nul",
                           "\"",
                           "\"\\x\"",
                           "\"\\u12g4\"",
                           "\"\\u123:\"",
                           "\"\\u@000\"",
                           "\"\\u000`\"",
                           "\"\\",
                           "\"\n\"",
                           "[",
                           "[1",
                           "[1,",
                           "[1,]",
                           "[,]",
                           "[1 2]",
                           "]",
                           "{",
                           "{1:2}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{'a':1}",
                           "{\"a\" 1}",
                           "1 2",
                           "[]]",
                           "NaN",
                           "Infinity",
                           "/* */1",
                           "\xef\xbb\xbf"
                           "1",
                           "{\"\\u0061\":1}",
                           "[[[[[]]]]]",
                           "-01"}) {
    EXPECT_FALSE(IsJson(text)) << text;
  }
  EXPECT_FALSE(IsJson(std::string_view("1\0", 2)));
  EXPECT_FALSE(IsJson(std::string_view("[1\0]", 4)));
  EXPECT_FALSE(IsJson(std::string_view("\"\0\"", 3)));
}

TEST(JsonCursorTest, DepthIsBoundedWhateverTheText) {
  EXPECT_FALSE(IsJson(std::string(1 << 20, '[')));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_FALSE(IsJson(objects));
}

TEST(JsonCursorTest, ErrorsNameThePlaceAndAreShort) {
  JsonCursor json("{\"list\": [1, [\"\\u0000\"]]}", "file.json", 4);
  const Status status = json.Object([&](std::string_view) {
    return json.Array([&](size_t i) {
      return i == 0 ? json.Skip() : json.Array([&](size_t) { return json.PlainString().status(); });
    });
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              testing::StartsWith("file.json: list[1][0]: escape in a string"));
  EXPECT_LT(JsonCursor::Quote(std::string(10'000, '\x01')).size(), 500u);
}

TEST(JsonCursorTest, SmallIntegers) {
  const auto read = [](std::string_view text) { return JsonCursor(text, "n", 1).SmallInteger(); };
  EXPECT_EQ(read("0").value(), 0u);
  EXPECT_EQ(read("999999999").value(), 999'999'999u);
  for (const char* text :
       {"", "-1", "01", "1.0", "1e3", "1E3", "1000000000", "99999999999999999999", "\"1\"", "x"}) {
    EXPECT_FALSE(read(text).ok()) << text;
  }
}

TEST(DecimalTest, RoundTripAndLimits) {
  const std::string max =
      "115792089237316195423570985008687907853269984665640564039457584007913129639935";  // 2^256 - 1
  EXPECT_EQ(LimbsToDecimal({~0ull, ~0ull, ~0ull, ~0ull}), max);
  EXPECT_FALSE(LimbsFromDecimal(max).has_value()) << "78 digits";
  for (const std::string& text :
       {std::string("0"), std::string("7"), std::string("1000000000000000000"),
        std::string("18446744073709551616"), std::string(77, '9'), "1" + std::string(76, '0')}) {
    const std::optional<Limbs> value = LimbsFromDecimal(text);
    ASSERT_TRUE(value.has_value()) << text;
    EXPECT_EQ(LimbsToDecimal(*value), text);
  }
  EXPECT_EQ(LimbsFromDecimal("18446744073709551616"), (Limbs{0, 1, 0, 0}));
  for (const char* text : {"", "00", "01", "-1", "+1", " 1", "1 ", "0x1", "1a", "1e5", "٣"}) {
    EXPECT_FALSE(LimbsFromDecimal(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace prooflode
