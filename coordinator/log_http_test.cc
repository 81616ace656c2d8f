#include "coordinator/log_http.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/sim/sim_env.h"
#include "coordinator/engine/memory_store.h"

namespace prooflode::coordinator {
namespace {

class LogPagesTest : public testing::Test {
 protected:
  LogPagesTest() {
    path_ = std::filesystem::temp_directory_path() / absl::StrCat("pl_log_http_", getpid(), ".json");
    engine::Batch batch;
    std::vector<Digest> hashes;
    for (uint64_t i = 0; i < 20; ++i) {
      transparency::Leaf leaf{.index = i, .bytes = transparency::EncodeLeaf({.time = Micros{1}})};
      leaf.hash = transparency::LeafHash(AsBytes(leaf.bytes));
      hashes.push_back(leaf.hash);
      batch.leaves.push_back(leaf);
    }
    EXPECT_TRUE(store_.Write(batch).ok());
    log_.Append(hashes);
    checkpoints_ = checkpoints::CheckpointPublisher::Open(
                       {transparency::LogKeys::Create("m", key_.public_key()).value(), path_, {}},
                       {key_, store_, log_, clock_, metrics_})
                       .value();
    log_pages_ = std::make_unique<LogPages>(log_, store_, *checkpoints_);
    pages_ = log_pages_->Handlers();
  }
  ~LogPagesTest() override { std::filesystem::remove(path_); }

  HttpResponse Get(const std::string& path, const std::string& query) { return pages_.at(path)(query); }

  std::string path_;
  SigningKey key_ = SigningKey::FromSeed({1});
  SimClock clock_;
  InertMetrics metrics_;
  engine::MemoryStore store_;
  engine::LogTree log_;
  std::unique_ptr<checkpoints::CheckpointPublisher> checkpoints_;
  std::unique_ptr<LogPages> log_pages_;
  std::map<std::string, HttpEndpoint::QueryHandler> pages_;
};

TEST_F(LogPagesTest, GivesCheckpointProofsAndLeaves) {
  EXPECT_EQ(Get("/log/checkpoint", "").code, 404);
  ASSERT_TRUE(checkpoints_->Publish().ok());
  const HttpResponse checkpoint = Get("/log/checkpoint", "");
  EXPECT_EQ(checkpoint.code, 200);
  EXPECT_EQ(checkpoints_->keys().Open(checkpoint.body)->checkpoint.head, log_.Head());
  EXPECT_EQ(Get("/log/checkpoint", "cosignatures=1").code, 404);

  const auto proof = nlohmann::json::parse(Get("/log/consistency", "from=7&to=20").body);
  std::vector<Digest> nodes;
  for (const auto& node : proof["nodes"]) nodes.push_back(*DigestFromHex(node.get<std::string>()));
  EXPECT_TRUE(transparency::VerifyConsistency(log_.HeadAt(7).value(), log_.Head(), nodes));
  EXPECT_EQ(nlohmann::json::parse(Get("/log/inclusion", "index=3&size=9").body)["nodes"].size(), 4u);

  const std::string leaves = Get("/log/leaves", "from=18").body;
  EXPECT_EQ(std::count(leaves.begin(), leaves.end(), '\n'), 2);
  EXPECT_EQ(nlohmann::json::parse(leaves.substr(0, leaves.find('\n')))["leaf_index"], 18);
  EXPECT_EQ(Get("/log/leaves", "from=0&count=3").body.find("\"leaf_index\":3"), std::string::npos);
  EXPECT_EQ(Get("/log/leaves", "from=20").body, "");
}

TEST_F(LogPagesTest, RefusesOtherQueries) {
  for (const char* query : {"", "from=1", "from=1&to=x", "from=1&to=-2", "from=2&to=1", "from=1&to=2&from=1",
                            "from=1&to=2&size=3", "from=1&to=99999999999999999999"}) {
    EXPECT_EQ(Get("/log/consistency", query).code, 400) << query;
  }
  EXPECT_EQ(Get("/log/consistency", "from=1&to=21").code, 404);
  EXPECT_EQ(Get("/log/inclusion", "index=20&size=20").code, 400);
  EXPECT_EQ(Get("/log/inclusion", "index=20&size=21").code, 404);
}

}  // namespace
}  // namespace prooflode::coordinator
