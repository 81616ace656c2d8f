// What needs no coordinator; calls and streams are tested against a real one in coordinator/api.
#include <gtest/gtest.h>

#include "base/sim/sim_env.h"
#include "client/channel.h"
#include "client/errors.h"
#include "client/receipt.h"
#include "prooflode/v1/auth_service.grpc.pb.h"
#include "transparency/leaf.h"
#include "transparency/merkle.h"
#include "transparency/signing.h"

namespace prooflode::client {
namespace {

TEST(Channel, PlaintextStaysOnThisMachine) {
  EXPECT_TRUE(MakeChannel({.url = "http://127.0.0.1:1"}).ok());
  EXPECT_EQ(MakeChannel({.url = "http://192.0.2.1:1"}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  // A name that only looks like loopback.
  EXPECT_EQ(MakeChannel({.url = "http://127.evil.example:1"}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(MakeChannel({.url = "http://192.0.2.1:1", .insecure = true}).ok());
}

TEST(Channel, TellsHowEachCallEnded) {
  SimClock clock;
  std::vector<std::string> calls;
  ChannelOptions options{.url = "http://127.0.0.1:1"};  // nobody listens
  options.clock = &clock;
  options.observer = [&](std::string_view method, std::string_view code, Micros duration) {
    calls.push_back(absl::StrCat(Sv(method), " ", Sv(code), " ", Count(duration)));
  };
  const auto channel = MakeChannel(options);
  ASSERT_TRUE(channel.ok()) << channel.status();
  grpc::ClientContext context;
  v1::GetMarketResponse response;
  EXPECT_FALSE(v1::AuthService::NewStub(*channel)->GetMarket(&context, {}, &response).ok());
  EXPECT_EQ(calls, std::vector<std::string>{"GetMarket UNAVAILABLE 0"});
}

TEST(Errors, OutcomeAndReason) {
  const Status refused = absl::FailedPreconditionError("no");
  EXPECT_FALSE(IsOutcomeUnknown(refused));
  EXPECT_EQ(ReasonOf(refused), v1::REASON_UNSPECIFIED);
  EXPECT_TRUE(IsOutcomeUnknown(MarkOutcomeUnknown(absl::UnavailableError("gone"))));
  EXPECT_FALSE(IsOutcomeUnknown(MarkOutcomeUnknown(absl::OkStatus())));
}

TEST(Errors, AFailedLoginIsMarkedAndKeepsTheOtherFacts) {
  const Status lost = MarkOutcomeUnknown(absl::UnavailableError("gone"));
  EXPECT_FALSE(IsLoginFailure(lost));
  EXPECT_FALSE(IsLoginFailure(absl::UnauthenticatedError("login: says the text alone")));
  const Status login = MarkLoginFailure(lost);
  EXPECT_TRUE(IsLoginFailure(login));
  EXPECT_TRUE(IsOutcomeUnknown(login));
  EXPECT_EQ(login.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(FromSv(login.message()), "login: gone");
  EXPECT_FALSE(IsLoginFailure(MarkLoginFailure(absl::OkStatus())));
}

class ReceiptTest : public testing::Test {
 protected:
  void SetUp() override {
    SimRandom random(7);
    attempt_.set_job_id(std::string(16, 'j'));
    attempt_.set_attempt_id(std::string(16, 'a'));
    attempt_.set_fence(3);
    auto commit =
        MakeCommit(miner_, "market", attempt_, std::string(256, 'p'), std::string(32, 'i'), Digest{});
    ASSERT_TRUE(commit.ok()) << commit.status();
    commit_ = *commit;
    leaf_.type = transparency::LeafType::kCommit;
    leaf_.time = Seconds(5);
    std::string fence(8, '\0');
    fence[0] = 3;
    leaf_.fields = {{1, std::string(AsChars(miner_.public_key()))},
                    {50, attempt_.attempt_id()},
                    {51, fence},
                    {52, std::string(AsChars(commit_.commit_hash))},
                    {53, std::string(AsChars(commit_.signature))}};
  }

  // A receipt for `leaf_` as leaf 4 of 6.
  v1::Receipt Receipt() {
    transparency::MerkleTree tree;
    v1::Receipt receipt;
    receipt.set_leaf(transparency::EncodeLeaf(leaf_));
    for (uint64_t i = 0; i < 6; ++i) {
      tree.Append(i == 4 ? transparency::LeafHash(AsBytes(receipt.leaf())) : Sha256(AsBytes("other")));
    }
    receipt.set_leaf_index(4);
    receipt.set_tree_size(6);
    receipt.set_root_hash(std::string(AsChars(tree.Root())));
    for (const Digest& node : tree.InclusionProof(4)) receipt.add_inclusion_proof(std::string(AsChars(node)));
    const std::string message = transparency::ReceiptMessage(
        {"market", 4, transparency::LeafHash(AsBytes(receipt.leaf())), 6, tree.Root()});
    receipt.set_signature(
        std::string(AsChars(coordinator_.Sign(transparency::kReceiptDomain, AsBytes(message)))));
    return receipt;
  }
  Status Check(const v1::Receipt& receipt) {
    return CheckedReceipt(receipt, commit_, miner_.public_key(), keys_).status();
  }

  SigningKey miner_ = SigningKey::FromSeed({1});
  SigningKey coordinator_ = SigningKey::FromSeed({2});
  transparency::LogKeys keys_ = transparency::LogKeys::Create("market", coordinator_.public_key()).value();
  v1::Attempt attempt_;
  Commit commit_;
  transparency::LeafContent leaf_;
};

TEST_F(ReceiptTest, GoodOnePasses) { EXPECT_TRUE(Check(Receipt()).ok()) << Check(Receipt()); }

TEST_F(ReceiptTest, EveryTamperingIsFound) {
  v1::Receipt receipt = Receipt();
  receipt.set_leaf_index(3);
  EXPECT_FALSE(Check(receipt).ok());
  receipt = Receipt();
  receipt.set_tree_size(7);
  EXPECT_FALSE(Check(receipt).ok());
  receipt = Receipt();
  (*receipt.mutable_root_hash())[0] ^= 1;
  EXPECT_FALSE(Check(receipt).ok());
  receipt = Receipt();
  (*receipt.mutable_signature())[0] ^= 1;
  EXPECT_FALSE(Check(receipt).ok());
  receipt = Receipt();
  receipt.mutable_inclusion_proof()->RemoveLast();
  EXPECT_FALSE(Check(receipt).ok());
  receipt = Receipt();
  receipt.mutable_inclusion_proof(0)->resize(31);
  EXPECT_FALSE(Check(receipt).ok());
  receipt = Receipt();
  receipt.mutable_leaf()->push_back('x');
  EXPECT_FALSE(Check(receipt).ok());
  receipt = Receipt();
  keys_ = transparency::LogKeys::Create("market", miner_.public_key()).value();
  EXPECT_EQ(Check(receipt).code(), absl::StatusCode::kDataLoss);
}

TEST_F(ReceiptTest, OneOfJustBeforeAHandoverStillCounts) {
  const SigningKey next = SigningKey::FromSeed({3});
  const auto keys_after = [&](uint64_t size) {
    const auto handover = transparency::HandOver("market", {size, Digest{}}, coordinator_, next);
    return transparency::LogKeys::Create("market", next.public_key(), {handover}).value();
  };
  keys_ = keys_after(6);
  const auto receipt = CheckedReceipt(Receipt(), commit_, miner_.public_key(), keys_);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->coordinator, coordinator_.public_key());
  keys_ = keys_after(5);  // which the retired key had no right to sign any more
  EXPECT_EQ(Check(Receipt()).code(), absl::StatusCode::kDataLoss);
}

TEST_F(ReceiptTest, ASignedLeafThatIsNotOurCommitIsFound) {
  const transparency::LeafContent good = leaf_;
  for (const uint16_t field : std::initializer_list<uint16_t>{1, 50, 51, 52, 53}) {
    leaf_ = good;
    leaf_.fields[field][0] ^= 1;
    const Status status = Check(Receipt());
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << field;
  }
  leaf_ = good;
  leaf_.fields.erase(52);
  EXPECT_FALSE(Check(Receipt()).ok());
  leaf_ = good;
  leaf_.type = transparency::LeafType::kReveal;
  EXPECT_FALSE(Check(Receipt()).ok());
}

}  // namespace
}  // namespace prooflode::client
