#include "coordinator/market/market.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "coordinator/market/bench_test.h"

namespace prooflode::market {
namespace {

TEST(Market, FirstValidCommitIsPaidAndTheOthersAreTold) {
  Bench b;
  const Job job = b.Post(Race(0));
  EXPECT_EQ(b.Balance(kAlice), 900u);
  const Attempt a1 = b.Accept(kM1, job);
  const Attempt a2 = b.Accept(kM2, job);
  const Attempt a3 = b.Accept(kM3, job);
  b.Commit(a1);
  b.now = b.now + Millis(40);
  b.Commit(a2);
  b.Reveal(a1);
  b.Reveal(a2);
  b.Verdict(a1, true);
  EXPECT_EQ(b.StateOf(job), JobState::kWon);
  EXPECT_EQ(b.StateOf(a1), AttemptState::kWon);
  EXPECT_EQ(b.StateOf(a2), AttemptState::kLost);
  EXPECT_EQ(b.StateOf(a3), AttemptState::kLost);
  EXPECT_EQ(b.market.FindAttempt(a2.id)->behind_winner, Millis(40));
  // The second was not verified: the loser knows how late it was, the winner of nobody valid behind it.
  EXPECT_EQ(b.market.FindJob(job.id)->margin, std::nullopt);
  EXPECT_EQ(b.Margin(a1), std::nullopt);
  EXPECT_EQ(b.Margin(a2), Millis(40));
  EXPECT_EQ(b.Margin(a3), std::nullopt);
  EXPECT_EQ(b.Balance(kM1), 100u);
  EXPECT_EQ(b.Refused(kM3, CommitProof{.attempt = a3.id, .fence = a3.fence}), Reason::kJobClosed);
}

TEST(Market, ALaterProofIsDeliveredAtOnceButPaidOnlyOnceEarlierCommitsAreDecided) {
  Bench b;
  const Job job = b.Post(Race(0));
  const Attempt a1 = b.Accept(kM1, job);
  const Attempt a2 = b.Accept(kM2, job);
  b.Commit(a1);
  b.Commit(a2);
  b.Reveal(a2);
  b.Verdict(a2, true);
  EXPECT_EQ(b.StateOf(job), JobState::kDelivered);
  EXPECT_EQ(b.market.DeliveredProof(*b.market.FindJob(job.id)), b.market.FindAttempt(a2.id)->proof_leaf);
  EXPECT_EQ(b.Balance(kM2), 0u);
  b.Pass(Millis(999));
  EXPECT_EQ(b.StateOf(job), JobState::kDelivered);
  b.Pass(Millis(1));  // the silent miner's window is over
  EXPECT_EQ(b.StateOf(a1), AttemptState::kTimedOut);
  EXPECT_EQ(b.StateOf(a2), AttemptState::kWon);
  EXPECT_EQ(b.Balance(kM2), 100u);
}

TEST(Market, TheEarlierCommitWinsThoughVerifiedLater) {
  Bench b;
  const Job job = b.Post(Race(0));
  const Attempt a1 = b.Accept(kM1, job);
  const Attempt a2 = b.Accept(kM2, job);
  b.Commit(a1);
  b.Commit(a2);
  b.Reveal(a2);
  b.Reveal(a1);
  b.Verdict(a2, true);
  b.Verdict(a1, true);
  EXPECT_EQ(*b.market.FindJob(job.id)->winner, kM1);
  EXPECT_EQ(b.StateOf(a2), AttemptState::kLost);
  EXPECT_EQ(b.Balance(kM1), 100u);
  // The winner's proof is the job's.
  EXPECT_EQ(b.market.DeliveredProof(*b.market.FindJob(job.id)), b.market.FindAttempt(a1.id)->proof_leaf);
  EXPECT_LT(b.market.FindAttempt(a2.id)->proof_leaf, b.market.FindAttempt(a1.id)->proof_leaf);
}

TEST(Market, AMinerIsAdmittedToAJobAFewTimesOnly) {
  Bench b(Rules{.admissions_per_miner_and_job_max = 3});
  const Job job = b.Post(Race(1));
  for (int i = 0; i < 3; ++i) {
    const Attempt a = b.Accept(kM1, job);
    b.Get<AttemptAnswer>(kM1, ReleaseAttempt{a.id, a.fence});
  }
  EXPECT_EQ(b.Refused(kM1, AcceptOffer{job.id}), Reason::kAlreadyAdmitted);
  EXPECT_EQ(b.Accept(kM2, job).miner, kM2);
  const Job other = b.Post(Race(1), 100, Seconds(10), 2);
  EXPECT_EQ(b.Accept(kM1, other).miner, kM1);
}

TEST(Market, WhoeverDidNotRevealIsNotAdmittedAgain) {
  Bench b;
  const Job job = b.Post(Race(1));
  b.Commit(b.Accept(kM1, job));
  b.Pass(Seconds(1));
  EXPECT_EQ(b.Refused(kM1, AcceptOffer{job.id}), Reason::kRevealWindowPassed);
  EXPECT_EQ(b.Accept(kM2, job).miner, kM2);
}

TEST(Market, ARestartBringsItsRules) {
  Bench b;
  b.Get<Done>({}, Restart{b.now, Rules{.reveal_window = Seconds(4), .fee_per_million = 10'000}});
  const Job job = b.Post(Race(0));
  EXPECT_EQ(job.fee, Amount{1});
  const Attempt a = b.Accept(kM1, job);
  b.Commit(a);
  EXPECT_EQ(b.market.FindAttempt(a.id)->reveal_by, b.now + Seconds(4));
}

// Rows come from a database in any order; admissions, counts and order must be those of the market that wrote
// them.
TEST(Market, LoadedAttemptsHaveTheirOrderAndCounts) {
  Bench b;
  const Job job = b.Post(Race(2));
  for (int i = 0; i < 20; ++i) {
    const Attempt a = b.Accept(Key(static_cast<uint8_t>(20 + i)), job);
    if (i < 18) b.Get<AttemptAnswer>(a.miner, ReleaseAttempt{a.id, a.fence});
  }
  Market loaded;
  for (const auto& [id, circuit] : b.market.circuits()) loaded.LoadCircuit(circuit);
  loaded.LoadJob(*b.market.FindJob(job.id));
  std::map<AttemptId, Attempt> by_id;
  for (const Attempt* attempt : b.market.AttemptsOf(job.id)) by_id[attempt->id] = *attempt;
  for (const auto& [id, attempt] : by_id) loaded.LoadAttempt(attempt);
  const auto got = loaded.AttemptsOf(job.id);
  const auto want = b.market.AttemptsOf(job.id);
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) EXPECT_EQ(*got[i], *want[i]);
  const auto full = loaded.Apply(
      {.now = b.now, .leaf_index = b.leaves, .origin = {kM1, ""}, .command = AcceptOffer{job.id}});
  ASSERT_TRUE(std::holds_alternative<Refusal>(full.answer));
  EXPECT_EQ(std::get<Refusal>(full.answer).reason, Reason::kRaceFull);
}

TEST(Market, WidthBoundsTheRaceAndAFailedRacerMakesRoom) {
  Bench b;
  const Job job = b.Post(Race(1));
  const Attempt a1 = b.Accept(kM1, job);
  EXPECT_EQ(b.Refused(kM2, AcceptOffer{job.id}), Reason::kRaceFull);
  EXPECT_EQ(b.Accept(kM1, job).id, a1.id);  // asking again is harmless
  b.Commit(a1);
  b.Reveal(a1);
  b.Verdict(a1, false);
  EXPECT_EQ(b.StateOf(a1), AttemptState::kInvalid);
  EXPECT_EQ(b.Refused(kM1, AcceptOffer{job.id}), Reason::kProofInvalid);
  const Attempt a2 = b.Accept(kM2, job);
  b.Get<AttemptAnswer>(kM2, ReleaseAttempt{a2.id, a2.fence});
  EXPECT_EQ(b.Accept(kM2, job).miner, kM2);
}

TEST(Market, ALeaseEndsIsOfferedAgainAndALateProofStillCounts) {
  Bench b;
  const Job job = b.Post(Lease(Seconds(2)));
  const Attempt a1 = b.Accept(kM1, job);
  b.Pass(Seconds(2));
  EXPECT_EQ(b.StateOf(a1), AttemptState::kTimedOut);
  const Attempt a2 = b.Accept(kM2, job);
  b.Commit(a1);
  b.Reveal(a1);
  b.Verdict(a1, true);
  EXPECT_EQ(*b.market.FindJob(job.id)->winner, kM1);
  EXPECT_EQ(b.StateOf(a2), AttemptState::kLost);
}

TEST(Market, TheHolderOfALeaseShowsItsProofWithTheCommit) {
  Bench b;
  const Job job = b.Post(Lease(Seconds(2)));
  const Attempt a = b.Accept(kM1, job);
  Opening other = Bench::OpeningOf(a);
  other.commit_hash[20] ^= 1;
  EXPECT_EQ(b.Refused(kM1, CommitProof{a.id, a.fence, Bench::Hash(a), {}, other}), Reason::kCommitMismatch);
  EXPECT_EQ(b.StateOf(a), AttemptState::kAdmitted);
  b.CommitOpened(a);
  EXPECT_EQ(b.StateOf(a), AttemptState::kRevealed);
  const bool checked = std::any_of(b.effects.begin(), b.effects.end(), [](const Effect& effect) {
    return std::holds_alternative<NeedsVerdict>(effect);
  });
  EXPECT_TRUE(checked);
  const Attempt revealed = *b.market.FindAttempt(a.id);
  b.CommitOpened(a);  // the same again, under another request id
  EXPECT_EQ(*b.market.FindAttempt(a.id), revealed);
  // Neither a commit without the proof nor a reveal is waited for.
  EXPECT_EQ(b.Refused(kM1, CommitProof{a.id, a.fence, Bench::Hash(a), {}}), Reason::kUnspecified);
  EXPECT_EQ(b.Refused(kM1, RevealProof{a.id, a.fence, {"other"}}), Reason::kUnspecified);
  b.Pass(Seconds(3));  // no reveal window passes
  EXPECT_EQ(b.StateOf(a), AttemptState::kRevealed);
  b.Verdict(a, true);
  EXPECT_EQ(b.StateOf(a), AttemptState::kWon);
  EXPECT_EQ(b.market.DeliveredProof(*b.market.FindJob(job.id)), revealed.commit_leaf);
}

TEST(Market, ASilentRacerFreesItsPlaceAndALateProofStillCounts) {
  Bench b(Rules{.race_place = Seconds(3)});
  const Job job = b.Post(Race(2));
  const Attempt silent = b.Accept(kM1, job);
  EXPECT_EQ(silent.expires_at, b.now + Seconds(3));
  const Attempt quick = b.Accept(kM2, job);
  b.Commit(quick);
  b.Reveal(quick);
  EXPECT_EQ(b.Refused(kM3, AcceptOffer{job.id}), Reason::kRaceFull);
  b.Pass(Seconds(3) - Micros{1});
  EXPECT_EQ(b.StateOf(silent), AttemptState::kAdmitted);
  b.Pass(Micros{1});
  EXPECT_EQ(b.StateOf(silent), AttemptState::kTimedOut);
  EXPECT_EQ(b.market.FindAttempt(silent.id)->reason, Reason::kLeaseExpired);
  EXPECT_EQ(b.StateOf(quick), AttemptState::kRevealed);  // whoever has committed keeps its place
  const bool offered = std::any_of(b.effects.begin(), b.effects.end(), [](const Effect& effect) {
    return std::holds_alternative<JobOpened>(effect);
  });
  EXPECT_TRUE(offered);
  const Attempt third = b.Accept(kM3, job);
  b.Verdict(quick, false);
  b.Commit(silent);
  b.Reveal(silent);
  b.Verdict(silent, true);
  EXPECT_EQ(*b.market.FindJob(job.id)->winner, kM1);
  EXPECT_EQ(b.StateOf(third), AttemptState::kLost);
}

TEST(Market, WhereEverybodyRacesNobodyHoldsAPlace) {
  Bench b(Rules{.race_place = Seconds(3)});
  const Job job = b.Post(Race(0));
  const Attempt a = b.Accept(kM1, job);
  EXPECT_EQ(a.expires_at, Micros{});
  b.Pass(Seconds(9));
  EXPECT_EQ(b.StateOf(a), AttemptState::kAdmitted);
}

TEST(Market, ExpiryRefundsByItself) {
  Bench b;
  const Job job = b.Post(Race(0));
  const Attempt a1 = b.Accept(kM1, job);
  b.Pass(Seconds(10));
  EXPECT_EQ(b.StateOf(job), JobState::kExpired);
  EXPECT_EQ(b.StateOf(a1), AttemptState::kJobEnded);
  EXPECT_EQ(b.Balance(kAlice), 1000u);
}

TEST(Market, ATimelyCommitHoldsTheRefundUntilItIsDecided) {
  Bench b;
  const Job job = b.Post(Race(0));
  const Attempt a1 = b.Accept(kM1, job);
  b.now = b.now + Millis(9'500);
  b.Commit(a1);
  b.Pass(Millis(500));
  EXPECT_EQ(b.StateOf(job), JobState::kClosing);
  b.Reveal(a1);
  b.Pass(Seconds(5));
  EXPECT_EQ(b.StateOf(job), JobState::kClosing);
  b.Verdict(a1, true);
  EXPECT_EQ(b.StateOf(job), JobState::kWon);
  EXPECT_EQ(b.Balance(kM1), 100u);
}

TEST(Market, CancelRefundsUnlessACommitIsUndecided) {
  Bench b;
  const Job job = b.Post(Race(0));
  const Attempt a1 = b.Accept(kM1, job);
  EXPECT_TRUE(std::holds_alternative<Refusal>(b.Do(kM1, CancelJob{job.id})));
  b.Commit(a1);
  EXPECT_TRUE(std::holds_alternative<Refusal>(b.Do(kAlice, CancelJob{job.id})));
  b.Reveal(a1);
  b.Verdict(a1, false);
  b.Get<JobAnswer>(kAlice, CancelJob{job.id});
  EXPECT_EQ(b.StateOf(job), JobState::kCancelled);
  EXPECT_EQ(b.Balance(kAlice), 1000u);
}

TEST(Market, AProvenStatementIsNotBoughtTwice) {
  Bench b;
  const Job job = b.Post(Race(0));
  PostJob same{.reward = Amount{100}, .time_limit = Seconds(10)};
  same.circuit[0] = 7;
  same.public_inputs = std::string(32, '\0');
  same.statement[0] = 1;
  EXPECT_TRUE(std::holds_alternative<Refusal>(b.Do(kAlice, same)));  // being proven
  const Attempt a1 = b.Accept(kM1, job);
  b.Commit(a1);
  b.Reveal(a1);
  b.Verdict(a1, true);
  const JobAnswer stored = b.Get<JobAnswer>(kAlice, same);
  EXPECT_TRUE(stored.already_proven);
  EXPECT_EQ(stored.job, *b.market.FindJob(job.id));
  EXPECT_EQ(b.Balance(kAlice), 900u);
  same.again = true;
  EXPECT_FALSE(b.Get<JobAnswer>(kAlice, same).already_proven);
  EXPECT_EQ(b.Balance(kAlice), 800u);
}

// What another circuit with the same verifying key has proven is proven; what it is still trying may be
// something that nobody can prove with its files.
TEST(Market, AStatementIsTheVerifyingKeysAndNotTheCircuits) {
  Bench b;
  Circuit copy;
  copy.id[0] = 8;
  copy.name = "copy";
  copy.public_input_count = 1;
  b.Get<CircuitAnswer>(kM1, RegisterCircuit{copy});
  copy.name = "renamed";
  EXPECT_TRUE(std::holds_alternative<Refusal>(b.Do(kM1, RegisterCircuit{copy})));
  const Job job = b.Post(Race(0));
  PostJob same{.circuit = copy.id, .reward = Amount{100}, .time_limit = Seconds(10)};
  same.public_inputs = std::string(32, '\0');
  same.statement[0] = 1;
  const Job other = b.Get<JobAnswer>(kAlice, same).job;
  EXPECT_NE(other.id, job.id);
  EXPECT_EQ(other.circuit, copy.id);
  EXPECT_TRUE(std::holds_alternative<Refusal>(b.Do(kAlice, same)));  // with this circuit it is being proven
  const Attempt a = b.Accept(kM1, job);
  b.Commit(a);
  b.Reveal(a);
  b.Verdict(a, true);
  const JobAnswer stored = b.Get<JobAnswer>(kAlice, same);
  EXPECT_TRUE(stored.already_proven);
  EXPECT_EQ(stored.job.id, job.id);
}

TEST(Market, AStatementIsRacedAgainOnceItsProofNeedNotBeKept) {
  Bench b(Rules{.proof_retention = Seconds(100)});
  const auto win = [&b](const Job& job) {
    const Attempt a = b.Accept(kM1, job);
    b.Commit(a);
    b.Reveal(a);
    b.Verdict(a, true);
    ASSERT_EQ(b.StateOf(job), JobState::kWon);
  };
  PostJob post{.reward = Amount{100}, .time_limit = Seconds(10)};
  post.circuit[0] = 7;
  post.public_inputs = std::string(32, '\0');
  post.statement[0] = 1;
  const Job first = b.Get<JobAnswer>(kAlice, post).job;
  EXPECT_EQ(b.market.DeliveredProof(first), std::nullopt);
  win(first);
  const Micros settled = b.now;
  b.Pass(Seconds(100));
  EXPECT_TRUE(b.Get<JobAnswer>(kAlice, post).already_proven);  // to the last moment
  EXPECT_EQ(b.market.ProofsKeptFrom(b.now), settled);
  b.Pass(Micros{1});
  const JobAnswer again = b.Get<JobAnswer>(kAlice, post);
  EXPECT_FALSE(again.already_proven);
  EXPECT_NE(again.job.id, first.id);
  EXPECT_TRUE(std::holds_alternative<Refusal>(b.Do(kAlice, post)));  // it is being proven
  win(again.job);
  const JobAnswer stored = b.Get<JobAnswer>(kAlice, post);  // by the proof that is there
  EXPECT_TRUE(stored.already_proven);
  EXPECT_EQ(stored.job.id, again.job.id);
  // What was deleted stays so under rules that keep everything.
  b.Do({}, Restart{.rules = {}, .proofs_kept_from = b.now + Seconds(1)});
  EXPECT_FALSE(b.Get<JobAnswer>(kAlice, post).already_proven);
}

TEST(Market, NobodyActsForAnotherAndFencesHold) {
  Bench b;
  const Job job = b.Post(Race(0));
  const Attempt a1 = b.Accept(kM1, job);
  EXPECT_TRUE(std::holds_alternative<Refusal>(b.Do(kM2, CommitProof{.attempt = a1.id, .fence = a1.fence})));
  EXPECT_EQ(b.Refused(kM1, CommitProof{.attempt = a1.id, .fence = a1.fence + 1}), Reason::kStaleFence);
  b.Commit(a1);
  RevealProof wrong{.attempt = a1.id, .fence = a1.fence, .opening = {"other"}};
  EXPECT_EQ(b.Refused(kM1, wrong), Reason::kCommitMismatch);
  b.Pass(Seconds(1));
  EXPECT_EQ(b.Refused(kM1, RevealProof{a1.id, a1.fence, Bench::OpeningOf(a1)}), Reason::kRevealWindowPassed);
}

TEST(Market, FeeIsOnTopAndGoesToTheOperator) {
  Bench b(Rules{.fee_per_million = 50'000});
  const Job job = b.Post(Race(0), 200);
  EXPECT_EQ(b.Balance(kAlice), 790u);
  const Attempt a1 = b.Accept(kM1, job);
  b.Commit(a1);
  b.Reveal(a1);
  b.Verdict(a1, true);
  EXPECT_EQ(b.Balance(kM1), 200u);
  EXPECT_EQ(b.market.ledger().Balance(ledger::kFees), Amount{10});
}

TEST(Market, NothingExpiresInTheGraceAfterARestart) {
  Bench b;
  const Job job = b.Post(Race(0));
  const Attempt a1 = b.Accept(kM1, job);
  b.Commit(a1);
  b.Get<Done>({}, Restart{b.now + Seconds(30), {}});
  b.Pass(Seconds(20));
  EXPECT_EQ(b.StateOf(job), JobState::kOpen);
  b.Reveal(a1);
  b.Verdict(a1, true);
  EXPECT_EQ(b.StateOf(job), JobState::kWon);
}

TEST(Market, MoneyThatIsNotThereIsNotSpent) {
  Bench b;
  PostJob post{.reward = Amount{1001}, .time_limit = Seconds(10)};
  post.circuit[0] = 7;
  post.public_inputs = std::string(32, '\0');
  EXPECT_TRUE(std::holds_alternative<Refusal>(b.Do(kAlice, post)));
  EXPECT_TRUE(std::holds_alternative<Refusal>(b.Do(kAlice, Withdraw{Amount{1001}, "w"})));
  b.Get<WithdrawalAnswer>(kAlice, Withdraw{Amount{400}, "w"});
  b.Get<WithdrawalAnswer>(kAlice, Withdraw{Amount{400}, "w"});  // a repeat changes nothing
  EXPECT_EQ(b.Balance(kAlice), 600u);
  b.Get<TransferAnswer>({}, Deposit{kAlice, Amount{1000}, "start"});
  EXPECT_EQ(b.Balance(kAlice), 600u);
  EXPECT_TRUE(std::holds_alternative<Refusal>(b.Do({}, Deposit{kAlice, Amount{999}, "start"})));
}

}  // namespace
}  // namespace prooflode::market
