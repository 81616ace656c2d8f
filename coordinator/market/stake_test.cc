#include "coordinator/market/bench_test.h"

namespace prooflode::market {
namespace {

// Half of the reward of 100 is held from each miner, who starts with 200; a place in a race lasts 4 s, giving
// back is free for one.
constexpr uint64_t kStart = 200;
constexpr uint64_t kHeld = 50;

struct StakeBench : Bench {
  explicit StakeBench(uint32_t release_fee_per_million = 500'000)
      : Bench(Rules{.race_place = Seconds(4),
                    .collateral_per_million = 500'000,
                    .release_grace = Seconds(1),
                    .release_fee_per_million = release_fee_per_million}) {
    for (const Identity& miner : {kM1, kM2}) {
      Get<TransferAnswer>({}, Deposit{miner, Amount{kStart}, "for " + HexEncode(miner)});
    }
  }
  uint64_t Held(const Identity& miner) const {
    return Count(market.ledger().Balance(ledger::Stake(HexEncode(miner))));
  }
  uint64_t Escrow() const { return Count(market.ledger().Balance(ledger::Escrow(HexEncode(kAlice)))); }
};

TEST(Stake, IsHeldAtAdmissionAndGivenBackToWinnerAndLoser) {
  StakeBench b;
  const Job job = b.Post(Race(0));
  EXPECT_EQ(job.collateral, Amount{kHeld});
  const Attempt winner = b.Accept(kM1, job);
  const Attempt loser = b.Accept(kM2, job);
  EXPECT_EQ(winner.collateral, Amount{kHeld});
  EXPECT_EQ(b.Balance(kM1), kStart - kHeld);
  EXPECT_EQ(b.Held(kM1), kHeld);
  b.Commit(winner);
  b.Reveal(winner);
  b.Verdict(winner, true);
  EXPECT_EQ(b.StateOf(loser), AttemptState::kLost);
  EXPECT_EQ(b.Balance(kM1), kStart + 100);
  EXPECT_EQ(b.Balance(kM2), kStart);
  EXPECT_EQ(b.Held(kM1) + b.Held(kM2), 0u);
  EXPECT_EQ(b.market.FindAttempt(winner.id)->collateral, Amount{});
}

TEST(Stake, WhoHasTooLittleIsNotAdmittedAndToldWhy) {
  StakeBench b;
  const Job job = b.Post(Race(1));
  const Answer refused = b.Do(kM3, AcceptOffer{job.id});
  ASSERT_TRUE(std::holds_alternative<Refusal>(refused));
  EXPECT_EQ(std::get<Refusal>(refused).reason, Reason::kCollateralTooLow);
  EXPECT_EQ(std::get<Refusal>(refused).message, "collateral: the balance is 0, want at least 50");
  b.Accept(kM1, job);  // the place is still free
}

TEST(Stake, MissingOnesTimeCostsHalfToTheRequesterAndHalfToWhoeverCompletes) {
  StakeBench b;
  const Job job = b.Post(Race(1));
  const Attempt silent = b.Accept(kM1, job);
  b.Pass(Seconds(4));
  EXPECT_EQ(b.StateOf(silent), AttemptState::kTimedOut);
  EXPECT_EQ(b.market.FindAttempt(silent.id)->forfeited, Amount{kHeld});
  EXPECT_EQ(b.Balance(kM1), kStart - kHeld);
  EXPECT_EQ(b.Balance(kAlice), 900 + kHeld / 2);
  EXPECT_EQ(b.market.FindJob(job.id)->bounty, Amount{kHeld / 2});
  EXPECT_EQ(b.Escrow(), 100 + kHeld / 2);
  const Attempt second = b.Accept(kM2, job);
  b.Commit(second);
  b.Reveal(second);
  b.Verdict(second, true);
  EXPECT_EQ(b.Balance(kM2), kStart + 100 + kHeld / 2);
  EXPECT_EQ(b.market.FindJob(job.id)->bounty, Amount{});
  EXPECT_EQ(b.Escrow(), 0u);
}

TEST(Stake, WhereNobodyCompletesTheRequesterGetsAllOfIt) {
  StakeBench b;
  const Job job = b.Post(Race(1));
  b.Accept(kM1, job);
  b.Pass(Seconds(4));
  b.Pass(Seconds(6));
  EXPECT_EQ(b.StateOf(job), JobState::kExpired);
  EXPECT_EQ(b.Balance(kAlice), 1000 + kHeld);
  EXPECT_EQ(b.Balance(kM1), kStart - kHeld);
}

TEST(Stake, ALateMinerThatCompletesAfterAllGetsItsHalfBack) {
  StakeBench b;
  const Job job = b.Post(Race(1));
  const Attempt late = b.Accept(kM1, job);
  b.Pass(Seconds(4));
  b.Commit(late);
  b.Reveal(late);
  b.Verdict(late, true);
  EXPECT_EQ(b.Balance(kM1), kStart + 100 - kHeld / 2);
}

TEST(Stake, RubbishAndACommitThatIsNeverRevealedCostAllOfIt) {
  StakeBench b;
  const Job job = b.Post(Race(0));
  const Attempt liar = b.Accept(kM1, job);
  const Attempt silent = b.Accept(kM2, job);
  b.Commit(liar);
  b.Commit(silent);
  b.Reveal(liar);
  b.Verdict(liar, false);
  b.Pass(Seconds(1));
  EXPECT_EQ(b.StateOf(silent), AttemptState::kTimedOut);
  EXPECT_EQ(b.Balance(kM1), kStart - kHeld);
  EXPECT_EQ(b.Balance(kM2), kStart - kHeld);
  EXPECT_EQ(b.market.FindJob(job.id)->bounty, Amount{kHeld});
}

TEST(Stake, TheDeadlineIsMissedByWhoeverHadTheTimeAndWasNotAlone) {
  StakeBench b;
  const Job job = b.Post(Race(0));
  const Attempt missed = b.Accept(kM1, job);
  b.Pass(Millis(9'500));
  const Attempt fresh = b.Accept(kM2, job);  // less than the grace before the end
  b.Pass(Millis(500));
  EXPECT_EQ(b.market.FindAttempt(missed.id)->forfeited, Amount{kHeld});
  EXPECT_EQ(b.market.FindAttempt(fresh.id)->forfeited, Amount{});
  EXPECT_EQ(b.Balance(kM2), kStart);

  const Job other = b.Post(Race(0), 100, Seconds(10), 2);
  const Attempt beaten = b.Accept(kM1, other);
  const Attempt in_time = b.Accept(kM2, other);
  b.Pass(Millis(9'900));
  b.Commit(in_time);
  b.Pass(Millis(100));
  EXPECT_EQ(b.StateOf(beaten), AttemptState::kJobEnded);
  EXPECT_EQ(b.market.FindAttempt(beaten.id)->forfeited, Amount{});
}

TEST(Stake, CancellingCostsNoMinerAnything) {
  StakeBench b;
  const Job job = b.Post(Race(0));
  b.Accept(kM1, job);
  b.Pass(Seconds(3));
  b.Get<JobAnswer>(kAlice, CancelJob{job.id});
  EXPECT_EQ(b.Balance(kM1), kStart);
  EXPECT_EQ(b.Held(kM1), 0u);
}

TEST(Stake, GivingBackIsFreeAtFirstThenDearerAndNeverMoreThanTheRule) {
  for (const auto& [after, fee] : std::vector<std::pair<Micros, uint64_t>>{
           {Millis(999), 0}, {Millis(1'000), 0}, {Millis(2'500), 12}, {Millis(3'999), 24}}) {
    StakeBench b;
    const Job job = b.Post(Race(1));
    const Attempt a = b.Accept(kM1, job);
    b.Pass(after);
    b.Get<AttemptAnswer>(kM1, ReleaseAttempt{a.id, a.fence});
    EXPECT_EQ(b.market.FindAttempt(a.id)->forfeited, Amount{fee}) << Count(after);
    EXPECT_EQ(b.Balance(kM1), kStart - fee);
    EXPECT_EQ(b.market.FindJob(job.id)->bounty, Amount{fee / 2});
  }
}

TEST(Stake, ARestartPunishesNobodyItFellOn) {
  StakeBench b;
  const Job job = b.Post(Race(0));
  const Attempt admitted = b.Accept(kM1, job);
  const Attempt committed = b.Accept(kM2, job);
  b.Commit(committed);
  b.Get<Done>({}, Restart{b.now, b.market.rules()});
  b.Pass(Seconds(10));
  EXPECT_EQ(b.StateOf(committed), AttemptState::kTimedOut);
  EXPECT_EQ(b.StateOf(job), JobState::kExpired);
  EXPECT_EQ(b.StateOf(admitted), AttemptState::kJobEnded);
  EXPECT_EQ(b.Balance(kM1), kStart);
  EXPECT_EQ(b.Balance(kM2), kStart);
}

TEST(Stake, IsThatOfThePostingWhateverTheRulesSayLater) {
  StakeBench b;
  const Job job = b.Post(Race(0));
  Rules other = b.market.rules();
  other.collateral_per_million = 0;
  b.Get<Done>({}, Restart{b.now, other});
  EXPECT_EQ(b.Accept(kM1, job).collateral, Amount{kHeld});
}

}  // namespace
}  // namespace prooflode::market
