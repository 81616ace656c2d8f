// Checkpoints are signed for what is stored and for nothing else.
#include "coordinator/checkpoints/checkpoint_publisher.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <deque>
#include <filesystem>

#include "base/files.h"
#include "base/sim/sim_env.h"
#include "coordinator/checkpoints/publisher_thread.h"
#include "coordinator/engine/memory_store.h"

namespace prooflode::checkpoints {
namespace {

using transparency::NoteKey;
using transparency::NoteKeyKind;

class CheckpointPublisherTest : public testing::Test {
 protected:
  CheckpointPublisherTest() {
    folder_ = std::filesystem::temp_directory_path() / absl::StrCat("pl_checkpoints_", getpid());
    std::filesystem::create_directories(folder_);
    path_ = folder_ / "checkpoints.json";
  }
  ~CheckpointPublisherTest() override { std::filesystem::remove_all(folder_); }

  // Leaves of arbitrary bytes.
  static std::vector<transparency::Leaf> Leaves(uint64_t from, uint64_t count, const std::string& content) {
    std::vector<transparency::Leaf> leaves;
    for (uint64_t i = from; i < from + count; ++i) {
      transparency::Leaf leaf{.index = i, .bytes = absl::StrCat(content, i)};
      leaf.hash = transparency::LeafHash(AsBytes(leaf.bytes));
      leaves.push_back(leaf);
    }
    return leaves;
  }
  void Grow(uint64_t count, const std::string& content = "leaf") {
    Append(Leaves(log_->size(), count, content));
  }
  void Append(const std::vector<transparency::Leaf>& leaves) {
    engine::Batch batch;
    batch.leaves = leaves;
    ASSERT_TRUE(store_->Write(batch).ok());
    std::vector<Digest> hashes;
    for (const auto& leaf : leaves) hashes.push_back(leaf.hash);
    log_->Append(hashes);
  }
  // A log that begins anew: another database.
  void StartOver() {
    store_ = std::make_unique<engine::MemoryStore>();
    log_ = std::make_unique<engine::LogTree>();
  }
  StatusOr<std::unique_ptr<CheckpointPublisher>> Open(uint8_t key = 1) {
    keys_.push_back(SigningKey::FromSeed({key}));
    return CheckpointPublisher::Open({LogKeysNow(), path_, witnesses_},
                                     {keys_.back(), *store_, *log_, clock_, metrics_});
  }
  transparency::LogKeys LogKeysNow() const {
    return transparency::LogKeys::Create("m", keys_.back().public_key(), handovers_).value();
  }
  std::unique_ptr<CheckpointPublisher> MustOpen() {
    auto opened = Open();
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  }
  transparency::TreeHead HeadOf(const CheckpointPublisher& publisher, size_t cosignatures = 0) {
    const auto note = publisher.Newest(cosignatures);
    EXPECT_TRUE(note.ok()) << note.status();
    const auto opened = publisher.keys().Open(*note, witnesses_);
    EXPECT_TRUE(opened.ok()) << opened.status();
    EXPECT_GE(opened->witnesses, cosignatures);
    return opened->checkpoint.head;
  }
  NoteKey AddWitness(uint8_t seed) {
    witnesses_.push_back({"witness.example/" + std::to_string(seed), NoteKeyKind::kCosignatureV1,
                          SigningKey::FromSeed({seed}).public_key()});
    return witnesses_.back();
  }
  static std::string Cosigned(const std::string& checkpoint, const NoteKey& witness, uint8_t seed,
                              uint64_t time = 1000) {
    const transparency::Note note = transparency::ParseNote(checkpoint).value();
    return transparency::FormatNote(
        {note.text, {transparency::CosignNote(note.text, witness.name, SigningKey::FromSeed({seed}), time)}});
  }

  std::filesystem::path folder_;
  std::string path_;
  SimClock clock_;
  InertMetrics metrics_;
  std::vector<NoteKey> witnesses_;
  std::deque<SigningKey> keys_;
  std::vector<KeyHandover> handovers_;
  std::unique_ptr<engine::MemoryStore> store_ = std::make_unique<engine::MemoryStore>();
  std::unique_ptr<engine::LogTree> log_ = std::make_unique<engine::LogTree>();
};

TEST_F(CheckpointPublisherTest, SignsWhatGrewAndKeepsItOverARestart) {
  {
    const auto publisher = MustOpen();
    EXPECT_TRUE(absl::IsNotFound(publisher->Newest(0).status()));
    Grow(600);  // more than a page
    ASSERT_TRUE(publisher->Publish().ok());
    EXPECT_EQ(HeadOf(*publisher), log_->Head());
    const std::string first = *publisher->Newest(0);
    ASSERT_TRUE(publisher->Publish().ok());
    EXPECT_EQ(*publisher->Newest(0), first);
  }
  const auto publisher = MustOpen();
  EXPECT_EQ(HeadOf(*publisher), log_->Head());
  Grow(1);
  ASSERT_TRUE(publisher->Publish().ok());
  EXPECT_EQ(HeadOf(*publisher).size, 601u);
}

TEST_F(CheckpointPublisherTest, RefusesALogThatIsShorterOrAnother) {
  Grow(5);
  ASSERT_TRUE(MustOpen()->Publish().ok());
  StartOver();
  Grow(4);
  EXPECT_TRUE(absl::IsDataLoss(Open().status())) << Open().status();
  StartOver();
  Grow(9, "other");
  EXPECT_TRUE(absl::IsDataLoss(Open().status()));
  StartOver();
  Grow(9);
  EXPECT_TRUE(Open().ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Open(/*key=*/2).status()));
}

TEST_F(CheckpointPublisherTest, AHandoverGoesOnWithTheShelfOfTheRetiredKey) {
  Grow(5);
  ASSERT_TRUE(MustOpen()->Publish().ok());
  handovers_ = {
      transparency::HandOver("m", log_->Head(), SigningKey::FromSeed({1}), SigningKey::FromSeed({2}))};
  const auto publisher = Open(/*key=*/2);
  ASSERT_TRUE(publisher.ok()) << publisher.status();
  EXPECT_EQ(HeadOf(**publisher).size, 5u);
  Grow(1);
  ASSERT_TRUE((*publisher)->Publish().ok());
  const auto note = (*publisher)->Newest(0);
  EXPECT_TRUE(transparency::OpenCheckpoint(*note, LogKeysNow().current()).ok());
  // Not even the operator signs with the old key again.
  handovers_.clear();
  EXPECT_TRUE(absl::IsFailedPrecondition(Open(/*key=*/1).status()));
}

TEST_F(CheckpointPublisherTest, SignsNothingWhenStoredLeavesAreNotTheTrees) {
  const auto publisher = MustOpen();
  Grow(3);
  ASSERT_TRUE(publisher->Publish().ok());
  // What is stored is another leaf than the one that went into the tree, with its right hash.
  engine::Batch batch;
  batch.leaves = Leaves(3, 1, "forged");
  ASSERT_TRUE(store_->Write(batch).ok());
  log_->Append({Leaves(3, 1, "leaf")[0].hash});
  EXPECT_TRUE(absl::IsDataLoss(publisher->Publish()));
  EXPECT_EQ(HeadOf(*publisher).size, 3u);
  Grow(1);
  EXPECT_TRUE(absl::IsDataLoss(publisher->Publish()));  // never again
}

TEST_F(CheckpointPublisherTest, SignsNothingWhenBytesDoNotHaveTheirHash) {
  const auto publisher = MustOpen();
  auto leaves = Leaves(0, 2, "leaf");
  leaves[1].bytes += "x";
  Append(leaves);
  EXPECT_TRUE(absl::IsDataLoss(publisher->Publish()));
  EXPECT_TRUE(absl::IsNotFound(publisher->Newest(0).status()));
}

TEST_F(CheckpointPublisherTest, OldLeavesAreHashedAgainAfterARestart) {
  Grow(3);
  ASSERT_TRUE(MustOpen()->Publish().ok());
  const transparency::TreeHead head = log_->Head();
  store_ = std::make_unique<engine::MemoryStore>();
  engine::Batch batch;
  batch.leaves = Leaves(0, 3, "rewritten");
  ASSERT_TRUE(store_->Write(batch).ok());
  const auto publisher = MustOpen();  // the tree is as it was
  ASSERT_EQ(log_->Head(), head);
  EXPECT_TRUE(absl::IsDataLoss(publisher->Publish()));
}

TEST_F(CheckpointPublisherTest, TakesCosignaturesOfKnownWitnessesAlone) {
  const NoteKey known = AddWitness(7);
  const NoteKey other = AddWitness(8);
  const auto publisher = MustOpen();
  Grow(2);
  ASSERT_TRUE(publisher->Publish().ok());
  const std::string first = *publisher->Newest(0);
  EXPECT_TRUE(absl::IsNotFound(publisher->Newest(1).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(publisher->AddCosignatures("nonsense").status()));
  EXPECT_TRUE(absl::IsPermissionDenied(publisher->AddCosignatures(first).status()));
  const NoteKey stranger{"stranger", NoteKeyKind::kCosignatureV1, SigningKey::FromSeed({9}).public_key()};
  EXPECT_TRUE(absl::IsPermissionDenied(publisher->AddCosignatures(Cosigned(first, stranger, 9)).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(publisher->AddCosignatures(Cosigned(first, known, 9)).status()));
  Grow(1);  // a newer checkpoint meanwhile
  ASSERT_TRUE(publisher->Publish().ok());
  EXPECT_EQ(publisher->AddCosignatures(Cosigned(first, known, 7)).value(), 1u);
  EXPECT_EQ(publisher->AddCosignatures(Cosigned(first, known, 7)).value(), 0u);
  EXPECT_EQ(publisher->AddCosignatures(Cosigned(first, known, 7, 2000)).value(), 1u);
  EXPECT_EQ(HeadOf(*publisher, 1).size, 2u);
  EXPECT_TRUE(absl::IsNotFound(publisher->Newest(2).status()));
  EXPECT_EQ(publisher->AddCosignatures(Cosigned(first, other, 8)).value(), 1u);
  EXPECT_EQ(HeadOf(*publisher, 2).size, 2u);
  EXPECT_EQ(HeadOf(*publisher).size, 3u);
  // The cosigned one outlives many others, and a restart.
  for (size_t i = 0; i < 2 * CheckpointShelf::kKept; ++i) {
    Grow(1);
    ASSERT_TRUE(publisher->Publish().ok());
  }
  EXPECT_EQ(HeadOf(*publisher, 2).size, 2u);
  EXPECT_EQ(HeadOf(*MustOpen(), 2).size, 2u);
  const std::string stale =
      transparency::SignCheckpoint({publisher->keys().current().name, log_->HeadAt(4).value(), {}}, keys_[0]);
  EXPECT_TRUE(absl::IsNotFound(publisher->AddCosignatures(stale).status()));
}

TEST_F(CheckpointPublisherTest, ADamagedFileIsNotTakenForAnEmptyOne) {
  for (const char* content :
       {"", "{}", "{\"format\":1,\"checkpoints\":[1]}", "{\"format\":1,\"checkpoints\":[\"x\"]}",
        "{\"format\":\"1\",\"checkpoints\":[]}"}) {
    ASSERT_TRUE(ReplaceFileDurably(path_, AsBytes(std::string(content))).ok());
    EXPECT_TRUE(absl::IsFailedPrecondition(Open().status())) << content;
  }
}

TEST_F(CheckpointPublisherTest, TheThreadPublishesTheLastLeavesAtItsEnd) {
  const auto publisher = MustOpen();
  {
    PublisherThread thread(*publisher, Seconds(3600));
    Grow(3);
  }
  EXPECT_EQ(HeadOf(*publisher).size, 3u);
}

}  // namespace
}  // namespace prooflode::checkpoints
