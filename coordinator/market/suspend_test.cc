#include "coordinator/market/bench_test.h"

namespace prooflode::market {
namespace {

struct SuspendBench : Bench {
  SuspendBench() : Bench(Rules{.collateral_per_million = 1'000'000}) {
    for (const Identity& miner : {kM1, kM2}) {
      Get<TransferAnswer>({}, Deposit{miner, Amount{500}, "for " + HexEncode(miner)});
    }
  }
  SuspensionAnswer Set(bool active, const CircuitId& circuit = {}) {
    return Get<SuspensionAnswer>({}, SetSuspension{.subject = {.circuit = circuit}, .active = active});
  }
};

TEST(Suspend, EndsWhatIsNotDeliveredWithAllMoneyBack) {
  SuspendBench b;
  const Job open = b.Post(Race(0), 100, Seconds(10), 1);
  const Attempt racing = b.Accept(kM1, open);
  const Attempt committed = b.Accept(kM2, open);
  const Job closing = b.Post(Race(0), 100, Seconds(5), 2);
  const Attempt last = b.Accept(kM1, closing);
  b.now = b.now + Millis(4'900);
  b.Commit(last);
  b.Reveal(last);
  b.Pass(Millis(100));
  ASSERT_EQ(b.StateOf(closing), JobState::kClosing);
  b.Commit(committed);

  EXPECT_EQ(b.Set(true).refunded_jobs, 2u);
  EXPECT_EQ(b.StateOf(open), JobState::kSuspended);
  EXPECT_EQ(b.StateOf(closing), JobState::kSuspended);
  for (const Attempt& attempt : {racing, last}) {
    EXPECT_EQ(b.StateOf(attempt), AttemptState::kJobEnded);
    EXPECT_EQ(b.market.FindAttempt(attempt.id)->reason, Reason::kSuspended);
  }
  EXPECT_EQ(b.Balance(kAlice), 1000u);
  EXPECT_EQ(b.Balance(kM1), 500u);
  EXPECT_EQ(b.Balance(kM2), 500u);
}

TEST(Suspend, WhatIsDeliveredSettles) {
  SuspendBench b;
  const Job job = b.Post(Race(0));
  const Attempt earlier = b.Accept(kM1, job);
  const Attempt valid = b.Accept(kM2, job);
  b.Commit(earlier);
  b.Commit(valid);
  b.Reveal(valid);
  b.Verdict(valid, true);
  ASSERT_EQ(b.StateOf(job), JobState::kDelivered);
  EXPECT_EQ(b.Set(true).refunded_jobs, 0u);
  b.Pass(Seconds(1));
  EXPECT_EQ(b.StateOf(job), JobState::kWon);
  EXPECT_EQ(*b.market.FindJob(job.id)->winner, kM2);
}

TEST(Suspend, NothingIsPostedUntilItIsResumed) {
  SuspendBench b;
  b.Set(true);
  PostJob post{.reward = Amount{100}, .time_limit = Seconds(10)};
  post.circuit[0] = 7;
  post.public_inputs = std::string(32, '\0');
  EXPECT_EQ(b.Refused(kAlice, post), Reason::kSuspended);
  const LeafIndex leaves = b.leaves;
  b.Set(true);
  EXPECT_EQ(b.leaves, leaves);  // it was already
  b.Set(false);
  EXPECT_EQ(b.StateOf(b.Post(Race(0))), JobState::kOpen);
}

TEST(Suspend, OneCircuitLeavesTheOthersAlone) {
  SuspendBench b;
  Circuit other;
  other.id[0] = 8;
  other.name = "other";
  b.Get<CircuitAnswer>(kAlice, RegisterCircuit{other});
  const Job kept = b.Post(Race(0));
  const PostJob post{.circuit = other.id, .reward = Amount{10}, .time_limit = Seconds(10)};
  const Job ended = b.Get<JobAnswer>(kAlice, post).job;
  EXPECT_EQ(b.Set(true, other.id).refunded_jobs, 1u);
  EXPECT_EQ(b.StateOf(kept), JobState::kOpen);
  EXPECT_EQ(b.StateOf(ended), JobState::kSuspended);
  EXPECT_EQ(b.Refused(kAlice, post), Reason::kSuspended);
  const Answer unknown = b.Do({}, SetSuspension{.subject = {.circuit = Key(99)}, .active = true});
  EXPECT_TRUE(std::holds_alternative<Refusal>(unknown));
}

}  // namespace
}  // namespace prooflode::market
