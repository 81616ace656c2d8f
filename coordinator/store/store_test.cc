#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/check.h"
#include "coordinator/engine/memory_store.h"
#include "coordinator/store/data_dir_lock.h"
#include "coordinator/store/sqlite_store.h"
#include "coordinator/store/store_conformance_test.h"

namespace prooflode::store {
namespace {

class TempDir {
 public:
  TempDir() {
    std::string name = testing::TempDir() + "/pl_store_XXXXXX";
    PL_CHECK(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~TempDir() { std::filesystem::remove_all(path); }
  std::string path;
};

class SqliteHarness {
 public:
  SqliteHarness() { Reopen(); }
  engine::Store& store() { return *store_; }
  void Reopen() {
    store_.reset();
    auto opened = SqliteStore::Open(directory_.path + "/market.db", TestKey(77), {}, metrics_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }

 private:
  TempDir directory_;
  InertMetrics metrics_;
  std::unique_ptr<SqliteStore> store_;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, StoreConformance, SqliteHarness);

struct MemoryHarness {
  engine::Store& store() { return memory; }
  void Reopen() {}
  engine::MemoryStore memory;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StoreConformance, MemoryHarness);

TEST(SqliteStore, RefusesForeignDatabasesAndVersions) {
  TempDir directory;
  InertMetrics metrics;
  const std::string foreign = directory.path + "/foreign.db";
  ASSERT_TRUE(Connection::Open(foreign, Connection::Mode::kReadWrite)->Execute("CREATE TABLE t (a)").ok());
  EXPECT_EQ(SqliteStore::Open(foreign, TestKey(77), {}, metrics).status().code(),
            absl::StatusCode::kFailedPrecondition);

  const std::string newer = directory.path + "/newer.db";
  ASSERT_TRUE(SqliteStore::Open(newer, TestKey(77), {}, metrics).ok());
  ASSERT_TRUE(Connection::Open(newer, Connection::Mode::kReadWrite)
                  ->Execute("UPDATE schema_version SET version = 99")
                  .ok());
  const Status status = SqliteStore::Open(newer, TestKey(77), {}, metrics).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("version 99"), absl::string_view::npos) << status;

  const std::string garbage = directory.path + "/garbage.db";
  ASSERT_TRUE(CreateFileDurably(garbage, AsBytes(std::string(4096, 'x')), 0600).ok());
  EXPECT_FALSE(SqliteStore::Open(garbage, TestKey(77), {}, metrics).ok());
}

TEST(SqliteStore, ADatabaseBelongsToTheCoordinatorThatMadeIt) {
  TempDir directory;
  InertMetrics metrics;
  const std::string path = directory.path + "/market.db";
  auto found = SqliteStore::FindCoordinator(path);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_FALSE(found->has_value());
  EXPECT_FALSE(std::filesystem::exists(path));
  ASSERT_TRUE(SqliteStore::Open(path, TestKey(1), {}, metrics).ok());
  found = SqliteStore::FindCoordinator(path);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(*found, TestKey(1));
  const Status other = SqliteStore::Open(path, TestKey(2), {}, metrics).status();
  EXPECT_EQ(other.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(other.message().find(HexEncode(TestKey(1))), absl::string_view::npos) << other;
  EXPECT_TRUE(SqliteStore::Open(path, TestKey(1), {}, metrics).ok());
  EXPECT_EQ((*SqliteStore::OpenReadOnly(path, metrics))->coordinator(), TestKey(1));
  // Which is in the database, so in a copy of it too.
  const std::string copy = directory.path + "/copy.db";
  ASSERT_TRUE((*SqliteStore::OpenReadOnly(path, metrics))->BackUpTo(copy).ok());
  EXPECT_EQ(*SqliteStore::FindCoordinator(copy), TestKey(1));
}

TEST(SqliteStore, AHandoverIsStoredWithItsLeafAndGivesTheDatabaseAway) {
  TempDir directory;
  InertMetrics metrics;
  const std::string path = directory.path + "/market.db";
  const KeyHandover handover{.retired = TestKey(77),
                             .successor = TestKey(78),
                             .tree_size = 9,
                             .root = Digest{5},
                             .by_retired = {6},
                             .by_successor = {7}};
  {
    auto store = SqliteStore::Open(path, TestKey(77), {}, metrics);
    ASSERT_TRUE(store.ok());
    BatchMaker maker;
    engine::Batch batch = BusyBatch(maker);
    batch.handover = handover;
    ASSERT_TRUE((*store)->Write(batch).ok());
    EXPECT_EQ(*(*store)->LoadHandovers(), std::vector{handover});
  }
  EXPECT_EQ(*SqliteStore::FindCoordinator(path), TestKey(78));
  EXPECT_FALSE(SqliteStore::Open(path, TestKey(77), {}, metrics).ok());
  auto store = SqliteStore::Open(path, TestKey(78), {}, metrics);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(*(*store)->LoadHandovers(), std::vector{handover});
}

TEST(SqliteStore, TheDatabaseRefusesNegativeBalancesAndUnknownStates) {
  TempDir directory;
  InertMetrics metrics;
  const std::string path = directory.path + "/market.db";
  auto store = SqliteStore::Open(path, TestKey(77), {}, metrics);
  ASSERT_TRUE(store.ok());
  BatchMaker maker;
  ASSERT_TRUE((*store)->Write(BusyBatch(maker)).ok());
  auto db = Connection::Open(path, Connection::Mode::kReadWrite);
  EXPECT_FALSE(db->Execute("UPDATE accounts SET balance_units = -1").ok());
  EXPECT_FALSE(db->Execute("UPDATE jobs SET state = 9").ok());
  EXPECT_FALSE(db->Execute("UPDATE jobs SET state = 4").ok());  // won, by nobody
  EXPECT_TRUE(db->Execute("UPDATE accounts SET balance_units = balance_units").ok());
}

TEST(SqliteStore, ADamagedLeafIsNoticedAtLoad) {
  TempDir directory;
  InertMetrics metrics;
  const std::string path = directory.path + "/market.db";
  auto store = SqliteStore::Open(path, TestKey(77), {}, metrics);
  BatchMaker maker;
  ASSERT_TRUE((*store)->Write(BusyBatch(maker)).ok());
  auto db = Connection::Open(path, Connection::Mode::kReadWrite);
  const auto load = [&] {
    market::Market market{market::Rules{}};
    std::vector<Digest> hashes;
    return (*store)->Load(market, hashes);
  };
  ASSERT_TRUE(load().ok());
  ASSERT_TRUE(db->Execute("UPDATE leaves SET bytes = zeroblob(8) WHERE leaf_index = 3").ok());
  EXPECT_EQ(load().code(), absl::StatusCode::kDataLoss);
  ASSERT_TRUE(db->Execute("DELETE FROM leaves WHERE leaf_index = 2").ok());
  EXPECT_EQ(load().code(), absl::StatusCode::kDataLoss);
}

TEST(SqliteStore, ReadsAndBacksUpBesideAWriter) {
  TempDir directory;
  InertMetrics metrics;
  const std::string path = directory.path + "/market.db";
  auto writer = SqliteStore::Open(path, TestKey(77), {}, metrics);
  BatchMaker maker;
  ASSERT_TRUE((*writer)->Write(BusyBatch(maker)).ok());
  auto reader = SqliteStore::OpenReadOnly(path, metrics);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_FALSE((*reader)->Write({}).ok());
  const size_t before = (*reader)->ReadLeaves(0, 1000)->size();
  maker.Do({}, market::Deposit{TestKey(3), Amount{5}, "later"});
  ASSERT_TRUE((*writer)->Write(maker.Take()).ok());
  EXPECT_EQ((*reader)->ReadLeaves(0, 1000)->size(), before);  // still its own moment
  EXPECT_EQ((*writer)->ReadLeaves(0, 1000)->size(), before + 1);

  const std::string copy = directory.path + "/copy.db";
  ASSERT_TRUE((*writer)->BackUpTo(copy).ok());
  EXPECT_EQ((*writer)->BackUpTo(copy).code(), absl::StatusCode::kAlreadyExists);
  auto restored = SqliteStore::Open(copy, TestKey(77), {}, metrics);
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_TRUE((*restored)->CheckIntegrity().ok());
  market::Market market{market::Rules{}};
  std::vector<Digest> hashes;
  ASSERT_TRUE((*restored)->Load(market, hashes).ok());
  ExpectSameMarket(market, maker.market);
}

TEST(SqliteStore, OldAnswersAreForgotten) {
  TempDir directory;
  InertMetrics metrics;
  SqliteOptions options;
  options.answers_kept = Seconds(10);
  auto store = SqliteStore::Open(directory.path + "/market.db", TestKey(77), options, metrics);
  for (int i = 0; i < 300; ++i) {  // old answers go once in 256 writes
    engine::Batch batch;
    batch.answers.push_back({TestKey(1), absl::StrCat("request ", i), {}, Seconds(i), "answer"});
    ASSERT_TRUE((*store)->Write(batch).ok());
  }
  EXPECT_FALSE((*store)->FindAnswer(TestKey(1), "request 100")->has_value());
  EXPECT_TRUE((*store)->FindAnswer(TestKey(1), "request 250")->has_value());
}

TEST(DataDirLock, OneHolderAtATime) {
  TempDir directory;
  auto first = DataDirLock::Acquire(directory.path);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(DataDirLock::Acquire(directory.path).status().code(), absl::StatusCode::kFailedPrecondition);
  first = absl::CancelledError();
  EXPECT_TRUE(DataDirLock::Acquire(directory.path).ok());
}

}  // namespace
}  // namespace prooflode::store
