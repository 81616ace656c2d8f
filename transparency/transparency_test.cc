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
  EXPECT_EQ(tree.Root(), NaiveRoot(leaves));
  for (uint64_t size = 1; size <= 40; ++size) {
    leaves.push_back(Leaf(size));
    tree.Append(leaves.back());
    ASSERT_EQ(tree.Root(), NaiveRoot(leaves)) << size;
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
