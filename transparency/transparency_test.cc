#include <gtest/gtest.h>

#include "base/crypto.h"
#include "transparency/leaf.h"
#include "transparency/merkle.h"

namespace prooflode::transparency {
namespace {

Digest Leaf(uint64_t i) { return LeafHash(AsBytes(std::to_string(i))); }

// The definition of RFC 9162, section 2.1.1, word for word.
Digest NaiveRoot(std::span<const Digest> leaves) {
  if (leaves.empty()) return Sha256({});
  if (leaves.size() == 1) return leaves[0];
  size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  return NodeHash(NaiveRoot(leaves.first(k)), NaiveRoot(leaves.subspan(k)));
}

TEST(Merkle, RootsAndInclusionProofsOfEverySize) {
  MerkleTree tree;
  std::vector<Digest> leaves;
  MerkleFrontier frontier;
  EXPECT_EQ(tree.Root(), NaiveRoot(leaves));
  EXPECT_EQ(frontier.Root(), NaiveRoot(leaves));
  for (uint64_t size = 1; size <= 40; ++size) {
    leaves.push_back(Leaf(size));
    tree.Append(leaves.back());
    frontier.Append(leaves.back());
    ASSERT_EQ(tree.Root(), NaiveRoot(leaves)) << size;
    ASSERT_EQ(frontier.Head(), (TreeHead{.size = size, .root = tree.Root()}));
    for (uint64_t index = 0; index < size; ++index) {
      const std::vector<Digest> proof = tree.InclusionProof(index);
      ASSERT_TRUE(VerifyInclusion(leaves[index], index, size, proof, tree.Root())) << size << " " << index;
      EXPECT_FALSE(VerifyInclusion(Leaf(999), index, size, proof, tree.Root()));
      EXPECT_FALSE(VerifyInclusion(leaves[index], index + 1, size, proof, tree.Root()));
      if (!proof.empty()) {
        EXPECT_FALSE(VerifyInclusion(leaves[index], index, size, std::span(proof).subspan(1), tree.Root()));
      }
    }
  }
}

// Root of the seven test leaves of the Certificate Transparency reference implementations.
TEST(Merkle, KnownRoot) {
  MerkleTree tree;
  for (const char* hex : {"", "00", "10", "2021", "3031", "40414243", "5051525354555657"}) {
    tree.Append(LeafHash(AsBytes(*HexDecode(hex))));
  }
  EXPECT_EQ(HexEncode(tree.Root()), "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c");
}

TEST(Merkle, ConsistencyProofsOfEveryPairOfSizes) {
  MerkleTree tree;
  std::vector<Digest> leaves;
  for (uint64_t i = 0; i < 33; ++i) tree.Append(Leaf(i)), leaves.push_back(Leaf(i));
  const auto head = [&](uint64_t size) {
    return TreeHead{.size = size, .root = NaiveRoot(std::span(leaves).first(size))};
  };
  for (uint64_t later = 0; later <= leaves.size(); ++later) {
    for (uint64_t earlier = 0; earlier <= later; ++earlier) {
      const std::vector<Digest> proof = tree.ConsistencyProof(earlier, later);
      ASSERT_TRUE(VerifyConsistency(head(earlier), head(later), proof)) << earlier << " " << later;
      TreeHead other = head(later);
      other.root[7] ^= 1;
      EXPECT_FALSE(VerifyConsistency(head(earlier), other, proof) && earlier != 0) << earlier << " " << later;
      other = head(earlier);
      other.root[7] ^= 1;
      EXPECT_FALSE(VerifyConsistency(other, head(later), proof)) << earlier << " " << later;
      std::vector<Digest> longer = proof;
      longer.push_back(Leaf(999));
      EXPECT_FALSE(VerifyConsistency(head(earlier), head(later), longer)) << earlier << " " << later;
      for (size_t i = 0; i < proof.size(); ++i) {
        std::vector<Digest> changed = proof;
        changed[i][0] ^= 1;
        EXPECT_FALSE(VerifyConsistency(head(earlier), head(later), changed)) << earlier << " " << later;
        EXPECT_FALSE(VerifyConsistency(head(earlier), head(later), std::span(proof).first(i)));
      }
      if (earlier != later) {
        EXPECT_FALSE(VerifyConsistency(head(later), head(earlier), proof));
      }
    }
  }
}

TEST(Merkle, ARewrittenHistoryHasNoConsistencyProof) {
  MerkleTree honest;
  MerkleTree forked;
  for (uint64_t i = 0; i < 20; ++i) honest.Append(Leaf(i)), forked.Append(Leaf(i == 5 ? 1000 : i));
  const TreeHead seen{.size = 11, .root = honest.RootAt(11)};
  const TreeHead shown{.size = 20, .root = forked.Root()};
  EXPECT_FALSE(VerifyConsistency(seen, shown, forked.ConsistencyProof(11, 20)));
  EXPECT_FALSE(VerifyConsistency(seen, shown, honest.ConsistencyProof(11, 20)));
}

TEST(Leaf, RoundTripAndStrictDecoding) {
  LeafContent content{
      .type = LeafType::kCommit, .time = Micros{-5}, .fields = {{1, "ab"}, {7, ""}, {300, "c"}}};
  const std::string bytes = EncodeLeaf(content);
  const auto decoded = DecodeLeaf(AsBytes(bytes));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->fields, content.fields);
  EXPECT_EQ(decoded->time, content.time);
  EXPECT_EQ(EncodeLeaf(*decoded), bytes);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    const auto part = DecodeLeaf(AsBytes(bytes).first(cut));
    if (part.ok()) {  // a cut between fields is a shorter leaf
      EXPECT_EQ(EncodeLeaf(*part), bytes.substr(0, cut));
    }
  }
  EXPECT_FALSE(DecodeLeaf(AsBytes(bytes + bytes.substr(18, 8))).ok());  // field 1 again, out of order
  std::string wrong_type = bytes;
  wrong_type[8] = 99;
  EXPECT_FALSE(DecodeLeaf(AsBytes(wrong_type)).ok());
}

}  // namespace
}  // namespace prooflode::transparency
