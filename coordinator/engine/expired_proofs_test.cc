#include "coordinator/engine/expired_proofs.h"

#include <gtest/gtest.h>

namespace prooflode::engine {
namespace {

market::Job JobWith(uint8_t id, market::JobState state, Micros settled_at) {
  market::Job job;
  job.id.bytes.fill(id);
  job.state = state;
  job.settled_at = settled_at;
  return job;
}

TEST(ExpiredProofs, ThoseOfAJobExpireTogether) {
  market::Market market{market::Rules{.proof_retention = Seconds(100)}};
  const auto load = [&market](uint8_t job, uint8_t id, market::LeafIndex proof_leaf) {
    market::Attempt attempt;
    attempt.id.bytes.fill(id);
    attempt.job.bytes.fill(job);
    attempt.fence = id;
    attempt.state = market::AttemptState::kLost;
    attempt.proof_leaf = proof_leaf;
    market.LoadAttempt(attempt);
  };
  market.LoadJob(JobWith(1, market::JobState::kWon, Seconds(10)));
  market.LoadJob(JobWith(2, market::JobState::kExpired, Seconds(20)));
  market.LoadJob(JobWith(3, market::JobState::kDelivered, Micros{}));
  load(1, 1, 7);
  load(1, 2, 8);
  load(1, 3, 0);  // revealed nothing
  load(2, 4, 9);
  load(3, 5, 10);  // of a job that is not over
  using Proof = ExpiredProofs::Proof;
  using Proofs = std::vector<Proof>;
  const Proof first{Seconds(10), 7}, second{Seconds(10), 8}, later{Seconds(20), 9};
  EXPECT_EQ(FindExpiredProofs(market, Seconds(110), {}).proofs, Proofs{});
  EXPECT_EQ(FindExpiredProofs(market, Seconds(111), {}).proofs, (Proofs{first, second}));
  EXPECT_EQ(FindExpiredProofs(market, Seconds(111), {}).kept_from, Seconds(11));
  EXPECT_EQ(FindExpiredProofs(market, Seconds(121), {}).proofs, (Proofs{first, second, later}));
  EXPECT_EQ(FindExpiredProofs(market, Seconds(121), Seconds(11)).proofs, (Proofs{later}));
  market::Market keeping{market::Rules{}};
  keeping.LoadJob(JobWith(1, market::JobState::kWon, Seconds(10)));
  EXPECT_EQ(FindExpiredProofs(keeping, Seconds(1'000'000), {}).kept_from, Micros{});
}

}  // namespace
}  // namespace prooflode::engine
