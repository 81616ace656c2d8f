#include "coordinator/market/draw.h"

#include <map>
#include <set>

#include "coordinator/market/bench_test.h"

namespace prooflode::market {
namespace {

Digest Seed(uint8_t n) {
  Digest seed{};
  seed[0] = n;
  return seed;
}

Rules Drawing(Micros window = Millis(100)) { return {.draw_window = window}; }

const std::vector<Identity> kFive = {Key(11), Key(12), Key(13), Key(14), Key(15)};

void Enter(Bench& b, const Identity& miner, const Job& job) {
  EXPECT_EQ(b.Get<CandidacyAnswer>(miner, AcceptOffer{.job = job.id}).candidacy.miner, miner);
}

// Who was admitted, and who was told that it was not.
struct Told {
  std::set<Identity> admitted;
  std::map<Identity, Reason> not_drawn;
};
Told ToldBy(const Bench& b) {
  Told told;
  for (const Effect& effect : b.effects) {
    if (const auto* admitted = std::get_if<Admitted>(&effect)) {
      told.admitted.insert(b.market.FindAttempt(admitted->attempt)->miner);
    } else if (const auto* not_drawn = std::get_if<NotDrawn>(&effect)) {
      told.not_drawn[not_drawn->miner] = not_drawn->reason;
    }
  }
  return told;
}

TEST(DrawOrder, IsTheSameForWhoeverDrawsAgain) {
  std::vector<DrawCandidate> candidates;
  for (const Identity& key : kFive) candidates.push_back({key, 2});
  const auto order = DrawOrder(Seed(1), 0, candidates);
  std::reverse(candidates.begin(), candidates.end());
  const auto again = DrawOrder(Seed(1), 0, candidates);
  ASSERT_EQ(order.size(), kFive.size());
  for (size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i].miner, again[i].miner);
}

// Vectors for who writes this in another language.
TEST(DrawOrder, GivesWhatTheFormatSays) {
  JobId job;
  job.bytes.fill(0x10);
  Digest root;
  root.fill(0x30);
  const Digest seed = DrawSeed(job, std::string(16, '\x20'), root);
  EXPECT_EQ(HexEncode(seed), "790e2d081c4389ced98f15744b39aae83c7bcbc05b6a12d6d53821c6ad5c4cd9");
  Identity miner;
  miner.fill(0x40);
  EXPECT_EQ(HexEncode(DrawnAttemptId(seed, 3, miner).bytes), "f946b9432303bff5646f84051f1d3a27");
}

TEST(DrawOrder, ChancesFollowTickets) {
  int first = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto order = DrawOrder(Seed(2), static_cast<uint32_t>(i), {{Key(1), 3}, {Key(2), 1}});
    first += order[0].miner == Key(1) ? 1 : 0;
  }
  EXPECT_NEAR(first, 2250, 120);  // five standard deviations
}

TEST(Draw, PlacesGoToTheLowestTicketsOnceTheWindowIsOver) {
  Bench b(Drawing());
  const Job job = b.Post(Race(2));
  for (const Identity& key : kFive) Enter(b, key, job);
  EXPECT_EQ(b.market.FindJob(job.id)->draw_at, b.now + Millis(100));
  Enter(b, kM1, job);  // asking again is harmless
  b.market.TakeChanges();
  b.Pass(Millis(99));
  EXPECT_EQ(b.market.candidacies().size(), 5u);
  b.Pass(Millis(1));
  const Told told = ToldBy(b);
  const auto draws = b.market.TakeChanges().draws;
  ASSERT_EQ(draws.size(), 1u);
  EXPECT_EQ(draws[0].places, 2u);
  std::vector<DrawCandidate> lots;
  for (const Identity& key : kFive) lots.push_back({key, 1});
  const auto order = DrawOrder(b.market.FindJob(job.id)->draw_seed, 0, lots);
  EXPECT_EQ(told.admitted, (std::set<Identity>{order[0].miner, order[1].miner}));
  EXPECT_EQ(told.not_drawn.size(), 3u);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(draws[0].entries[i].miner, order[i].miner);
    EXPECT_EQ(draws[0].entries[i].admitted, i < 2);
  }
  EXPECT_TRUE(b.market.candidacies().empty());
  EXPECT_EQ(b.market.FindJob(job.id)->racer_count, 2u);
  EXPECT_TRUE(std::holds_alternative<RaceFull>(b.effects.back()));
  EXPECT_EQ(b.Refused(order[4].miner, AcceptOffer{.job = job.id}), Reason::kRaceFull);
  // Asking again after the draw gives the attempt.
  EXPECT_EQ(b.Accept(order[0].miner, job).state, AttemptState::kAdmitted);
}

TEST(Draw, AnOpenRaceAdmitsAtOnce) {
  Bench b(Drawing());
  EXPECT_EQ(b.Accept(kM1, b.Post(Race(0))).state, AttemptState::kAdmitted);
}

TEST(Draw, AFreePlaceIsDrawnForAnewWithOtherTickets) {
  Bench b(Drawing());
  const Job job = b.Post(Race(1));
  for (const Identity& key : kFive) Enter(b, key, job);
  b.Pass(Millis(100));
  const Identity first = *ToldBy(b).admitted.begin();
  const Attempt attempt = b.Accept(first, job);
  b.Get<AttemptAnswer>(first, ReleaseAttempt{attempt.id, attempt.fence});
  for (const Identity& key : kFive) Enter(b, key, job);
  b.market.TakeChanges();
  b.Pass(Millis(100));
  const auto draws = b.market.TakeChanges().draws;
  ASSERT_EQ(draws.size(), 1u);
  EXPECT_EQ(draws[0].number, 1u);
  for (const auto& entry : draws[0].entries) EXPECT_EQ(entry.tickets, entry.miner == first ? 1u : 2u);
}

TEST(Draw, WhoKeepsLosingGetsTurns) {
  Bench b(Drawing(), 1'000'000);
  std::map<Identity, int> turns;
  for (int i = 0; i < 100; ++i) {
    const Job job = b.Post(Race(1), 100, Seconds(10), 1, /*again=*/true);
    for (const Identity& key : kFive) Enter(b, key, job);
    b.Pass(Millis(100));
    const Identity drawn = *ToldBy(b).admitted.begin();
    ++turns[drawn];
    const Attempt a = b.Accept(drawn, job);
    b.Commit(a);
    b.Reveal(a);
    b.Verdict(a, true);
  }
  for (const Identity& key : kFive) EXPECT_GE(turns[key], 14);
}

TEST(Draw, TheEndOfAJobEndsItsCandidacies) {
  Bench b(Drawing(Seconds(5)));
  const Job job = b.Post(Race(2), 100, Seconds(3));
  Enter(b, kM1, job);
  b.Pass(Seconds(3));
  EXPECT_EQ(ToldBy(b).not_drawn.at(kM1), Reason::kDeadlinePassed);
  EXPECT_FALSE(b.market.NextDue().has_value());
  const Job cancelled = b.Post(Race(2), 100, Seconds(3), 2);
  Enter(b, kM1, cancelled);
  b.Get<JobAnswer>(kAlice, CancelJob{cancelled.id});
  EXPECT_EQ(ToldBy(b).not_drawn.at(kM1), Reason::kCancelledByRequester);
}

TEST(Draw, AWithdrawnCandidateIsNotDrawn) {
  Bench b(Drawing());
  const Job job = b.Post(Race(1));
  Enter(b, kM1, job);
  Enter(b, kM2, job);
  b.Get<Done>(kM1, WithdrawCandidacy{job.id});
  EXPECT_TRUE(std::holds_alternative<Refusal>(b.Do(kM1, WithdrawCandidacy{job.id})));
  b.Pass(Millis(100));
  EXPECT_EQ(ToldBy(b).admitted, std::set<Identity>{kM2});
  EXPECT_TRUE(b.market.standings().empty() || b.market.standings().count(kM1) == 0);
}

TEST(Draw, SurvivesLoading) {
  Bench b(Drawing());
  const Job job = b.Post(Race(1));
  for (const Identity& key : kFive) Enter(b, key, job);
  Market loaded;
  for (const auto& [id, circuit] : b.market.circuits()) loaded.LoadCircuit(circuit);
  for (const auto& [key, candidacy] : b.market.candidacies()) loaded.LoadCandidacy(candidacy);
  loaded.LoadJob(*b.market.FindJob(job.id));
  EXPECT_EQ(loaded.CandidaciesOf(kM1).size(), 1u);
  const Micros due = *loaded.NextDue();
  EXPECT_EQ(due, b.now + Millis(100));
  const Outcome drawn = loaded.Apply({.now = due, .leaf_index = b.leaves, .command = Tick{}});
  b.Pass(Millis(100));
  for (const Effect& effect : drawn.effects) {
    if (const auto* admitted = std::get_if<Admitted>(&effect)) {
      EXPECT_EQ(b.market.FindAttempt(admitted->attempt)->miner, loaded.FindAttempt(admitted->attempt)->miner);
    }
  }
}

TEST(Admission, ALateHolderOfAHedgedLeaseGetsCompany) {
  Bench b;
  const Job job = b.Post({.lease = LeasePolicy{Seconds(9), /*hedged=*/true}});
  const Attempt first =
      b.Get<AttemptAnswer>(kM1, AcceptOffer{.job = job.id, .predicted = Seconds(2)}).attempt;
  EXPECT_EQ(b.Refused(kM2, AcceptOffer{.job = job.id}), Reason::kRaceFull);
  b.Pass(Millis(2599));
  EXPECT_EQ(b.Refused(kM2, AcceptOffer{.job = job.id}), Reason::kRaceFull);
  b.Pass(Millis(1));
  EXPECT_TRUE(b.market.FindAttempt(first.id)->late);
  const Attempt second = b.Accept(kM2, job);
  EXPECT_EQ(b.Refused(kM3, AcceptOffer{.job = job.id}), Reason::kRaceFull);
  b.Commit(first);
  b.Reveal(first);
  b.Verdict(first, true);
  EXPECT_EQ(*b.market.FindJob(job.id)->winner, kM1);
  EXPECT_EQ(b.StateOf(second), AttemptState::kLost);
}

TEST(Admission, AHolderThatCommitsInTimeGetsNone) {
  Bench b;
  const Job job = b.Post({.lease = LeasePolicy{Seconds(9), /*hedged=*/true}});
  const Attempt first =
      b.Get<AttemptAnswer>(kM1, AcceptOffer{.job = job.id, .predicted = Seconds(2)}).attempt;
  b.now = b.now + Seconds(2);
  b.Commit(first);
  b.Reveal(first);
  b.Pass(Seconds(1));
  EXPECT_FALSE(b.market.FindAttempt(first.id)->late);
  EXPECT_EQ(b.Refused(kM2, AcceptOffer{.job = job.id}), Reason::kRaceFull);
}

TEST(Admission, ASilentHolderLosesItsPlaceAndALateProofStillCounts) {
  Bench b;
  const Job job = b.Post(Lease(Seconds(9)));
  const Attempt silent = b.Accept(kM1, job);
  b.Get<Done>({}, HolderSilent{silent.id});
  EXPECT_EQ(b.StateOf(silent), AttemptState::kTimedOut);
  EXPECT_TRUE(std::any_of(b.effects.begin(), b.effects.end(),
                          [](const Effect& e) { return std::holds_alternative<JobOpened>(e); }));
  const Attempt next = b.Accept(kM2, job);
  b.Commit(silent);
  EXPECT_TRUE(std::holds_alternative<Refusal>(b.Do({}, HolderSilent{silent.id})));  // it has committed
  b.Reveal(silent);
  b.Verdict(silent, true);
  EXPECT_EQ(*b.market.FindJob(job.id)->winner, kM1);
  EXPECT_EQ(b.StateOf(next), AttemptState::kLost);
  const Attempt open = b.Accept(kM1, b.Post(Race(0), 100, Seconds(10), 2));
  EXPECT_TRUE(std::holds_alternative<Refusal>(b.Do({}, HolderSilent{open.id})));  // holds no place
}

TEST(Admission, WhoSaysThatItIsTooSlowIsNotAdmitted) {
  Bench b;
  const Job race = b.Post(Race(2));
  EXPECT_EQ(b.Refused(kM1, AcceptOffer{.job = race.id, .predicted = Seconds(11)}), Reason::kTooSlow);
  const Job lease = b.Post(Lease(Seconds(3)), 100, Seconds(10), 2);
  EXPECT_EQ(b.Refused(kM1, AcceptOffer{.job = lease.id, .predicted = Seconds(4)}), Reason::kTooSlow);
  b.Get<AttemptAnswer>(kM1, AcceptOffer{.job = lease.id, .predicted = Seconds(3)});
}

TEST(Admission, SlotsBoundWhatAMinerWorksOn) {
  Bench b(Rules{.race_place = Seconds(2)});
  const auto accept = [&](uint8_t statement) {
    return b.Do(kM1, AcceptOffer{.job = b.Post(Race(2), 100, Seconds(10), statement).id, .slots = 2});
  };
  const Attempt first = std::get<AttemptAnswer>(accept(1)).attempt;
  EXPECT_TRUE(std::holds_alternative<AttemptAnswer>(accept(2)));
  EXPECT_EQ(std::get<Refusal>(accept(3)).code, RefusalCode::kResourceExhausted);
  b.Commit(first);  // done with
  EXPECT_TRUE(std::holds_alternative<AttemptAnswer>(accept(4)));
  // Both places expire: one slot is left until proofs come again.
  b.Pass(Seconds(2));
  EXPECT_GE(b.market.standings().at(kM1).places_lost, 2u);
  const Attempt only = std::get<AttemptAnswer>(accept(5)).attempt;
  EXPECT_EQ(std::get<Refusal>(accept(6)).code, RefusalCode::kResourceExhausted);
  b.Commit(only);
  EXPECT_TRUE(std::holds_alternative<AttemptAnswer>(accept(7)));
}

TEST(Admission, AResidentKeyCountsOnceItWasShownAndForLeasesAlone) {
  Bench b(Drawing());
  const auto tickets = [&](Policy policy, uint8_t statement) {
    const Job job = b.Post(policy, 100, Seconds(10), statement);
    b.Get<CandidacyAnswer>(kM1, AcceptOffer{.job = job.id, .residency = Residency::kMemory});
    b.market.TakeChanges();
    b.Pass(Millis(100));
    const Attempt a = b.Accept(kM1, job);
    b.Commit(a);
    b.Reveal(a);
    b.Verdict(a, true);
    return b.market.TakeChanges().draws.at(0).entries.at(0).tickets;
  };
  EXPECT_EQ(tickets(Lease(Seconds(5)), 1), 1u);  // said, not shown
  EXPECT_EQ(tickets(Lease(Seconds(5)), 2), 2u);
  EXPECT_EQ(tickets(Race(2), 3), 1u);
}

}  // namespace
}  // namespace prooflode::market
