// Candidacies: places that are drawn for.
#include "miner/session/session_fixture_test.h"

namespace prooflode::miner {
namespace {

class DrawTest : public SessionTest {
 protected:
  // Leaves the session waiting for the draw of job `n`, which is in 100 ms.
  action::Accept BecomeCandidate(uint8_t n) {
    Feed(event::Offer{n, MakeJob(n)});
    const auto accept = Only<action::Accept>();
    Feed(Answer(accept));
    EXPECT_TRUE(actions_.empty());
    return accept;
  }
  event::AcceptAnswered Answer(const action::Accept& accept) const {
    event::AcceptAnswered answer{.request = accept.request, .job = accept.job};
    answer.draw_at = kCalendar + now_ + Millis(100);
    return answer;
  }
  void Reconnect(std::vector<AttemptRef> live, std::vector<JobId> candidacies) {
    Feed(event::Disconnected{});
    Advance(Seconds(2));
    Only<action::Connect>();
    Feed(event::Connected{});
    Feed(event::Welcome{kCalendar + now_, Seconds(5), std::move(live), 0, std::move(candidacies)});
  }
  bool IsIdle() const { return !session_->devices()[0].has_value(); }
};

TEST_F(DrawTest, APlaceStartsTheWork) {
  Make();
  Connect();
  BecomeCandidate(1);
  EXPECT_EQ(session_->races().at(0).phase, Session::Phase::kWaiting);
  Feed(event::Offer{2, MakeJob(2)});
  EXPECT_TRUE(All<action::Accept>().empty());  // the device is spoken for
  Feed(event::Admitted{3, MakeAttempt(1, 9)});
  EXPECT_EQ(Only<action::Fetch>().job.id, MakeJob(1).id);
}

TEST_F(DrawTest, NoPlaceFreesTheDevice) {
  Make();
  Connect();
  BecomeCandidate(1);
  Feed(event::NotDrawn{3, MakeJob(1).id, Reason::kNotDrawn});
  EXPECT_EQ(Only<action::ReportRefused>().reason, Reason::kNotDrawn);
  EXPECT_EQ(Only<action::ForgetJob>().job, MakeJob(1).id);
  EXPECT_TRUE(IsIdle());
  BecomeCandidate(1);  // offered again
}

TEST_F(DrawTest, TheResultMayOvertakeTheAnswer) {
  Make();
  Connect();
  Feed(event::Offer{1, MakeJob(1)});
  const auto accept = Only<action::Accept>();
  Feed(event::Admitted{3, MakeAttempt(1, 9)});
  Only<action::Fetch>();
  Feed(Answer(accept));
  EXPECT_TRUE(actions_.empty());
  EXPECT_EQ(session_->races().at(0).phase, Session::Phase::kFetching);
}

TEST_F(DrawTest, ACandidacyThatIsAnsweredTooLateIsWithdrawn) {
  Make();
  Connect();
  Feed(event::Offer{1, MakeJob(1)});
  const auto accept = Only<action::Accept>();
  Feed(event::NotDrawn{3, MakeJob(1).id, Reason::kNotDrawn});
  Feed(Answer(accept));
  EXPECT_EQ(Only<action::WithdrawCandidacy>().job, MakeJob(1).id);
  // And a place that was drawn all the same is given back.
  Feed(event::Admitted{4, MakeAttempt(1, 9)});
  EXPECT_EQ(Only<action::Release>().attempt.id, MakeAttempt(1, 9).id);
}

TEST_F(DrawTest, SurvivesAReconnect) {
  Make();
  Connect();
  BecomeCandidate(1);
  Reconnect({}, {MakeJob(1).id});
  EXPECT_EQ(session_->races().at(0).phase, Session::Phase::kWaiting);
  Reconnect({MakeAttempt(1, 9)}, {});
  Only<action::Fetch>();
}

TEST_F(DrawTest, WhatTheWelcomeDoesNotListWasNotDrawn) {
  Make();
  Connect();
  BecomeCandidate(1);
  Reconnect({}, {});
  EXPECT_EQ(Only<action::ReportRefused>().reason, Reason::kNotDrawn);
  EXPECT_TRUE(IsIdle());
}

TEST_F(DrawTest, WithoutNewsItAsksAgain) {
  Make();
  Connect();
  const auto first = BecomeCandidate(1);
  Feed(event::HeartbeatSeen{});
  Advance(Millis(5000));
  EXPECT_TRUE(All<action::Accept>().empty());
  Advance(Millis(100));
  EXPECT_NE(Only<action::Accept>().request, first.request);
}

TEST_F(DrawTest, ACoordinatorThatStopsIsNotWaitedFor) {
  Make();
  Connect();
  BecomeCandidate(1);
  Feed(event::CoordinatorStops{kCalendar + now_ + Seconds(9)});
  EXPECT_EQ(Only<action::WithdrawCandidacy>().job, MakeJob(1).id);
  EXPECT_TRUE(IsIdle());
  // Asked before it was known, answered since.
  Feed(event::Welcome{kCalendar + now_, Seconds(5), {}, 0, {}});
  Feed(event::Offer{2, MakeJob(2)});
  const auto accept = Only<action::Accept>();
  Feed(event::CoordinatorStops{kCalendar + now_ + Seconds(9)});
  Feed(Answer(accept));
  EXPECT_EQ(Only<action::WithdrawCandidacy>().job, MakeJob(2).id);
  EXPECT_TRUE(IsIdle());
  // It comes back and offers again.
  Feed(event::Welcome{kCalendar + now_, Seconds(5), {}, 0, {}});
  BecomeCandidate(1);
}

TEST_F(DrawTest, TheDrawIsPartOfWhatAnOfferIsWorth) {
  Make();
  Connect();
  Feed(event::Offer{1, MakeJob(1)});  // occupies the device
  Only<action::Accept>();
  OfferedJob sure = MakeJob(2);
  Feed(event::Offer{2, sure});
  const Worth alone = Only<action::ReportNewJob>().worth;
  EXPECT_EQ(alone.place, 1);
  OfferedJob drawn = MakeJob(3);
  drawn.place_chance = 0.25;
  drawn.draw_window = Micros{3 * ::prooflode::Count(alone.predicted)};
  Feed(event::Offer{3, drawn});
  const Worth one_of_four = Only<action::ReportNewJob>().worth;
  EXPECT_EQ(one_of_four.expected, Amount{::prooflode::Count(alone.expected) / 4});
  // Thirteen times as long for each of its proofs: three times by waiting, for a quarter of a proof.
  EXPECT_NEAR(static_cast<double>(::prooflode::Count(one_of_four.per_hour)),
              static_cast<double>(::prooflode::Count(alone.per_hour)) / 13, 2);
}

TEST_F(DrawTest, WhatTheBalanceDidNotCoverIsNotAskedForAgainAtOnce) {
  Make();
  Connect();
  const auto offer = [&](uint8_t n, uint64_t collateral) {
    OfferedJob job = MakeJob(n);
    job.collateral = Amount{collateral};
    Feed(event::Offer{n, job});
  };
  const auto refuse = [&] {
    const auto accept = Only<action::Accept>();
    Feed(event::AcceptAnswered{.request = accept.request,
                               .job = accept.job,
                               .result = CallResult::kRefused,
                               .reason = Reason::kCollateralTooLow,
                               .balance = Amount{3}});
  };
  offer(1, 5);
  refuse();
  EXPECT_EQ(Only<action::ReportRefused>().balance, Amount{3});
  offer(2, 5);
  EXPECT_TRUE(All<action::Accept>().empty());
  EXPECT_TRUE(All<action::Decline>().empty());  // it waits
  offer(3, 4);                                  // may be covered
  refuse();
  offer(4, 4);
  EXPECT_TRUE(All<action::Accept>().empty());
  Advance(Seconds(61));
  Only<action::Accept>();
}

TEST_F(DrawTest, DrainingWithdraws) {
  Make();
  Connect();
  BecomeCandidate(1);
  Feed(event::Drain{});
  EXPECT_EQ(Only<action::WithdrawCandidacy>().job, MakeJob(1).id);
  Advance(Millis(100));
  Only<action::Finished>();
}

TEST_F(DrawTest, ACandidacyFromBeforeACrashIsWithdrawn) {
  Make();
  session_->RestoreJob(MakeJob(1).id);
  Feed(event::Tick{});
  Feed(event::Connected{});
  Feed(event::Welcome{kCalendar + now_, Seconds(5), {}, 0, {MakeJob(1).id, MakeJob(2).id}});
  EXPECT_EQ(Only<action::WithdrawCandidacy>().job, MakeJob(1).id);
}

}  // namespace
}  // namespace prooflode::miner
