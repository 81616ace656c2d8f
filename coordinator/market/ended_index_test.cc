// Ends of attempts in log order, as miners are told of them.
#include <gtest/gtest.h>

#include "coordinator/market/bench_test.h"

namespace prooflode::market {
namespace {

Attempt Ended(uint8_t id, LeafIndex leaf, AttemptState state = AttemptState::kLost) {
  Attempt attempt;
  attempt.id.bytes[0] = id;
  attempt.miner = kM1;
  attempt.state = state;
  attempt.changed_by = leaf;
  return attempt;
}

EndPlace Place(LeafIndex leaf, uint8_t id) { return {leaf, {{id}}}; }

TEST(EndedIndex, EndsOfOneLeafStandByTheirAttempt) {
  EndedIndex index;
  index.Note(Ended(1, 5));
  index.Note(Ended(9, 7));
  index.Note(Ended(3, 7));
  index.Note(Ended(3, 7));  // written twice
  index.Note(Ended(4, 8, AttemptState::kCommitted));
  EXPECT_EQ(index.Of(kM1), (std::vector{Place(5, 1), Place(7, 3), Place(7, 9)}));
  EXPECT_TRUE(index.Of(kM2).empty());
}

TEST(EndedIndex, LoadedInAnyOrder) {
  EndedIndex index;
  for (const uint8_t id : std::vector<uint8_t>{4, 2, 9}) index.NoteLoaded(Ended(id, 20u - id));
  index.Sort();
  index.Note(Ended(1, 30));
  EXPECT_EQ(index.Of(kM1), (std::vector{Place(11, 9), Place(16, 4), Place(18, 2), Place(30, 1)}));
}

TEST(EndedOf, GivesEachEndOnceAndNoneThatWentOn) {
  Bench b;
  const Job leased = b.Post(Lease(Seconds(2)));
  const Attempt late = b.Accept(kM1, leased);
  b.Pass(Seconds(3));
  ASSERT_EQ(b.StateOf(late), AttemptState::kTimedOut);
  const auto first = b.market.EndedOf(kM1, {}, 10);
  ASSERT_EQ(first.size(), 1u);
  const EndPlace timed_out = PlaceOf(*first[0]);
  b.Commit(late);  // too late for its lease, in time for the job
  EXPECT_TRUE(b.market.EndedOf(kM1, {}, 10).empty());
  b.Reveal(late);
  b.Verdict(late, true);
  const auto all = b.market.EndedOf(kM1, {}, 10);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0]->state, AttemptState::kWon);
  EXPECT_LT(timed_out, PlaceOf(*all[0]));
  EXPECT_EQ(b.market.EndedOf(kM1, timed_out, 10), all);
  EXPECT_TRUE(b.market.EndedOf(kM1, PlaceOf(*all[0]), 10).empty());
}

TEST(EndedOf, GivesTheFirstOnes) {
  Bench b;
  std::vector<AttemptId> ids;
  for (uint8_t i = 1; i <= 3; ++i) {
    const Attempt attempt = b.Accept(kM1, b.Post(Race(2), 100, Seconds(10), i));
    b.Get<AttemptAnswer>(kM1, ReleaseAttempt{.attempt = attempt.id, .fence = attempt.fence});
    ids.push_back(attempt.id);
  }
  const auto two = b.market.EndedOf(kM1, {}, 2);
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[0]->id, ids[0]);
  const auto rest = b.market.EndedOf(kM1, PlaceOf(*two[1]), 2);
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0]->id, ids[2]);
}

}  // namespace
}  // namespace prooflode::market
