// The log over the network: what it says can be checked, and what it is told is checked.
#include "client/log_client.h"
#include "coordinator/api/race_fixture_test.h"
#include "transparency/checkpoint.h"

namespace prooflode::api {
namespace {

class LogTest : public RaceTest {
 protected:
  // Some deposits: each is a leaf.
  Party Grow(uint64_t leaves) {
    Party requester = Join(10, v1::ROLE_REQUESTER);
    for (uint64_t i = 0; i < leaves; ++i) GiveMoney(requester, 1, absl::StrCat("grow-", ++grown_));
    return requester;
  }
  StatusOr<transparency::OpenedCheckpoint> Open(const std::string& note) {
    return checkpoints_->keys().Open(note, witnesses_);
  }
  uint64_t grown_ = 0;
};

TEST_F(LogTest, CheckpointLeavesAndProofsFitTogether) {
  const Party requester = Grow(5);
  client::LogClient log(*requester.connection);
  EXPECT_TRUE(absl::IsNotFound(log.GetCheckpoint(0).status()));
  ASSERT_TRUE(checkpoints_->Publish().ok());
  const auto first = Open(log.GetCheckpoint(0).value());
  ASSERT_TRUE(first.ok()) << first.status();
  Grow(4);
  ASSERT_TRUE(checkpoints_->Publish().ok());
  const auto second = Open(log.GetCheckpoint(0).value());
  ASSERT_TRUE(second.ok()) << second.status();
  const transparency::TreeHead earlier = first->checkpoint.head;
  const transparency::TreeHead later = second->checkpoint.head;
  ASSERT_EQ(later.size, earlier.size + 4);

  transparency::MerkleFrontier hashed;
  while (hashed.size() < later.size) {
    const auto page = log.ListLeaves(hashed.size(), 3);
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_EQ(page->tree_size(), later.size);
    ASSERT_GE(page->leaves_size(), 1);
    ASSERT_LE(page->leaves_size(), 3);
    for (const std::string& leaf : page->leaves()) hashed.Append(transparency::LeafHash(AsBytes(leaf)));
  }
  EXPECT_EQ(hashed.Head(), later);
  EXPECT_EQ(log.ListLeaves(later.size, 3)->leaves_size(), 0);

  EXPECT_TRUE(transparency::VerifyConsistency(earlier, later,
                                              log.GetConsistencyProof(earlier.size, later.size).value()));
  const std::string leaf = log.ListLeaves(3, 1)->leaves(0);
  EXPECT_TRUE(transparency::VerifyInclusion(transparency::LeafHash(AsBytes(leaf)), 3, later.size,
                                            log.GetInclusionProof(3, later.size).value(), later.root));
}

TEST_F(LogTest, ReceiptsContinueWhatTheMinerKnew) {
  Party requester = Grow(6);
  GiveMoney(requester, 1000, "start");
  Party miner = Join(1, v1::ROLE_MINER);
  const transparency::TreeHead known = engine_->log().Head();
  const v1::Job job = Post(requester, RegisterCircuit(requester), "witness");
  const v1::Attempt attempt = Accept(miner, job.job_id());
  const auto commit =
      client::MakeCommit(*miner.key, "testmarket", attempt, valid_proof_, std::string(32, '\x07'), Digest{7});
  ASSERT_TRUE(commit.ok()) << commit.status();
  v1::CommitProofRequest request = client::CommitRequest(*commit);
  request.set_request_id("0123456789abcdef");
  // The same commit, asked for by a miner that knows nothing, an older log, and by then a newer one.
  const auto receipt = [&](const transparency::TreeHead& head) {
    request.set_known_tree_size(head.size);
    const auto response = miner.calls->CommitProof(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->receipt() : v1::Receipt();
  };
  const auto tree_of = [&](const v1::Receipt& r) {
    return transparency::TreeHead{r.tree_size(), DigestOf(r.root_hash())};
  };
  EXPECT_EQ(receipt({}).consistency_proof_size(), 0);
  const v1::Receipt later = receipt(known);
  EXPECT_TRUE(transparency::VerifyConsistency(known, tree_of(later),
                                              client::ProofNodes(later.consistency_proof()).value()));
  Grow(2);
  const transparency::TreeHead newer = engine_->log().Head();
  const v1::Receipt earlier = receipt(newer);
  EXPECT_EQ(tree_of(earlier), tree_of(later));
  EXPECT_TRUE(transparency::VerifyConsistency(tree_of(earlier), newer,
                                              client::ProofNodes(earlier.consistency_proof()).value()));
  EXPECT_EQ(receipt({.size = newer.size + 1, .root = {}}).consistency_proof_size(), 0);
}

TEST_F(LogTest, RefusesWhatIsNotThere) {
  const Party requester = Grow(1);
  client::LogClient log(*requester.connection);
  const uint64_t size = engine_->log().size();
  const auto code = [](const auto& result) { return result.status().code(); };
  EXPECT_EQ(code(log.GetConsistencyProof(1, size + 1)), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(code(log.GetConsistencyProof(2, 1)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(log.GetInclusionProof(0, size + 1)), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(code(log.GetInclusionProof(size, size)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(log.ListLeaves(0, kPageSizeMax + 1)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(log.ListLeaves(uint64_t{1} << 63, 1)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(log.GetCheckpoint(64)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(log.PutCheckpoint("x")), absl::StatusCode::kInvalidArgument);
}

TEST_F(LogTest, WitnessesCosignAndOthersAreTold) {
  End();
  const SigningKey witness = SigningKey::FromSeed({77});
  witnesses_ = {{"witness.example/w", transparency::NoteKeyKind::kCosignatureV1, witness.public_key()}};
  Begin();
  const Party requester = Grow(1);
  client::LogClient log(*requester.connection);
  ASSERT_TRUE(checkpoints_->Publish().ok());
  const std::string note = log.GetCheckpoint(0).value();
  EXPECT_TRUE(absl::IsPermissionDenied(log.AddCosignature(note).status()));
  EXPECT_TRUE(absl::IsNotFound(log.GetCheckpoint(1).status()));
  const std::string text = transparency::ParseNote(note)->text;
  const std::string cosigned =
      transparency::FormatNote({text, {transparency::CosignNote(text, witnesses_[0].name, witness, 1)}});
  EXPECT_EQ(log.AddCosignature(cosigned).value(), 1u);
  EXPECT_EQ(Open(log.GetCheckpoint(1).value())->witnesses, 1u);

  EXPECT_TRUE(log.PutCheckpoint(note).value());
  transparency::Checkpoint forked = Open(note)->checkpoint;
  forked.head.root[0] ^= 1;
  const std::string other = transparency::SignCheckpoint(forked, key_);
  EXPECT_FALSE(log.PutCheckpoint(other).value());
  const auto seen = log.ListSeenCheckpoints(0);
  ASSERT_TRUE(seen.ok()) << seen.status();
  ASSERT_EQ(seen->checkpoints_size(), 2);
  EXPECT_EQ(seen->checkpoints(0).checkpoint(), other);
  EXPECT_EQ(seen->checkpoints(1).checkpoint(), note);
  EXPECT_EQ(seen->checkpoints(1).seen_by(), StringOf(requester.identity()));
}

}  // namespace
}  // namespace prooflode::api
