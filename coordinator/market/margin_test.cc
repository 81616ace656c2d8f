// By how much a race was won or lost.
#include <gtest/gtest.h>

#include "coordinator/market/bench_test.h"

namespace prooflode::market {
namespace {

TEST(Margin, MarginAndDistancesAreTheFinalWinners) {
  Bench b;
  const Job job = b.Post(Race(0));
  const Attempt silent = b.Accept(kM1, job);
  const Attempt winner = b.Accept(kM2, job);
  const Attempt delivered = b.Accept(kM3, job);
  const Attempt late = b.Accept(Key(14), job);
  const Attempt stopped = b.Accept(Key(15), job);
  b.Commit(silent);
  b.now = b.now + Millis(10);
  b.Commit(winner);
  b.now = b.now + Millis(20);
  b.Commit(delivered);
  b.now = b.now + Millis(40);
  b.Commit(late);
  b.now = b.now + Millis(80);
  b.Reveal(delivered);
  b.Verdict(delivered, true);
  EXPECT_EQ(b.market.FindAttempt(late.id)->behind_winner, Millis(40));
  const LeafIndex lost_at = b.market.FindAttempt(late.id)->changed_by;
  b.Reveal(winner);
  b.Verdict(winner, true);
  EXPECT_EQ(b.StateOf(job), JobState::kDelivered);
  b.Pass(Seconds(1));  // the silent miner's window is over
  ASSERT_EQ(b.StateOf(winner), AttemptState::kWon);
  EXPECT_EQ(b.market.FindJob(job.id)->margin, Millis(20));
  EXPECT_EQ(b.Margin(winner), Millis(20));
  EXPECT_EQ(b.Margin(delivered), Millis(20));
  // They were told to stop before anybody could know the winner; they are told the same when told again.
  EXPECT_EQ(b.Margin(late), std::nullopt);
  EXPECT_EQ(b.Margin(stopped), std::nullopt);
  EXPECT_EQ(b.Margin(silent), std::nullopt);
  EXPECT_EQ(b.market.FindAttempt(delivered.id)->behind_winner, Millis(20));
  EXPECT_EQ(b.market.FindAttempt(late.id)->behind_winner, Millis(60));
  EXPECT_EQ(b.market.FindAttempt(late.id)->changed_by, lost_at);  // its state is as it was
  EXPECT_EQ(b.market.FindAttempt(stopped.id)->behind_winner, Millis(140));
  EXPECT_EQ(b.market.FindAttempt(silent.id)->behind_winner, Micros{});
}

TEST(Margin, ADeadHeatHasAMarginOfZero) {
  Bench b;
  const Job job = b.Post(Race(0));
  const Attempt winner = b.Accept(kM1, job);
  const Attempt second = b.Accept(kM2, job);
  const Attempt refuted = b.Accept(kM3, job);
  b.Commit(winner);
  b.Commit(second);
  b.Commit(refuted);
  b.Reveal(refuted);
  b.Verdict(refuted, false);
  b.Reveal(second);
  b.Verdict(second, true);
  b.Reveal(winner);
  b.Verdict(winner, true);
  EXPECT_EQ(b.market.FindJob(job.id)->margin, Micros{});
  EXPECT_EQ(b.Margin(winner), Micros{});
  EXPECT_EQ(b.Margin(second), Micros{});
  EXPECT_EQ(b.Margin(refuted), std::nullopt);
}

TEST(Margin, AWinnerWithNobodyBehindHasNoMargin) {
  Bench b;
  const Job job = b.Post(Race(0));
  const Attempt silent = b.Accept(kM1, job);
  const Attempt winner = b.Accept(kM2, job);
  b.Commit(silent);
  b.now = b.now + Millis(30);
  b.Commit(winner);
  b.Reveal(winner);
  b.Verdict(winner, true);
  b.Pass(Seconds(1));
  ASSERT_EQ(b.StateOf(job), JobState::kWon);
  EXPECT_EQ(b.market.FindJob(job.id)->margin, std::nullopt);
}

}  // namespace
}  // namespace prooflode::market
