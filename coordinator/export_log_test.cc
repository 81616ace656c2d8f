#include "coordinator/export_log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/files.h"
#include "base/sim/sim_env.h"
#include "coordinator/engine/memory_store.h"
#include "transparency/log_lines.h"
#include "transparency/merkle.h"
#include "transparency/note.h"

namespace prooflode::coordinator {
namespace {

transparency::Leaf TickAt(uint64_t index) {
  const std::string bytes =
      transparency::EncodeLeaf({.type = transparency::LeafType::kTick, .time = Micros{5}, .fields = {}});
  return {.index = index, .bytes = bytes, .hash = transparency::LeafHash(AsBytes(bytes))};
}

class ExportLogTest : public ::testing::Test {
 protected:
  ~ExportLogTest() override { unlink(path_.c_str()); }
  StatusOr<ExportReport> Export(uint64_t from) {
    auto file = FileReplacement::Open(path_);
    if (!file.ok()) return file.status();
    auto report = ExportLog(store_, from, file->fd(), path_);
    if (report.ok()) PL_RETURN_IF_ERROR(file->Commit());
    return report;
  }
  std::vector<std::string> Lines() const {
    const auto text = ReadFile(path_, 1 << 20);
    if (!text.ok() || text->empty()) return {};
    return absl::StrSplit(text->substr(0, text->size() - 1), '\n');
  }
  void Store(uint64_t count) {
    engine::Batch batch;
    for (uint64_t i = 0; i < count; ++i) batch.leaves.push_back(TickAt(i));
    ASSERT_TRUE(store_.Write(batch).ok());
  }

  engine::MemoryStore store_;
  std::string path_ = absl::StrCat(::testing::TempDir(), "/log_", getpid(), ".jsonl");
};

TEST_F(ExportLogTest, ProofsStandBesideTheirLeavesWhileTheyAreKept) {
  engine::Batch batch;
  for (uint64_t i = 0; i < 3; ++i) batch.leaves.push_back(TickAt(i));
  batch.leaves[1].proof = std::string("\0\xffp", 3);
  ASSERT_TRUE(store_.Write(batch).ok());
  ASSERT_TRUE(Export(0).ok());
  const auto lines = Lines();
  EXPECT_EQ(nlohmann::json::parse(lines[1])["proof"], "00ff70");
  EXPECT_EQ(transparency::ParseLogLine(lines[1])->proof, batch.leaves[1].proof);
  EXPECT_FALSE(nlohmann::json::parse(lines[2]).contains("proof"));
  EXPECT_EQ(transparency::ParseLogLine(lines[2])->proof, std::nullopt);
  std::string damaged = lines[1];
  damaged.replace(damaged.find("00ff70"), 6, "00ff7x");
  EXPECT_FALSE(transparency::ParseLogLine(damaged).ok());
  ASSERT_TRUE(store_.DeleteProofs(Seconds(1), {1}).ok());
  ASSERT_TRUE(Export(0).ok());
  EXPECT_FALSE(nlohmann::json::parse(Lines()[1]).contains("proof"));
}

TEST_F(ExportLogTest, EveryLeafOnceAndItsBytesGiveItsHash) {
  Store(600);  // more than two pages
  const auto report = Export(0);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->leaf_count, 600u);
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 600u);
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto json = nlohmann::json::parse(lines[i]);
    ASSERT_EQ(json["leaf_index"], i);
    ASSERT_EQ(json["type"], "tick");
    const auto bytes = transparency::Base64Decode(json["leaf"].get<std::string>());
    ASSERT_TRUE(bytes.ok());
    ASSERT_EQ(HexEncode(transparency::LeafHash(AsBytes(*bytes))), json["leaf_hash"]);
  }
}

TEST_F(ExportLogTest, FromTheMiddleAndPastTheEnd) {
  Store(256);  // one page exactly
  EXPECT_EQ(Export(250)->leaf_count, 6u);
  EXPECT_EQ(nlohmann::json::parse(Lines()[0])["leaf_index"], 250);
  const auto none = Export(256);
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_EQ(none->leaf_count, 0u);
  EXPECT_EQ(Export(257).status().code(), absl::StatusCode::kOutOfRange);
}

TEST_F(ExportLogTest, ALeafThatIsNotItsHashIsRefused) {
  engine::Batch batch;
  batch.leaves = {TickAt(0), TickAt(1)};
  batch.leaves[1].bytes[10] ^= 1;
  ASSERT_TRUE(store_.Write(batch).ok());
  const auto report = Export(0);
  EXPECT_EQ(report.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(report.status().message().find("leaf 1"), std::string::npos) << report.status();
}

}  // namespace
}  // namespace prooflode::coordinator
