#include "coordinator/artifacts/artifact_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include "base/check.h"
#include "base/sim/sim_env.h"

namespace prooflode::artifacts {
namespace {

PublicKey Key(uint8_t n) {
  PublicKey key{};
  key.fill(n);
  return key;
}
const PublicKey kAlice = Key(1);
const PublicKey kBob = Key(2);

Limits SmallLimits() {
  return {.artifact_bytes_max = 1000,
          .store_bytes_max = 2500,
          .free_bytes_min = 0,
          .uploads_per_identity_max = 3};
}

class Bench {
 public:
  explicit Bench(Limits limits = SmallLimits()) : limits_(limits) {
    directory = testing::TempDir() + "/pl_artifacts_XXXXXX";
    PL_CHECK(mkdtemp(directory.data()) != nullptr);
    Reopen();
  }
  ~Bench() {
    store.reset();
    std::filesystem::remove_all(directory);
  }
  void Reopen() {
    store.reset();
    auto opened = ArtifactStore::Open(directory + "/artifacts", limits_, clock, metrics_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store = *std::move(opened);
  }
  Status Put(const PublicKey& who, const std::string& content) {
    const Digest digest = Sha256(AsBytes(content));
    auto upload = store->BeginUpload(who, digest, content.size(), store->Find(who, digest).partial_bytes);
    if (!upload.ok()) return upload.status();
    const uint64_t offset = store->Find(who, digest).partial_bytes;
    PL_RETURN_IF_ERROR((*upload)->Append(AsBytes(content).subspan(offset)));
    return (*upload)->Finish();
  }
  std::string Get(const std::string& content) {
    auto artifact = store->OpenForUse(Sha256(AsBytes(content)));
    if (!artifact.ok()) return "";
    std::string read(artifact->size_bytes, '\0');
    PL_CHECK(
        ReadExactly(artifact->fd.get(), 0, {reinterpret_cast<uint8_t*>(read.data()), read.size()}, "a").ok());
    return read;
  }

  std::string directory;
  SimClock clock;
  std::unique_ptr<ArtifactStore> store;

 private:
  InertMetrics metrics_;
  Limits limits_;
};

TEST(ArtifactStore, WhatWasUploadedIsThereAlsoAfterReopening) {
  Bench b;
  const std::string content(900, 'a');
  EXPECT_EQ(b.Get(content), "");
  ASSERT_TRUE(b.Put(kAlice, content).ok());
  EXPECT_EQ(b.Get(content), content);
  b.Reopen();
  EXPECT_EQ(b.Get(content), content);
  EXPECT_EQ(b.store->used_bytes(), 900u);
  EXPECT_TRUE(b.store->Find(kBob, Sha256(AsBytes(content))).complete);
  EXPECT_TRUE(b.Put(kBob, content).ok());  // taken again
  EXPECT_EQ(b.store->used_bytes(), 900u);
}

TEST(ArtifactStore, WhoUploadedItIsKnownAlsoAfterReopeningUntilItIsDeleted) {
  Bench bench;
  const Digest digest = Sha256(AsBytes("content"));
  ASSERT_TRUE(bench.Put(kAlice, "content").ok());
  EXPECT_TRUE(bench.store->HasUploaded(kAlice, digest));
  EXPECT_FALSE(bench.store->HasUploaded(kBob, digest));
  bench.Reopen();
  EXPECT_TRUE(bench.store->HasUploaded(kAlice, digest));
  EXPECT_FALSE(bench.store->HasUploaded(kBob, digest));
  bench.clock.Advance(Seconds(3600));
  EXPECT_EQ(bench.store->Sweep({}, Seconds(60)), 1u);
  EXPECT_FALSE(bench.store->HasUploaded(kAlice, digest));
}

TEST(ArtifactStore, AnUploadGoesOnWhereItBrokeOffAlsoAfterReopening) {
  Bench b;
  const std::string content = std::string(300, 'x') + std::string(400, 'y');
  const Digest digest = Sha256(AsBytes(content));
  {
    auto upload = b.store->BeginUpload(kAlice, digest, 700, 0);
    ASSERT_TRUE(upload.ok());
    ASSERT_TRUE((*upload)->Append(AsBytes(content).first(300)).ok());
    EXPECT_EQ((*upload)->Finish().code(), absl::StatusCode::kInvalidArgument);  // bytes are missing
    EXPECT_EQ(b.store->BeginUpload(kAlice, digest, 700, 0).status().code(),
              absl::StatusCode::kResourceExhausted);
  }
  b.Reopen();
  EXPECT_EQ(b.store->Find(kAlice, digest).partial_bytes, 300u);
  EXPECT_EQ(b.store->Find(kBob, digest).partial_bytes, 0u);
  EXPECT_EQ(b.store->BeginUpload(kAlice, digest, 700, 299).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(b.store->OpenForUse(digest).status().code(), absl::StatusCode::kNotFound);
  auto upload = b.store->BeginUpload(kAlice, digest, 700, 300);
  ASSERT_TRUE(upload.ok()) << upload.status();
  ASSERT_TRUE((*upload)->Append(AsBytes(content).subspan(300)).ok());
  ASSERT_TRUE((*upload)->Finish().ok());
  EXPECT_EQ(b.Get(content), content);
}

TEST(ArtifactStore, AWrongDigestIsThrownAway) {
  Bench b;
  const Digest digest = Sha256(AsBytes("something else"));
  auto upload = b.store->BeginUpload(kAlice, digest, 5, 0);
  ASSERT_TRUE((*upload)->Append(AsBytes("12345")).ok());
  EXPECT_EQ((*upload)->Finish().code(), absl::StatusCode::kDataLoss);
  upload->reset();
  EXPECT_FALSE(b.store->Find(kAlice, digest).complete);
  EXPECT_EQ(b.store->Find(kAlice, digest).partial_bytes, 0u);
  EXPECT_EQ(b.store->used_bytes(), 0u);
}

TEST(ArtifactStore, LimitsHold) {
  Bench b;
  const auto begin = [&](const PublicKey& who, uint8_t n, uint64_t size) {
    Digest digest{};
    digest.fill(n);
    return b.store->BeginUpload(who, digest, size, 0);
  };
  EXPECT_EQ(begin(kAlice, 1, 0).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(begin(kAlice, 1, 1001).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(begin(kAlice, 1, std::numeric_limits<uint64_t>::max()).status().code(),
            absl::StatusCode::kInvalidArgument);
  auto first = begin(kAlice, 1, 1000);
  auto second = begin(kBob, 1, 1000);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(begin(kAlice, 2, 501).status().code(), absl::StatusCode::kResourceExhausted);  // the quota
  auto third = begin(kAlice, 2, 500);
  ASSERT_TRUE(third.ok());
  EXPECT_EQ((*third)->Append(AsBytes(std::string(501, 'x'))).code(), absl::StatusCode::kInvalidArgument);
  first->reset();
  second->reset();
  auto fourth = begin(kAlice, 3, 10);
  EXPECT_TRUE(fourth.ok());
  EXPECT_EQ(begin(kAlice, 4, 10).status().code(), absl::StatusCode::kResourceExhausted);  // three unfinished
}

TEST(ArtifactStore, NobodyReservesMoreThanItsShare) {
  Limits limits = SmallLimits();
  limits.unfinished_bytes_per_identity_max = 1200;
  Bench b(limits);
  const Digest digest = Sha256(AsBytes("a"));
  const auto first = b.store->BeginUpload(kAlice, digest, 1000, 0);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(b.store->BeginUpload(kAlice, Digest{}, 201, 0).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(b.store->BeginUpload(kAlice, Digest{}, 200, 0).ok());
  EXPECT_TRUE(b.store->BeginUpload(kBob, digest, 1000, 0).ok());
}

TEST(ArtifactStore, AFullDiskTakesNothing) {
  Limits limits = SmallLimits();
  limits.free_bytes_min = std::numeric_limits<uint64_t>::max() / 2;
  Bench b(limits);
  EXPECT_EQ(b.Put(kAlice, "abc").code(), absl::StatusCode::kResourceExhausted);
}

TEST(ArtifactStore, LinksAndForeignFilesAreNotFollowed) {
  Bench b;
  const std::string secret = b.directory + "/secret";
  std::ofstream(secret) << "secret";
  const Digest digest = Sha256(AsBytes("secret"));
  const std::string root = b.directory + "/artifacts";
  ASSERT_EQ(symlink(secret.c_str(), (root + "/complete/" + HexEncode(digest)).c_str()), 0);
  ASSERT_EQ(
      symlink(secret.c_str(), (root + "/partial/" + HexEncode(kAlice) + "-" + HexEncode(digest)).c_str()), 0);
  std::ofstream(root + "/complete/..not-a-digest") << "x";
  b.Reopen();
  EXPECT_FALSE(b.store->Find(kAlice, digest).complete);
  EXPECT_FALSE(b.store->BeginUpload(kAlice, digest, 6, 0).ok());
  std::string kept;
  std::ifstream(secret) >> kept;
  EXPECT_EQ(kept, "secret");
}

TEST(ArtifactStore, SweepKeepsWhatIsNeededAndDropsTheRest) {
  Bench b;
  const std::string key = "a key";
  const std::string witness = "a witness";
  const std::string orphan = "nobody's";
  for (const std::string& content : {key, witness, orphan}) ASSERT_TRUE(b.Put(kAlice, content).ok());
  Digest unfinished{};
  ASSERT_TRUE((*b.store->BeginUpload(kAlice, unfinished, 9, 0))->Append(AsBytes("123")).ok());
  const Micros start = b.clock.WallNow();
  const std::map<Digest, Micros> keep = {{Sha256(AsBytes(key)), Micros{std::numeric_limits<int64_t>::max()}},
                                         {Sha256(AsBytes(witness)), start + Seconds(10)}};
  auto reading = b.store->OpenForUse(Sha256(AsBytes(witness)));
  EXPECT_EQ(b.store->Sweep(keep, Seconds(100)), 0u);
  b.clock.Advance(Seconds(11));
  EXPECT_EQ(b.store->Sweep(keep, Seconds(100)), 0u);  // its job is long over, but it was used just now
  b.clock.Advance(Seconds(60));
  EXPECT_EQ(b.Get(orphan), orphan);  // used: its time begins anew
  b.clock.Advance(Seconds(60));
  EXPECT_EQ(b.store->Sweep(keep, Seconds(100)), 2u);  // the witness and the unfinished upload
  EXPECT_EQ(b.Get(witness), "");
  std::string still(reading->size_bytes, '\0');  // who was reading it reads on
  EXPECT_TRUE(
      ReadExactly(reading->fd.get(), 0, {reinterpret_cast<uint8_t*>(still.data()), still.size()}, "w").ok());
  EXPECT_EQ(still, witness);
  b.clock.Advance(Seconds(60));
  EXPECT_EQ(b.store->Sweep(keep, Seconds(100)), 1u);
  EXPECT_EQ(b.Get(orphan), "");
  EXPECT_EQ(b.Get(key), key);
}

TEST(ArtifactStore, AWitnessThatIsUploadedAgainForANewJobIsNotSweptBeforeItIsPosted) {
  Bench b;
  const std::string witness = "a witness";
  ASSERT_TRUE(b.Put(kAlice, witness).ok());
  const std::map<Digest, Micros> keep = {{Sha256(AsBytes(witness)), b.clock.WallNow() + Seconds(10)}};
  b.clock.Advance(Seconds(99));
  ASSERT_TRUE(b.Put(kAlice, witness).ok());
  b.clock.Advance(Seconds(99));
  EXPECT_EQ(b.store->Sweep(keep, Seconds(100)), 0u);
  EXPECT_EQ(b.Get(witness), witness);
  b.clock.Advance(Seconds(100));
  EXPECT_EQ(b.store->Sweep(keep, Seconds(100)), 1u);
}

TEST(ArtifactStore, ABrokenOffUploadGoesOnAlsoWhenAnotherCompletedTheFile) {
  Bench b;
  const std::string content = std::string(300, 'x') + std::string(400, 'y');
  const Digest digest = Sha256(AsBytes(content));
  ASSERT_TRUE((*b.store->BeginUpload(kAlice, digest, 700, 0))->Append(AsBytes(content).first(300)).ok());
  ASSERT_TRUE(b.Put(kBob, content).ok());
  EXPECT_TRUE(b.store->Find(kAlice, digest).complete);
  EXPECT_EQ(b.store->Find(kAlice, digest).partial_bytes, 300u);
  auto upload = b.store->BeginUpload(kAlice, digest, 700, 300);
  ASSERT_TRUE(upload.ok()) << upload.status();
  ASSERT_TRUE((*upload)->Append(AsBytes(content).subspan(300)).ok());
  EXPECT_TRUE((*upload)->Finish().ok());
  EXPECT_EQ(b.store->used_bytes(), 700u);
}

TEST(ArtifactStore, ManyThreadsUploadAtOnce) {
  Limits limits = SmallLimits();
  limits.store_bytes_max = 1 << 20;
  Bench b(limits);
  std::vector<std::thread> threads;
  for (uint8_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string content = "shared content " + std::to_string(i);
        EXPECT_TRUE(b.Put(Key(t), content).ok());
        EXPECT_EQ(b.Get(content), content);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace prooflode::artifacts
