// A client that is shown two histories notices, whoever shows them, and keeps the proof.
#include "client/log_view.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "transparency/leaf.h"
#include "transparency/signing.h"

namespace prooflode::client {
namespace {

using transparency::MerkleTree;
using transparency::TreeHead;

class LogViewTest : public testing::Test {
 protected:
  LogViewTest() {
    folder_ = std::filesystem::temp_directory_path() / absl::StrCat("pl_log_view_", getpid());
    view_ = LogView::Open(folder_).value();
    honest_ = Tree(30, "leaf");
    forked_ = Tree(30, "fork");
  }
  ~LogViewTest() override { std::filesystem::remove_all(folder_); }

  // The first ten leaves are those of every tree.
  static MerkleTree Tree(uint64_t size, const std::string& content) {
    MerkleTree tree;
    for (uint64_t i = 0; i < size; ++i) tree.Append(transparency::LeafHash(AsBytes(Leaf(i, content))));
    return tree;
  }
  static std::string Leaf(uint64_t i, const std::string& content) {
    return absl::StrCat(i < 10 ? "leaf" : content, i);
  }
  transparency::Receipt ReceiptOf(const MerkleTree& tree, uint64_t index,
                                  const std::string& content = "leaf") {
    transparency::Receipt receipt{.market = "m", .coordinator = key_.public_key(), .leaf_index = index};
    receipt.leaf = Leaf(index, content);
    receipt.tree = {index + 1, tree.RootAt(index + 1)};
    receipt.inclusion_proof = tree.InclusionProofAt(index, index + 1);
    const std::string message = transparency::ReceiptMessage(
        {"m", index, transparency::LeafHash(AsBytes(receipt.leaf)), receipt.tree.size, receipt.tree.root});
    receipt.signature = key_.Sign(transparency::kReceiptDomain, AsBytes(message));
    EXPECT_TRUE(transparency::CheckReceipt(receipt).ok());
    return receipt;
  }
  std::string Note(const MerkleTree& tree, uint64_t size) {
    return transparency::SignCheckpoint({log_.current().name, {size, tree.RootAt(size)}, {}}, key_);
  }
  static LogView::ProofSource ProofsOf(const MerkleTree& tree) {
    return [&tree](uint64_t from, uint64_t to) -> StatusOr<std::vector<Digest>> {
      if (to > tree.size()) return absl::OutOfRangeError("short");
      return tree.ConsistencyProof(from, to);
    };
  }
  // As a coordinator with this tree answers a commit.
  Status Take(const MerkleTree& tree, uint64_t index, const std::string& content = "leaf") {
    const auto asked = view_->known(log_);
    const auto [from, to] = std::minmax({asked.head.size, index + 1});
    return view_->TakeReceipt(log_, ReceiptOf(tree, index, content), asked, tree.ConsistencyProof(from, to),
                              ProofsOf(tree));
  }
  uint64_t Frauds() {
    std::ifstream in(folder_ + "/fraud.jsonl");
    uint64_t lines = 0;
    for (std::string line; std::getline(in, line);) ++lines;
    return lines;
  }

  std::string folder_;
  SigningKey key_ = SigningKey::FromSeed({1});
  transparency::LogKeys log_ = transparency::LogKeys::Create("m", key_.public_key()).value();
  MerkleTree honest_;
  MerkleTree forked_;
  std::unique_ptr<LogView> view_;
};

TEST_F(LogViewTest, ReceiptsOfOneHistoryInAnyOrder) {
  for (const uint64_t index : {12, 20, 15, 29}) EXPECT_TRUE(Take(honest_, index).ok()) << index;
  EXPECT_EQ(view_->known(log_).head.size, 30u);
  view_ = LogView::Open(folder_).value();
  EXPECT_EQ(view_->known(log_).head, (TreeHead{30, honest_.Root()}));
  EXPECT_EQ(Frauds(), 0u);
}

TEST_F(LogViewTest, AReceiptOfAnotherHistoryIsRefusedAndKept) {
  ASSERT_TRUE(Take(honest_, 15).ok());
  const Status refused = Take(forked_, 20, "fork");
  EXPECT_TRUE(absl::IsDataLoss(refused)) << refused;
  EXPECT_EQ(Frauds(), 1u);
  EXPECT_EQ(view_->known(log_).head.size, 16u);
  view_ = LogView::Open(folder_).value();  // a restart forgets nothing
  EXPECT_TRUE(absl::IsDataLoss(Take(forked_, 25, "fork")));
  EXPECT_TRUE(Take(honest_, 25).ok());
}

TEST_F(LogViewTest, WithoutAProofNothingIsBelieved) {
  ASSERT_TRUE(Take(honest_, 15).ok());
  const auto asked = view_->known(log_);
  EXPECT_TRUE(
      absl::IsDataLoss(view_->TakeReceipt(log_, ReceiptOf(honest_, 20), asked, {}, ProofsOf(honest_))));
}

TEST_F(LogViewTest, TwoReceiptsAtOnceAreComparedWithEachOther) {
  ASSERT_TRUE(Take(honest_, 8).ok());
  const auto asked = view_->known(log_);  // two commits are under way
  ASSERT_TRUE(Take(honest_, 15).ok());
  // Both continue what was known when they were asked for, but not each other.
  const Status refused = view_->TakeReceipt(log_, ReceiptOf(forked_, 20, "fork"), asked,
                                            forked_.ConsistencyProof(9, 21), ProofsOf(forked_));
  EXPECT_TRUE(absl::IsDataLoss(refused)) << refused;
  EXPECT_EQ(view_->known(log_).head, (TreeHead{16, honest_.RootAt(16)}));
}

TEST_F(LogViewTest, CheckpointsThatOthersSaw) {
  EXPECT_TRUE(view_->TakeCheckpoint(log_, Note(honest_, 12), ProofsOf(honest_)).ok());
  EXPECT_TRUE(view_->TakeCheckpoint(log_, Note(honest_, 7), ProofsOf(honest_)).ok());
  EXPECT_TRUE(view_->TakeCheckpoint(log_, Note(honest_, 30), ProofsOf(honest_)).ok());
  EXPECT_EQ(view_->known(log_).head.size, 30u);
  EXPECT_TRUE(absl::IsDataLoss(view_->TakeCheckpoint(log_, Note(forked_, 30), ProofsOf(honest_))));
  EXPECT_TRUE(absl::IsDataLoss(view_->TakeCheckpoint(log_, Note(forked_, 20), ProofsOf(honest_))));
  EXPECT_EQ(Frauds(), 2u);
  const std::string forged = transparency::SignCheckpoint({log_.current().name, {30, forked_.Root()}, {}},
                                                          SigningKey::FromSeed({2}));
  EXPECT_TRUE(absl::IsUnauthenticated(view_->TakeCheckpoint(log_, forged, ProofsOf(honest_))));
  view_ = LogView::Open(folder_).value();
  EXPECT_EQ(view_->known(log_).head.size, 30u);
}

TEST_F(LogViewTest, AHandoverCarriesWhatIsKnownToTheNextKey) {
  ASSERT_TRUE(Take(honest_, 15).ok());
  ASSERT_TRUE(view_->TakeCheckpoint(log_, Note(honest_, 18), ProofsOf(honest_)).ok());
  view_ = LogView::Open(folder_).value();
  const SigningKey next = SigningKey::FromSeed({2});
  const auto handed_over = [&](uint64_t size) {
    const auto handover = transparency::HandOver("m", {size, honest_.RootAt(size)}, key_, next);
    return transparency::LogKeys::Create("m", next.public_key(), {handover}).value();
  };
  const auto note_of_next = [&](const MerkleTree& tree, uint64_t size) {
    return transparency::SignCheckpoint({log_.current().name, {size, tree.RootAt(size)}, {}}, next);
  };
  log_ = handed_over(18);
  EXPECT_EQ(view_->known(log_).head, (TreeHead{18, honest_.RootAt(18)}));
  EXPECT_TRUE(view_->TakeCheckpoint(log_, note_of_next(honest_, 20), ProofsOf(honest_)).ok());
  EXPECT_TRUE(absl::IsUnauthenticated(view_->TakeCheckpoint(log_, Note(honest_, 21), ProofsOf(honest_))));
  EXPECT_TRUE(absl::IsDataLoss(view_->TakeCheckpoint(log_, note_of_next(forked_, 25), ProofsOf(forked_))));
  // Who hands over a smaller log than it has signed for is found out by those who know the larger one.
  view_ = LogView::Open(folder_).value();
  log_ = handed_over(12);
  EXPECT_EQ(view_->known(log_).head.size, 20u);
  EXPECT_TRUE(absl::IsDataLoss(view_->TakeCheckpoint(log_, note_of_next(forked_, 26), ProofsOf(forked_))));
}

TEST_F(LogViewTest, ANoteOfTheRetiredKeyIsNotForgotten) {
  const SigningKey next = SigningKey::FromSeed({2});
  const auto handover = transparency::HandOver("m", {25, honest_.RootAt(25)}, key_, next);
  const std::string last = Note(honest_, 20);
  log_ = transparency::LogKeys::Create("m", next.public_key(), {handover}).value();
  ASSERT_TRUE(view_->TakeCheckpoint(log_, last, ProofsOf(honest_)).ok());
  view_ = LogView::Open(folder_).value();
  EXPECT_GE(view_->known(log_).head.size, 20u);
  EXPECT_TRUE(absl::IsDataLoss(view_->TakeCheckpoint(log_, Note(forked_, 22), ProofsOf(forked_))));
}

TEST_F(LogViewTest, WhatIsBelievedContinuesTheTreesOfHandovers) {
  const SigningKey next = SigningKey::FromSeed({2});
  const auto keys_of = [&](const MerkleTree& tree, uint64_t size) {
    const auto handover = transparency::HandOver("m", {size, tree.RootAt(size)}, key_, next);
    return transparency::LogKeys::Create("m", next.public_key(), {handover}).value();
  };
  // Who has the retired key shows a fork of his own to somebody who is new.
  log_ = keys_of(honest_, 25);
  EXPECT_TRUE(absl::IsDataLoss(Take(forked_, 20, "fork")));
  EXPECT_TRUE(absl::IsDataLoss(view_->TakeCheckpoint(log_, Note(forked_, 22), ProofsOf(forked_))));
  EXPECT_TRUE(Take(honest_, 20).ok());
  EXPECT_GE(Frauds(), 2u);
  // A handover of a log that there is not.
  KeyHandover far = transparency::HandOver("m", {1000, Digest{5}}, key_, next);
  log_ = transparency::LogKeys::Create("m", next.public_key(), {far}).value();
  EXPECT_TRUE(absl::IsDataLoss(view_->TakeCheckpoint(log_, Note(honest_, 29), ProofsOf(honest_))));
}

TEST_F(LogViewTest, ALogThatIsShorterThanWhatItSignedIsFraud) {
  ASSERT_TRUE(view_->TakeCheckpoint(log_, Note(honest_, 12), ProofsOf(honest_)).ok());
  const MerkleTree shorter = Tree(15, "leaf");
  EXPECT_TRUE(absl::IsDataLoss(view_->TakeCheckpoint(log_, Note(honest_, 20), ProofsOf(shorter))));
}

}  // namespace
}  // namespace prooflode::client
