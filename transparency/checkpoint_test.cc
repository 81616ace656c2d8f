#include "transparency/checkpoint.h"

#include <gtest/gtest.h>

#include "base/sim/sim_env.h"

namespace prooflode::transparency {
namespace {

// The example of another implementation, golang.org/x/mod/sumdb/note.
constexpr std::string_view kGoKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view kGoNote =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\xe2\x80\x94 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

TEST(Note, ReadsAndVerifiesWhatGoSigned) {
  const auto key = NoteKey::Parse(kGoKey);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->Text(), kGoKey);
  const auto note = ParseNote(kGoNote);
  ASSERT_TRUE(note.ok()) << note.status();
  EXPECT_EQ(FormatNote(*note), kGoNote);
  EXPECT_TRUE(IsSignedBy(*note, *key));
  Note changed = *note;
  changed.text[0] = 'i';
  EXPECT_FALSE(IsSignedBy(changed, *key));
}

class CheckpointTest : public ::testing::Test {
 protected:
  SimRandom random_{7};
  SigningKey log_ = SigningKey::Generate(random_);
  SigningKey witness_ = SigningKey::Generate(random_);
  Checkpoint checkpoint_{
      .origin = "proofs.example/main", .head = {.size = 12, .root = Sha256({})}, .extensions = {}};
  NoteKey log_key_{.name = "proofs.example/main", .kind = NoteKeyKind::kEd25519, .key = log_.public_key()};
  NoteKey witness_key_{
      .name = "w.example", .kind = NoteKeyKind::kCosignatureV1, .key = witness_.public_key()};
};

TEST_F(CheckpointTest, RoundTrip) {
  const std::string bytes = SignCheckpoint(checkpoint_, log_);
  EXPECT_EQ(bytes.substr(0, bytes.find("\n\n")),
            "proofs.example/main\n12\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  const auto opened = OpenCheckpoint(bytes, log_key_);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->checkpoint, checkpoint_);
  EXPECT_EQ(opened->witnesses, 0u);
}

TEST_F(CheckpointTest, WitnessesCountOnceAndOnlyIfRight) {
  auto note = ParseNote(SignCheckpoint(checkpoint_, log_));
  ASSERT_TRUE(note.ok());
  note->signatures.push_back(CosignNote(note->text, "w.example", witness_, 1700000000));
  const std::vector<NoteKey> twice = {witness_key_, witness_key_};
  EXPECT_EQ(OpenCheckpoint(FormatNote(*note), log_key_, twice)->witnesses, 1u);
  note->signatures[1].bytes[7] ^= 1;  // another time than the one signed
  const auto opened = OpenCheckpoint(FormatNote(*note), log_key_, twice);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->witnesses, 0u);
}

TEST_F(CheckpointTest, OnlyOthersWithCosigningKeysAreWitnesses) {
  auto note = ParseNote(SignCheckpoint(checkpoint_, log_));
  ASSERT_TRUE(note.ok());
  note->signatures.push_back(CosignNote(note->text, "self", log_, 5));
  note->signatures.push_back(SignNote(note->text, "plain", witness_));
  const std::string bytes = FormatNote(*note);
  const NoteKey self{.name = "self", .kind = NoteKeyKind::kCosignatureV1, .key = log_.public_key()};
  const NoteKey plain{.name = "plain", .kind = NoteKeyKind::kEd25519, .key = witness_.public_key()};
  const auto opened = OpenCheckpoint(bytes, log_key_, {self, plain, log_key_});
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->witnesses, 0u);
  EXPECT_FALSE(OpenCheckpoint(bytes, self).ok());
}

TEST_F(CheckpointTest, OnlyTheLogsOwnKeyAndOriginOpenIt) {
  const std::string bytes = SignCheckpoint(checkpoint_, log_);
  NoteKey other = log_key_;
  other.key = witness_.public_key();
  EXPECT_EQ(OpenCheckpoint(bytes, other).status().code(), absl::StatusCode::kUnauthenticated);
  other = log_key_;
  other.name = "proofs.example/other";
  EXPECT_FALSE(OpenCheckpoint(bytes, other).ok());
  // A witness's cosignature is not the log's signature, although the key were the same.
  const Note cosigned{.text = CheckpointText(checkpoint_),
                      .signatures = {CosignNote(CheckpointText(checkpoint_), log_key_.name, log_, 5)}};
  EXPECT_FALSE(OpenCheckpoint(FormatNote(cosigned), log_key_).ok());
}

TEST_F(CheckpointTest, EveryChangedByteIsRefusedOrBreaksTheSignature) {
  const std::string bytes = SignCheckpoint(checkpoint_, log_);
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const char bit : {'\x01', '\x20', '\x40'}) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ bit);
      EXPECT_FALSE(OpenCheckpoint(changed, log_key_).ok()) << i;
    }
    EXPECT_FALSE(OpenCheckpoint(bytes.substr(0, i), log_key_).ok()) << i;
  }
}

TEST_F(CheckpointTest, OneSpellingOnly) {
  const std::string root = Base64Encode(checkpoint_.head.root);
  EXPECT_TRUE(ParseCheckpointText("o\n12\n" + root + "\n").ok());
  EXPECT_TRUE(ParseCheckpointText("o\n12\n" + root + "\nmore\n").ok());
  for (const std::string& text :
       {"o\n012\n" + root + "\n", "o\n+12\n" + root + "\n", "o\n 12\n" + root + "\n", "o\n-1\n" + root + "\n",
        "o\n9223372036854775808\n" + root + "\n", "o\n12\n" + root, "o\n12\n" + root + "\n\n",
        "\n12\n" + root + "\n", "o\n12\n" + root.substr(0, root.size() - 1) + "\n", "o\n12\n" + root + "=\n",
        std::string("o\n12\nAAAA\n"), "o\r\n12\n" + root + "\n", "o o\n12\n" + root + "\n"}) {
    EXPECT_FALSE(ParseCheckpointText(text).ok()) << text;
  }
}

TEST(NoteKeys, RefusesOtherSpellings) {
  const std::string good(kGoKey);
  for (const std::string& text : {std::string(), std::string("PeterNeumann"), good.substr(1), good + "=",
                                  "x y" + good, std::string("PeterNeumann+c74f20a4") + good.substr(21),
                                  std::string("PeterNeumann+C74F20A3") + good.substr(21)}) {
    EXPECT_FALSE(NoteKey::Parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace prooflode::transparency
