#include "transparency/log_keys.h"

#include <gtest/gtest.h>

#include "transparency/leaf.h"
#include "transparency/signing.h"

namespace prooflode::transparency {
namespace {

constexpr char kMarket[] = "m";

class LogKeysTest : public ::testing::Test {
 protected:
  TreeHead HeadOf(uint64_t size) const { return {size, Sha256(AsBytes(absl::StrCat(size)))}; }
  KeyHandover Link(size_t from, size_t to, uint64_t size) const {
    return HandOver(kMarket, HeadOf(size), keys_[from], keys_[to]);
  }
  Status Refusal(const std::vector<KeyHandover>& handovers, size_t current) const {
    return LogKeys::Create(kMarket, keys_[current].public_key(), handovers).status();
  }
  std::string Signed(size_t key, uint64_t size) const {
    return SignCheckpoint({absl::StrCat("prooflode/", kMarket), HeadOf(size), {}}, keys_[key]);
  }
  Receipt ReceiptBy(size_t key, uint64_t leaf_index) const {
    Receipt receipt{
        .market = kMarket, .coordinator = keys_[key].public_key(), .leaf_index = leaf_index, .leaf = "x"};
    MerkleTree tree;
    for (uint64_t i = 0; i < leaf_index; ++i) tree.Append(HeadOf(i).root);
    tree.Append(LeafHash(AsBytes(receipt.leaf)));
    receipt.tree = {tree.size(), tree.Root()};
    receipt.inclusion_proof = tree.InclusionProofAt(leaf_index, tree.size());
    receipt.signature = keys_[key].Sign(
        kReceiptDomain, AsBytes(ReceiptMessage({kMarket, leaf_index, LeafHash(AsBytes(receipt.leaf)),
                                                receipt.tree.size, receipt.tree.root})));
    return receipt;
  }

  const SigningKey keys_[4] = {SigningKey::FromSeed({1}), SigningKey::FromSeed({2}),
                               SigningKey::FromSeed({3}), SigningKey::FromSeed({4})};
};

TEST_F(LogKeysTest, OneKeyNeedsNoHandover) {
  const auto keys = LogKeys::Create(kMarket, keys_[0].public_key());
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_TRUE(keys->Has(keys_[0].public_key()));
  EXPECT_FALSE(keys->Has(keys_[1].public_key()));
  EXPECT_EQ(keys->Open(Signed(0, 5))->checkpoint.head, HeadOf(5));
  EXPECT_EQ(keys->Open(Signed(1, 5)).status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_FALSE(LogKeys::Create("a b", keys_[0].public_key()).ok());
}

TEST_F(LogKeysTest, AChainLeadsFromAnyKeyToTheCurrentOne) {
  const auto keys = LogKeys::Create(kMarket, keys_[2].public_key(), {Link(0, 1, 10), Link(1, 2, 20)});
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->current().key, keys_[2].public_key());
  EXPECT_EQ(keys->All().size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(keys->Has(keys_[i].public_key()));
  EXPECT_FALSE(keys->Has(keys_[3].public_key()));
}

TEST_F(LogKeysTest, WhatARetiredKeySignsLaterIsNotBelieved) {
  const auto keys = LogKeys::Create(kMarket, keys_[2].public_key(), {Link(0, 1, 10), Link(1, 2, 20)});
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_TRUE(keys->Open(Signed(0, 10)).ok());
  EXPECT_EQ(keys->Open(Signed(0, 11)).status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(keys->OpenLate(Signed(0, 11))->signer, keys_[0].public_key());
  EXPECT_TRUE(keys->IsLate(keys_[0].public_key(), 11));
  EXPECT_FALSE(keys->IsLate(keys_[0].public_key(), 10));
  EXPECT_FALSE(keys->IsLate(keys_[2].public_key(), 1000));
  EXPECT_FALSE(keys->OpenLate(Signed(3, 5)).ok());
  EXPECT_TRUE(keys->Open(Signed(1, 20)).ok());
  EXPECT_FALSE(keys->Open(Signed(1, 21)).ok());
  EXPECT_TRUE(keys->Open(Signed(2, 21)).ok());
  EXPECT_EQ(keys->Open("nonsense").status().code(), absl::StatusCode::kInvalidArgument);

  EXPECT_TRUE(keys->CheckReceipt(ReceiptBy(0, 9)).ok()) << keys->CheckReceipt(ReceiptBy(0, 9));
  EXPECT_EQ(keys->CheckReceipt(ReceiptBy(0, 10)).code(), absl::StatusCode::kUnauthenticated);
  EXPECT_TRUE(keys->CheckReceipt(ReceiptBy(2, 10)).ok());
  EXPECT_EQ(keys->CheckReceipt(ReceiptBy(3, 9)).code(), absl::StatusCode::kUnauthenticated);
  Receipt other = ReceiptBy(0, 9);
  other.market = "n";
  EXPECT_EQ(keys->CheckReceipt(other).code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(LogKeysTest, RefusesChainsWithAWeakLink) {
  EXPECT_FALSE(Refusal({Link(0, 1, 10)}, 0).ok()) << "leads elsewhere";
  EXPECT_FALSE(Refusal({Link(0, 1, 10), Link(0, 2, 20)}, 2).ok()) << "a gap";
  EXPECT_FALSE(Refusal({Link(0, 1, 10), Link(1, 2, 10)}, 2).ok()) << "no larger log";
  EXPECT_FALSE(Refusal({Link(0, 1, 10), Link(1, 0, 20)}, 0).ok()) << "back to the first";
  EXPECT_FALSE(Refusal({Link(0, 1, 0)}, 1).ok()) << "an empty log";
  EXPECT_EQ(LogKeys::Create("other", keys_[1].public_key(), {Link(0, 1, 10)}).status().code(),
            absl::StatusCode::kUnauthenticated);
  EXPECT_FALSE(LogKeys::Create(kMarket, keys_[1].public_key(),
                               std::vector<KeyHandover>(kKeyHandoversMax + 1, Link(0, 1, 10)))
                   .ok());
}

TEST_F(LogKeysTest, EveryPartOfAHandoverIsSignedByBoth) {
  using Change = void (*)(KeyHandover&);
  const Change changes[] = {[](KeyHandover& h) { ++h.tree_size; }, [](KeyHandover& h) { h.root[3] ^= 1; },
                            [](KeyHandover& h) { h.by_retired[0] ^= 1; },
                            [](KeyHandover& h) { h.by_successor[0] ^= 1; },
                            [](KeyHandover& h) { std::swap(h.by_retired, h.by_successor); }};
  ASSERT_TRUE(CheckHandover(kMarket, Link(0, 1, 10)).ok());
  for (const Change change : changes) {
    KeyHandover handover = Link(0, 1, 10);
    change(handover);
    EXPECT_EQ(CheckHandover(kMarket, handover).code(), absl::StatusCode::kUnauthenticated);
  }
}

}  // namespace
}  // namespace prooflode::transparency
