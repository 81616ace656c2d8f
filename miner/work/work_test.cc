#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/crypto.h"
#include "base/sim/sim_env.h"
#include "miner/work/artifact_cache.h"
#include "miner/work/journal.h"
#include "miner/work/memory.h"

namespace prooflode::miner {
namespace {

class WorkTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/prooflode-work-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Content(size_t size, uint64_t seed) {
    std::string bytes(size, '\0');
    SimRandom(seed).Fill({reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
    return bytes;
  }
  std::unique_ptr<ArtifactCache> OpenCache(uint64_t quota = 1 << 20) {
    return OpenCache(CacheOptions{.quota_bytes = quota});
  }
  std::unique_ptr<ArtifactCache> OpenCache(CacheOptions options) {
    auto cache = ArtifactCache::Open(folder_ + "/cache", std::move(options));
    EXPECT_TRUE(cache.ok()) << cache.status();
    return *std::move(cache);
  }
  Digest Add(ArtifactCache& cache, const std::string& content, ArtifactKind kind = ArtifactKind::kKey) {
    const Digest digest = Sha256(AsBytes(content));
    auto reservation = cache.Reserve(digest, kind, content.size());
    EXPECT_TRUE(reservation.ok()) << reservation.status();
    EXPECT_TRUE(CreateFileDurably((*reservation)->path(), AsBytes(content), 0600).ok());
    EXPECT_TRUE((*reservation)->Finish().ok());
    return digest;
  }
  static std::string ReadAll(int fd, size_t size) {
    std::string bytes(size, '\0');
    EXPECT_TRUE(ReadExactly(fd, 0, {reinterpret_cast<uint8_t*>(bytes.data()), size}, "file").ok());
    return bytes;
  }
  bool Has(ArtifactCache& cache, const Digest& digest) {
    auto found = cache.Find(digest);
    EXPECT_TRUE(found.ok());
    return found->has_value();
  }
  std::string File(const Digest& digest) const { return folder_ + "/cache/" + HexEncode(digest); }

  std::string folder_;
};

TEST_F(WorkTest, KeepsAndFindsAcrossRestarts) {
  const std::string content = Content(5000, 1);
  Digest digest;
  {
    auto cache = OpenCache();
    digest = Add(*cache, content);
    EXPECT_EQ(cache->bytes(), 5000u);
  }
  auto cache = OpenCache();
  auto found = cache->Find(digest);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ(ReadAll((*found)->get(), content.size()), content);
  EXPECT_EQ(fcntl((*found)->get(), F_GETFL) & O_ACCMODE, O_RDONLY);
  struct stat info;
  ASSERT_EQ(stat((folder_ + "/cache").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  ASSERT_EQ(stat(File(digest).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(WorkTest, RefusesAFolderThatOthersMayRead) {
  ASSERT_EQ(mkdir((folder_ + "/cache").c_str(), 0755), 0);
  ASSERT_EQ(chmod((folder_ + "/cache").c_str(), 0755), 0);
  EXPECT_EQ(ArtifactCache::Open(folder_ + "/cache", {.quota_bytes = 1}).status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(WorkTest, KeepsWhatCameOfACutTransfer) {
  const std::string content = Content(5000, 2);
  const Digest digest = Sha256(AsBytes(content));
  {
    auto cache = OpenCache();
    auto reservation = *cache->Reserve(digest, ArtifactKind::kKey, content.size());
    EXPECT_EQ(cache->bytes(), 5000u);
    const std::string partial = reservation->path() + ".partial";
    ASSERT_TRUE(CreateFileDurably(partial, AsBytes(content).first(1234), 0600).ok());
    EXPECT_EQ(cache->Reserve(digest, ArtifactKind::kKey, content.size()).status().code(),
              absl::StatusCode::kAborted);
    reservation.reset();
    EXPECT_EQ(cache->bytes(), 1234u);
  }
  auto cache = OpenCache();
  EXPECT_EQ(cache->bytes(), 1234u);
  EXPECT_FALSE(Has(*cache, digest));
  auto reservation = *cache->Reserve(digest, ArtifactKind::kKey, content.size());
  EXPECT_TRUE(std::filesystem::exists(reservation->path() + ".partial"));
  EXPECT_FALSE(reservation->Finish().ok());  // nothing is there yet
  ASSERT_TRUE(CreateFileDurably(reservation->path(), AsBytes(content), 0600).ok());
  EXPECT_TRUE(reservation->Finish().ok());
  EXPECT_TRUE(Has(*cache, digest));
}

TEST_F(WorkTest, RefusesAFileOfAnotherSize) {
  auto cache = OpenCache();
  auto reservation = *cache->Reserve(Sha256(AsBytes("x")), ArtifactKind::kKey, 100);
  ASSERT_TRUE(CreateFileDurably(reservation->path(), AsBytes("x"), 0600).ok());
  EXPECT_EQ(reservation->Finish().status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(WorkTest, DeletesDamagedFiles) {
  Digest digest;
  {
    auto cache = OpenCache();
    digest = Add(*cache, Content(5000, 5));
  }
  {
    std::fstream file(File(digest), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(2500);
    file.put('!');
    file.put('!');
  }
  auto cache = OpenCache();
  EXPECT_FALSE(Has(*cache, digest));
  EXPECT_FALSE(std::filesystem::exists(File(digest)));
}

TEST_F(WorkTest, DeletesTheLongestUnusedWithinItsQuota) {
  auto cache = OpenCache(10'000);
  const Digest first = Add(*cache, Content(4000, 6));
  const Digest second = Add(*cache, Content(4000, 7));
  EXPECT_TRUE(Has(*cache, first));  // used later than the second
  const Digest third = Add(*cache, Content(4000, 8));
  EXPECT_LE(cache->bytes(), 10'000u);
  EXPECT_TRUE(Has(*cache, first));
  EXPECT_FALSE(Has(*cache, second));
  EXPECT_TRUE(Has(*cache, third));
  EXPECT_EQ(cache->Reserve(second, ArtifactKind::kKey, 10'001).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(WorkTest, AnOpenFileOutlivesItsEviction) {
  auto cache = OpenCache(10'000);
  const std::string content = Content(4000, 9);
  const Digest digest = Add(*cache, content);
  auto found = cache->Find(digest);
  ASSERT_TRUE(found.ok() && found->has_value());
  cache->Remove(digest);
  EXPECT_FALSE(Has(*cache, digest));
  EXPECT_EQ(ReadAll((*found)->get(), content.size()), content);
}

TEST_F(WorkTest, WitnessesOfAKilledMinerAreDeletedAtTheNextStart) {
  const std::string key = Content(5000, 1);
  const std::string witness = Content(3000, 2);
  const std::string cut = Content(2000, 3);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {  // a miner that ends without a chance to tidy up
    auto cache = OpenCache();
    Add(*cache, key);
    Add(*cache, witness, ArtifactKind::kWitness);
    auto reservation = *cache->Reserve(Sha256(AsBytes(cut)), ArtifactKind::kWitness, cut.size());
    const bool put = CreateFileDurably(reservation->path() + ".partial", AsBytes(cut).first(999), 0600).ok();
    _exit(put ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  const auto files = [&] {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/cache")) {
      names.push_back(entry.path().filename());
    }
    return names;
  };
  ASSERT_EQ(files().size(), 3u);
  auto cache = OpenCache();
  EXPECT_THAT(files(), testing::ElementsAre(HexEncode(Sha256(AsBytes(key)))));
  EXPECT_EQ(cache->bytes(), key.size());
  EXPECT_FALSE(Has(*cache, Sha256(AsBytes(witness))));
}

TEST_F(WorkTest, WitnessesOutliveNeitherTheirCacheNorACutTransfer) {
  const std::string witness = Content(3000, 2);
  const Digest cut = Sha256(AsBytes("cut"));
  {
    auto cache = OpenCache();
    EXPECT_TRUE(Has(*cache, Add(*cache, witness, ArtifactKind::kWitness)));
    auto reservation = *cache->Reserve(cut, ArtifactKind::kWitness, 3);
    const std::string partial = reservation->path() + ".partial";
    ASSERT_TRUE(CreateFileDurably(partial, AsBytes("c"), 0600).ok());
    reservation.reset();
    EXPECT_FALSE(std::filesystem::exists(partial));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_ + "/cache"));
}

TEST_F(WorkTest, WitnessesAreDeletedBeforeAnEndAtOnce) {
  const std::string key = Content(5000, 1);
  const std::string witness = Content(3000, 2);
  auto cache = OpenCache();
  Add(*cache, key);
  Add(*cache, witness, ArtifactKind::kWitness);
  auto reservation = *cache->Reserve(Sha256(AsBytes("cut")), ArtifactKind::kWitness, 3);
  const std::string partial = reservation->path() + ".partial";
  ASSERT_TRUE(CreateFileDurably(partial, AsBytes("c"), 0600).ok());
  EXPECT_TRUE(cache->DeleteWitnesses().ok());
  EXPECT_FALSE(std::filesystem::exists(partial));
  EXPECT_FALSE(Has(*cache, Sha256(AsBytes(witness))));
  EXPECT_TRUE(Has(*cache, Sha256(AsBytes(key))));
  EXPECT_TRUE(cache->DeleteWitnesses().ok());
}

TEST_F(WorkTest, AFolderThatCannotBeWrittenIsFoundAtTheStart) {
  // Ours, private, and no file can be made in it, not even by root.
  const auto cache = ArtifactCache::Open("/proc/self/fd", {.quota_bytes = 1 << 20});
  EXPECT_EQ(cache.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(cache.status().message()), testing::HasSubstr("cannot be written: /proc/self/fd"));
  OpenCache();
  EXPECT_TRUE(std::filesystem::is_empty(folder_ + "/cache"));
}

TEST_F(WorkTest, AFullDiskShrinksTheCacheAndRefusesFiles) {
  uint64_t disk = 20'000;  // of everybody; what others take of it:
  uint64_t others = 0;
  const auto disk_free = [&]() -> StatusOr<uint64_t> {
    uint64_t ours = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/cache")) {
      ours += entry.file_size();
    }
    return disk - std::min(disk, others + ours);
  };
  auto cache =
      OpenCache(CacheOptions{.quota_bytes = 15'000, .free_bytes_min = 2'000, .disk_free = disk_free});
  EXPECT_EQ(cache->Measure()->room, 15'000u);  // the quota
  const Digest first = Add(*cache, Content(4000, 1));
  const Digest second = Add(*cache, Content(4000, 2));
  others = 7'000;
  EXPECT_EQ(cache->Measure()->room, 11'000u);
  EXPECT_EQ(cache->bytes(), 8000u);
  others = 12'000;  // 6000 are left for the cache
  const auto space = cache->Measure();
  ASSERT_TRUE(space.ok()) << space.status();
  EXPECT_EQ(space->room, 6'000u);
  EXPECT_EQ(space->deleted, 4'000u);
  EXPECT_FALSE(Has(*cache, first));
  EXPECT_TRUE(Has(*cache, second));
  // Measured again before a fetch, without being told.
  others = 15'000;
  const auto refused = cache->Reserve(first, ArtifactKind::kKey, 4000);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.status().message()), testing::HasSubstr("stay free"));
  EXPECT_EQ(cache->bytes(), 0u);  // the other one had to go
  others = 0;
  EXPECT_TRUE(cache->Reserve(first, ArtifactKind::kKey, 4000).ok());
}

TEST_F(WorkTest, ADiskThatCannotBeAskedIsAnError) {
  bool broken = false;
  CacheOptions options{.quota_bytes = 1000};
  options.disk_free = [&]() -> StatusOr<uint64_t> {
    if (broken) return absl::UnavailableError("gone");
    return 1000;
  };
  auto cache = OpenCache(std::move(options));
  broken = true;
  EXPECT_FALSE(cache->Measure().ok());
  EXPECT_FALSE(cache->Reserve(Digest{1}, ArtifactKind::kKey, 10).ok());
  EXPECT_EQ(cache->bytes(), 0u);
}

CommitRecord MakeRecord(uint8_t n) {
  CommitRecord record;
  SimRandom random(n);
  random.Fill(record.attempt.id);
  random.Fill(record.attempt.job);
  record.attempt.fence = 77;
  random.Fill(record.proof);
  record.public_inputs = std::string(32 * n, 'p');
  random.Fill(record.nonce);
  random.Fill(record.commit_request);
  random.Fill(record.reveal_request.emplace());
  return record;
}

TEST_F(WorkTest, JournalKeepsRecordsUntilTheyAreRemoved) {
  auto journal = Journal::Open(folder_ + "/journal");
  ASSERT_TRUE(journal.ok()) << journal.status();
  const CommitRecord record = MakeRecord(1);
  ASSERT_TRUE(journal->Put(record).ok());
  ASSERT_TRUE(journal->Put(MakeRecord(2)).ok());
  ASSERT_TRUE(journal->Remove(MakeRecord(2).attempt.id).ok());
  ASSERT_TRUE(journal->Remove(MakeRecord(3).attempt.id).ok());
  auto again = Journal::Open(folder_ + "/journal");
  ASSERT_TRUE(again.ok());
  auto content = again->Load();
  ASSERT_TRUE(content.ok()) << content.status();
  ASSERT_EQ(content->records.size(), 1u);
  EXPECT_TRUE(content->damaged.empty());
  EXPECT_EQ(EncodeCommitRecord(content->records[0]), EncodeCommitRecord(record));
  EXPECT_EQ(content->records[0].attempt.fence, 77u);
  struct stat info;
  const std::string path = folder_ + "/journal/" + HexEncode(record.attempt.id) + ".commit";
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(WorkTest, JournalKeepsTheJobsThatAreBeingAccepted) {
  auto journal = Journal::Open(folder_ + "/journal");
  ASSERT_TRUE(journal.ok()) << journal.status();
  const JobId one{1};
  const JobId two{2};
  ASSERT_TRUE(journal->PutJob(one).ok());
  ASSERT_TRUE(journal->PutJob(one).ok());
  ASSERT_TRUE(journal->PutJob(two).ok());
  ASSERT_TRUE(journal->RemoveJob(two).ok());
  ASSERT_TRUE(journal->RemoveJob(two).ok());
  std::ofstream(folder_ + "/journal/no-job.job") << "x";
  auto content = Journal::Open(folder_ + "/journal")->Load();
  ASSERT_TRUE(content.ok()) << content.status();
  EXPECT_EQ(content->jobs, std::vector<JobId>{one});
  EXPECT_TRUE(content->records.empty());
}

TEST_F(WorkTest, JournalRefusesEveryDamagedByteAndKeepsTheFile) {
  const std::string good = EncodeCommitRecord(MakeRecord(1));
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_EQ(DecodeCommitRecord(AsBytes(bad)).status().code(), absl::StatusCode::kDataLoss) << i;
  }
  EXPECT_FALSE(DecodeCommitRecord(AsBytes(good.substr(1))).ok());
  EXPECT_FALSE(DecodeCommitRecord(AsBytes(good + 'x')).ok());
  EXPECT_FALSE(DecodeCommitRecord({}).ok());

  auto journal = Journal::Open(folder_ + "/journal");
  ASSERT_TRUE(journal.ok());
  const std::string path = folder_ + "/journal/" + HexEncode(MakeRecord(1).attempt.id) + ".commit";
  std::ofstream(path) << good.substr(0, 100);
  auto content = journal->Load();
  ASSERT_TRUE(content.ok());
  EXPECT_EQ(content->damaged.size(), 1u);
  EXPECT_TRUE(std::filesystem::exists(path + ".damaged"));
}

TEST(Memory, WhatTheKernelSaysIsRead) {
  EXPECT_EQ(AvailableMemoryIn("MemTotal:  100 kB\nMemAvailable:   12 kB\nBuffers: 1 kB\n"), 12u << 10);
  EXPECT_EQ(AvailableMemoryIn("MemTotal:  100 kB\n"), std::nullopt);
  EXPECT_EQ(AvailableMemoryIn("MemAvailable: much\n"), std::nullopt);
  EXPECT_EQ(AvailableMemoryIn("MemAvailable: -1 kB\n"), std::nullopt);
}

TEST_F(WorkTest, JournalKeepsHowFarEndsWereHandled) {
  auto journal = Journal::Open(folder_ + "/journal");
  ASSERT_TRUE(journal.ok()) << journal.status();
  EXPECT_FALSE(journal->Load()->place.has_value());
  ASSERT_TRUE(journal->PutPlace({7}, {1, {1}}).ok());
  ASSERT_TRUE(journal->PutPlace({7}, {uint64_t{1} << 40, {2}}).ok());
  const auto content = Journal::Open(folder_ + "/journal")->Load();
  ASSERT_TRUE(content.ok()) << content.status();
  ASSERT_TRUE(content->place.has_value());
  EXPECT_EQ(content->place->coordinator, PublicKey{7});
  EXPECT_EQ(content->place->place, (EndPlace{uint64_t{1} << 40, {2}}));

  const std::string good = EncodePlace(*content->place);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_EQ(DecodePlace(AsBytes(bad)).status().code(), absl::StatusCode::kDataLoss) << i;
  }
  EXPECT_FALSE(DecodePlace(AsBytes(good + 'x')).ok());
  std::ofstream(folder_ + "/journal/events.place") << good.substr(1);
  const auto damaged = journal->Load();
  ASSERT_TRUE(damaged.ok()) << damaged.status();
  EXPECT_FALSE(damaged->place.has_value());
  EXPECT_EQ(damaged->damaged, std::vector<std::string>{"events.place"});
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/journal/events.place.damaged"));
}

}  // namespace
}  // namespace prooflode::miner
