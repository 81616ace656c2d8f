#include <gtest/gtest.h>

#include "tests/sim/leaf_view.h"
#include "tests/sim/world.h"
#include "transparency/leaf.h"

namespace prooflode::sim {
namespace {

TEST(WorldTest, KeepsItsPromisesAndASeedIsOneHistory) {
  for (uint64_t seed = 3; seed <= 6; ++seed) {
    const RunReport first = RunSeed(seed);
    EXPECT_EQ(first.finding, "") << "seed " << seed;
    EXPECT_GT(first.jobs, 0U);
    EXPECT_EQ(RunSeed(seed).digest, first.digest);
  }
  EXPECT_NE(RunSeed(3).digest, RunSeed(5).digest);
}

TEST(WorldTest, IsTheSameOverADatabaseThatIsOpenedAgainAfterEachCrash) {
  const std::string path = testing::TempDir() + "/simulated-market.db";
  for (uint64_t seed = 3; seed <= 6; ++seed) {
    const RunReport report = RunSeed(seed, path);
    EXPECT_EQ(report.finding, "") << "seed " << seed;
    EXPECT_GT(report.crashes, 0U);
    EXPECT_EQ(report.digest, RunSeed(seed).digest) << "seed " << seed;
  }
}

TEST(LeafViewTest, ReadsWhatIsWrittenAndNothingElse) {
  transparency::LeafContent content{.type = transparency::LeafType::kVerdict, .time = Micros{77}};
  content.fields[50] = std::string(16, '\5');
  content.fields[57] = std::string(1, '\1');
  content.fields[101] = std::string(57, '\2');
  const std::string bytes = transparency::EncodeLeaf(content);
  const std::optional<LeafView> leaf = ReadLeaf(9, bytes);
  ASSERT_TRUE(leaf.has_value());
  EXPECT_EQ(leaf->index, 9U);
  EXPECT_EQ(leaf->kind, kVerdict);
  EXPECT_EQ(leaf->time, 77);
  EXPECT_EQ(leaf->Number<uint8_t>(57), 1);
  EXPECT_EQ(leaf->Bytes<Id>(50)[15], 5);
  EXPECT_EQ(leaf->Number<uint64_t>(57), 0U);  // another size
  ASSERT_EQ(leaf->jobs.size(), 1U);
  EXPECT_EQ(leaf->jobs[0].winning[0], 2);
  for (size_t size = 0; size < bytes.size(); ++size) {
    const bool whole_fields = ReadLeaf(9, bytes.substr(0, size)).has_value();
    EXPECT_EQ(whole_fields, size == 18 || size == 18 + 6 + 16 || size == 18 + 6 + 16 + 6 + 1) << size;
  }
}

}  // namespace
}  // namespace prooflode::sim
