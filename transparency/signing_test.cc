// The vectors below are those of docs/protocol.md; they were made with Python's hashlib and the openssl
// command.
#include "transparency/signing.h"

#include <gtest/gtest.h>

namespace prooflode::transparency {
namespace {

template <size_t n>
std::array<uint8_t, n> Sequence(uint8_t start) {
  std::array<uint8_t, n> out;
  for (size_t i = 0; i < n; ++i) out[i] = static_cast<uint8_t>(start + i);
  return out;
}

SigningKey KeyOf(uint8_t byte) {
  std::array<uint8_t, 32> seed;
  seed.fill(byte);
  return SigningKey::FromSeed(seed);
}

CommitOpening Opening(const std::string& proof, const std::string& public_inputs) {
  CommitOpening opening;
  opening.market = "testmarket";
  opening.job = Sequence<16>(0x10);
  opening.attempt = Sequence<16>(0x20);
  opening.miner = KeyOf(2).public_key();
  opening.proof_hash = ProofHash(proof, public_inputs);
  opening.nonce = Sequence<32>(0x60);
  return opening;
}

TEST(Signing, LoginVector) {
  const SigningKey miner = KeyOf(2);
  LoginStatement statement{KeyOf(1).public_key(), "testmarket", Sequence<32>(0x40), 1};
  const std::string message = LoginMessage(statement);
  EXPECT_EQ(HexEncode(AsBytes(message)),
            "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c0a000000746573746d61726b6574"
            "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f01");
  EXPECT_EQ(HexEncode(miner.Sign(kLoginDomain, AsBytes(message))),
            "0ef10622de5a837687d19124070d0d005a530862476ae70c9007c4a621e83341"
            "fcf59358ddef6712b216fe734f09c4692eea13769897e6bdb81cf16924150208");
}

TEST(Signing, CommitVector) {
  const SigningKey miner = KeyOf(2);
  std::string proof;
  for (int i = 0; i < 256; ++i) proof.push_back(static_cast<char>(i));
  const std::string inputs(AsChars(Sequence<64>(0x80)));
  const CommitOpening opening = Opening(proof, inputs);
  const Digest hash = CommitHash(opening);
  EXPECT_EQ(HexEncode(hash), "07a75c482312d5b87cc8620644957a2c910bd28b006fc5cbf5035b89bd20a7ce");
  const std::string message =
      CommitMessage({opening.market, opening.job, opening.attempt, 7, opening.miner, hash});
  EXPECT_EQ(HexEncode(Sha256(AsBytes(message))),
            "6d31fa51492be9f5756ec4ae8ba7f5becd14f91b6a65d4ccb32ad2cf67d48f51");
  EXPECT_EQ(HexEncode(miner.Sign(kCommitDomain, AsBytes(message))),
            "c7c89bbc95c1ec089a7eff9736532949fe4bd72a440b350eaf56b1b0912cb2d8"
            "59213a4a6e3c55ae8e70447143c6493a079cd4c2b5cebe7f29ea7b5dd512410c");
}

TEST(Signing, ReceiptVector) {
  const Digest leaf = Sha256(AsBytes(std::string_view("\0leaf", 5)));
  const std::string message = ReceiptMessage({"testmarket", 41, leaf, 42, Sha256(AsBytes("root"))});
  EXPECT_EQ(HexEncode(Sha256(AsBytes(message))),
            "780e06cb5fbbdd3304108f1297e1dec2581694be5e13b227c78a0da224f992b3");
  EXPECT_EQ(HexEncode(KeyOf(1).Sign(kReceiptDomain, AsBytes(message))),
            "64b299973b65ab3be3c61818746c49a955f74e9a4d7e7976de4b237e975fbbed"
            "a2ea3799d0b334e0a67afca043d5de1fcd8b9f74f034fd81a3a3b07b32463800");
}

TEST(Signing, EveryFieldOfACommitCounts) {
  const std::string proof(256, 'p');
  const std::string inputs(32, 'i');
  const CommitOpening base = Opening(proof, inputs);
  const Digest hash = CommitHash(base);
  CommitOpening other = base;
  other.market = "testmarkeu";
  EXPECT_NE(CommitHash(other), hash);
  other = base;
  other.job[15] ^= 1;
  EXPECT_NE(CommitHash(other), hash);
  other = base;
  other.attempt[0] ^= 1;
  EXPECT_NE(CommitHash(other), hash);
  other = base;
  other.miner[0] ^= 1;
  EXPECT_NE(CommitHash(other), hash);
  other = base;
  other.nonce[31] ^= 1;
  EXPECT_NE(CommitHash(other), hash);
  other = base;
  other.proof_hash[31] ^= 1;
  EXPECT_NE(CommitHash(other), hash);
  EXPECT_NE(ProofHash(proof, std::string(32, 'j')), base.proof_hash);
  EXPECT_NE(ProofHash(std::string(256, 'q'), inputs), base.proof_hash);
}

TEST(Signing, LengthPrefixKeepsMarketsApart) {
  // Without the prefix the last letter of a market could be taken for the first byte of the next field.
  LoginStatement shorter{KeyOf(1).public_key(), "ab", Digest{}, 1};
  LoginStatement longer{KeyOf(1).public_key(), "abc", Digest{}, 1};
  EXPECT_EQ(LoginMessage(longer).size(), LoginMessage(shorter).size() + 1);
  EXPECT_NE(LoginMessage(longer).substr(32, 4), LoginMessage(shorter).substr(32, 4));
}

TEST(Signing, ASignatureServesOneDomainOnly) {
  const SigningKey key = KeyOf(2);
  const Signature signature = key.Sign(kLoginDomain, AsBytes("m"));
  EXPECT_TRUE(VerifySignature(key.public_key(), kLoginDomain, AsBytes("m"), signature));
  EXPECT_FALSE(VerifySignature(key.public_key(), kCommitDomain, AsBytes("m"), signature));
}

TEST(Signing, HandoverVector) {
  const SigningKey retired = KeyOf(1);
  const SigningKey successor = KeyOf(2);
  const std::string message = HandoverMessage(
      {"testmarket", 42, Sha256(AsBytes("root")), retired.public_key(), successor.public_key()});
  EXPECT_EQ(HexEncode(AsBytes(message)),
            "0a000000746573746d61726b65742a000000000000004813494d137e1631bba301d5acab6e7bb7aa74ce1185"
            "d456565ef51d737677b28a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c8139"
            "770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394");
  EXPECT_EQ(HexEncode(retired.Sign(kKeyHandoverDomain, AsBytes(message))),
            "13b85dda41f20e2f1469eea4690d3d45bdd091f70749c852fa0e4e3c4ee42fa78e7e2caa60c45041a8b51ba1"
            "b3a1e90304888bce31e4f8b9772e28bf14c34e03");
  EXPECT_EQ(HexEncode(successor.Sign(kKeyHandoverDomain, AsBytes(message))),
            "1f2000160373a58d65b5713e39f904aa28a7667327dd8172acab9b5f85a35af46b7f44fcec89368ac2ef2aa8"
            "48fad483e03bdedb6f8776589f7cc03581f28e0a");
}

}  // namespace
}  // namespace prooflode::transparency
