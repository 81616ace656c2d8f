#include "coordinator/checkpoints/seen_checkpoints.h"

#include <gtest/gtest.h>

namespace prooflode::checkpoints {
namespace {

class SeenCheckpointsTest : public testing::Test {
 protected:
  SeenCheckpointsTest() {
    for (uint8_t i = 0; i < 20; ++i) log_.Append({Digest{i}});
  }
  std::string Signed(transparency::TreeHead head) {
    return transparency::SignCheckpoint({keys_.current().name, head, {}}, key_);
  }
  std::string Ours(uint64_t size) { return Signed(log_.HeadAt(size).value()); }
  static PublicKey Who(uint32_t number) {
    PublicKey key{};
    StoreLe(key.data(), number);
    return key;
  }

  SigningKey key_ = SigningKey::FromSeed({1});
  transparency::LogKeys keys_ = transparency::LogKeys::Create("m", key_.public_key()).value();
  engine::LogTree log_;
  InertMetrics metrics_;
  SeenCheckpoints seen_{keys_, log_, metrics_};
};

TEST_F(SeenCheckpointsTest, KeepsTheNewestOfEachAndListsEachHeadOnce) {
  for (uint64_t size = 1; size <= 10; ++size) {
    ASSERT_TRUE(seen_.Put(Who(1), Ours(size), Seconds(1)).value());
  }
  ASSERT_TRUE(seen_.Put(Who(2), Ours(10), Seconds(2)).value());
  ASSERT_TRUE(seen_.Put(Who(2), Ours(3), Seconds(2)).value());
  const auto list = seen_.List(100);
  ASSERT_EQ(list.size(), SeenCheckpoints::kPerIdentity + 1);
  EXPECT_EQ(list[0].head, log_.HeadAt(10).value());
  EXPECT_EQ(list[0].by, Who(1));
  EXPECT_EQ(list.back().head.size, 3u);
  EXPECT_EQ(seen_.List(2).size(), 2u);
}

TEST_F(SeenCheckpointsTest, RefusesWhatThisLogHasNotSigned) {
  const std::string forged =
      transparency::SignCheckpoint({keys_.current().name, log_.Head(), {}}, SigningKey::FromSeed({2}));
  EXPECT_TRUE(absl::IsUnauthenticated(seen_.Put(Who(1), forged, Micros{}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(seen_.Put(Who(1), "x", Micros{}).status()));
  EXPECT_TRUE(seen_.List(10).empty());
}

TEST_F(SeenCheckpointsTest, ContradictionsComeFirstAndStay) {
  EXPECT_FALSE(seen_.Put(Who(1), Signed({.size = 5, .root = Digest{9}}), Micros{}).value());
  EXPECT_FALSE(seen_.Put(Who(1), Signed({.size = 21, .root = Digest{9}}), Micros{}).value());
  for (uint32_t i = 0; i < SeenCheckpoints::kIdentities + 10; ++i) {
    ASSERT_TRUE(seen_.Put(Who(i), Ours(1 + i % 20), Micros{i}).value());
  }
  const auto list = seen_.List(100);
  ASSERT_EQ(list.size(), 22u);
  EXPECT_EQ(list[0].head.size, 5u);
  EXPECT_EQ(list[1].head.size, 21u);
}

}  // namespace
}  // namespace prooflode::checkpoints
