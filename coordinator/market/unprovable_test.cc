#include "coordinator/market/bench_test.h"

namespace prooflode::market {
namespace {

struct ReportBench : Bench {
  ReportBench() : Bench(Rules{.check_fee_per_million = 110'000}) {}
  void Report(const Attempt& a) {
    Get<AttemptAnswer>(a.miner, ReleaseAttempt{a.id, a.fence, Reason::kUnprovable});
  }
};

TEST(Unprovable, TwoReportsEndTheJobAndShareTheCheckFee) {
  ReportBench b;
  const Job job = b.Post(Race(0));
  const Attempt a1 = b.Accept(kM1, job);
  const Attempt a2 = b.Accept(kM2, job);
  const Attempt busy = b.Accept(kM3, job);
  b.Report(a1);
  EXPECT_EQ(b.StateOf(job), JobState::kOpen);
  b.Report(a2);
  EXPECT_EQ(b.StateOf(job), JobState::kUnprovable);
  EXPECT_EQ(b.StateOf(busy), AttemptState::kJobEnded);
  EXPECT_EQ(b.market.FindAttempt(busy.id)->reason, Reason::kUnprovable);
  EXPECT_EQ(b.Balance(kM1), 5u);  // 11 of the reward of 100, an odd one stays with the poster
  EXPECT_EQ(b.Balance(kM2), 5u);
  EXPECT_EQ(b.Balance(kAlice), 990u);
}

TEST(Unprovable, OneMinerReportsOnceHoweverOftenItTries) {
  ReportBench b;
  const Job job = b.Post(Race(0));
  b.Report(b.Accept(kM1, job));
  EXPECT_EQ(b.Refused(kM1, AcceptOffer{job.id}), Reason::kUnprovable);
  EXPECT_EQ(b.StateOf(job), JobState::kOpen);
  b.Get<AttemptAnswer>(kM2, ReleaseAttempt{b.Accept(kM2, job).id, b.leaves - 1});  // for another reason
  EXPECT_EQ(b.StateOf(job), JobState::kOpen);
}

TEST(Unprovable, ACommitThatIsUndecidedComesFirst) {
  ReportBench b;
  const Job job = b.Post(Race(0));
  const Attempt a1 = b.Accept(kM1, job);
  const Attempt a2 = b.Accept(kM2, job);
  const Attempt hopeful = b.Accept(kM3, job);
  b.Commit(hopeful);
  b.Report(a1);
  b.Report(a2);
  EXPECT_EQ(b.StateOf(job), JobState::kOpen);
  b.Reveal(hopeful);
  b.Verdict(hopeful, false);
  EXPECT_EQ(b.StateOf(job), JobState::kUnprovable);

  const Job proven = b.Post(Race(0), 100, Seconds(10), 2);
  const Attempt b1 = b.Accept(kM1, proven);
  const Attempt b2 = b.Accept(kM2, proven);
  const Attempt prover = b.Accept(kM3, proven);
  b.Commit(prover);
  b.Report(b1);
  b.Report(b2);
  b.Reveal(prover);
  b.Verdict(prover, true);
  EXPECT_EQ(b.StateOf(proven), JobState::kWon);
}

TEST(Unprovable, AReportIsFreeWheneverItComes) {
  Bench b(Rules{.collateral_per_million = 1'000'000, .release_grace = Micros{0}});
  b.Get<TransferAnswer>({}, Deposit{kM1, Amount{100}, "m1"});
  const Job job = b.Post(Lease(Seconds(8)));
  const Attempt a = b.Accept(kM1, job);
  b.Pass(Seconds(7));
  b.Get<AttemptAnswer>(kM1, ReleaseAttempt{a.id, a.fence, Reason::kUnprovable});
  EXPECT_EQ(b.Balance(kM1), 100u);
}

TEST(Unprovable, WhereTheCoordinatorTriedTheWitnessReportsEndNothing) {
  ReportBench b;
  Circuit checked;
  checked.id[0] = 8;
  checked.name = "checked";
  checked.r1cs_digest = Digest{};
  b.Get<CircuitAnswer>(kAlice, RegisterCircuit{checked});
  const PostJob post{.circuit = checked.id, .reward = Amount{100}, .time_limit = Seconds(10)};
  const Job job = b.Get<JobAnswer>(kAlice, post).job;
  b.Report(b.Accept(kM1, job));
  b.Report(b.Accept(kM2, job));
  EXPECT_EQ(b.StateOf(job), JobState::kOpen);
}

}  // namespace
}  // namespace prooflode::market
