// What becomes of races when the stream breaks, the miner restarts, or another miner has the same key.
#include "miner/session/session_fixture_test.h"

namespace prooflode::miner {
namespace {

TEST_F(SessionTest, AttemptsSurviveAReconnect) {
  Make();
  Connect();
  StartProving(1, 1);
  Feed(event::Disconnected{});
  EXPECT_FALSE(session_->connected());
  const CommitRecord record = MakeProof(1);  // proving goes on, and so does the commit's call
  Feed(event::CommitAnswered{record.attempt.id, CallResult::kRetry, true, "unreachable"});
  Advance(Seconds(31));
  EXPECT_EQ(All<action::Connect>().size(), 1u);
  EXPECT_EQ(Only<action::Commit>().record.commit_request, record.commit_request);
  Feed(event::Connected{});
  Feed(event::Welcome{kCalendar + now_, Seconds(5), {MakeAttempt(1, 1)}});
  EXPECT_EQ(session_->races().size(), 1u);
  Feed(event::CommitAnswered{record.attempt.id, CallResult::kOk, true, ""});
  EXPECT_EQ(Only<action::Reveal>().record.nonce, record.nonce);
}

TEST_F(SessionTest, AttemptsThatEndedWhileAwayAreStopped) {
  Make();
  Connect();
  StartProving(1, 1);
  Feed(event::Disconnected{});
  Advance(Seconds(31));
  Feed(event::Connected{});
  Feed(event::Welcome{kCalendar + now_, Seconds(5), {}});
  EXPECT_EQ(Only<action::CancelProving>().job, MakeJob(1).id);
  Advance(Seconds(11));
  EXPECT_EQ(Only<action::ReportEnded>().state, AttemptState::kUnspecified);
  EXPECT_TRUE(session_->races().empty());
}

TEST_F(SessionTest, AcceptanceAnsweredOnlyByTheWelcome) {
  Make();
  Connect();
  Feed(event::Offer{1, MakeJob(1)});
  const auto accept = Only<action::Accept>();
  Feed(event::Disconnected{});
  Advance(Seconds(31));
  Feed(event::Connected{});
  Feed(event::Welcome{kCalendar + now_, Seconds(5), {MakeAttempt(1, 1)}});
  EXPECT_EQ(Only<action::Fetch>().job.id, MakeJob(1).id);
  Feed(event::AcceptAnswered{accept.request, accept.job, CallResult::kOk, {}, MakeAttempt(1, 1)});
  EXPECT_TRUE(actions_.empty());
}

TEST_F(SessionTest, RevealsWhatTheJournalKept) {
  Make();
  CommitRecord record;
  record.attempt = MakeAttempt(1, 1);
  record.nonce[0] = 9;
  record.commit_request[0] = 8;
  record.reveal_request.emplace();
  session_->Restore(record);
  Feed(event::Tick{});
  EXPECT_TRUE(All<action::Commit>().empty());
  Feed(event::Connected{});
  Feed(event::Welcome{kCalendar + now_, Seconds(5), {MakeAttempt(1, 1, AttemptState::kCommitted)}});
  EXPECT_EQ(Only<action::Commit>().record.commit_request, record.commit_request);
  Feed(event::CommitAnswered{record.attempt.id, CallResult::kOk, true, ""});
  EXPECT_EQ(Only<action::Reveal>().record.nonce, record.nonce);
}

TEST_F(SessionTest, ForgetsJournalRecordsOfAttemptsThatAreOver) {
  Make();
  CommitRecord record;
  record.attempt = MakeAttempt(1, 1);
  session_->Restore(record);
  Connect();
  EXPECT_TRUE(All<action::Commit>().empty());
  Advance(Seconds(11));
  EXPECT_EQ(Only<action::Forget>().attempt, record.attempt.id);
}

TEST_F(SessionTest, GivesBackWhatAnEarlierRunAcceptedAndNothingElse) {
  Make();
  session_->RestoreJob(MakeJob(4).id);
  session_->RestoreJob(MakeJob(6).id);
  Connect({MakeAttempt(4, 4), MakeAttempt(5, 5)});  // the second is another miner's with the same key
  EXPECT_EQ(Only<action::ForgetJob>().job, MakeJob(6).id);
  const auto release = Only<action::Release>();
  EXPECT_EQ(release.attempt.id, MakeAttempt(4, 4).id);
  Feed(event::ReleaseAnswered{release.attempt.id, CallResult::kOk});
  EXPECT_EQ(Only<action::ForgetJob>().job, MakeJob(4).id);
  EXPECT_TRUE(session_->races().empty());
}

TEST_F(SessionTest, ANewerSessionOfTheKeyIsLeftAlone) {
  Make({.replaced_pause = Seconds(300)});
  Connect();
  StartProving(1, 1);
  MakeProof(1);  // even with a commit pending
  Feed(event::Disconnected{.replaced = true});
  Advance(Seconds(299));
  EXPECT_TRUE(All<action::Connect>().empty());
  Advance(Seconds(2));
  EXPECT_EQ(All<action::Connect>().size(), 1u);
}

TEST_F(SessionTest, AReachableCoordinatorIsTriedBeforeTheLongPauseIsOver) {
  Make({.reconnect_min = Seconds(900), .reconnect_max = Seconds(900), .reconnect_spread = Seconds(2)});
  Connect();
  Feed(event::Disconnected{});
  Advance(Seconds(5));
  EXPECT_TRUE(All<action::Connect>().empty());
  Feed(event::Reachable{});
  Advance(Seconds(3));
  EXPECT_EQ(All<action::Connect>().size(), 1u);
  // Not one that has sent us away for another miner.
  Feed(event::Connected{});
  Feed(event::Disconnected{.replaced = true});
  Feed(event::Reachable{});
  Advance(Seconds(3));
  EXPECT_TRUE(All<action::Connect>().empty());
}

TEST_F(SessionTest, AReachableCoordinatorEndsTheGrowthOfPauses) {
  Make({.reconnect_min = Millis(500), .reconnect_max = Seconds(900)});
  Connect();
  for (int failures = 0; failures < 12; ++failures) {
    Feed(event::Disconnected{});
    Advance(Seconds(900));
    EXPECT_EQ(All<action::Connect>().size(), 1u);
  }
  Feed(event::Reachable{});  // while a try is under way, which fails all the same
  Feed(event::Disconnected{});
  Advance(Millis(501));
  EXPECT_EQ(All<action::Connect>().size(), 1u);
}

TEST_F(SessionTest, AStaleLoginIsMadeAnewAtOnceButOnlyOnce) {
  Make({.reconnect_min = Seconds(900), .reconnect_max = Seconds(900)});
  Connect();
  for (int session = 0; session < 2; ++session) {
    Feed(event::Disconnected{.stale_login = true});
    Feed(event::Tick{});
    EXPECT_EQ(All<action::Connect>().size(), 1u);
    // A coordinator that always says so is not hammered.
    Feed(event::Disconnected{.stale_login = true});
    Advance(Millis(100));
    EXPECT_TRUE(All<action::Connect>().empty());
    Advance(Seconds(900));
    EXPECT_EQ(All<action::Connect>().size(), 1u);
    Feed(event::Connected{});
    Feed(event::Welcome{kCalendar + now_, Seconds(5), {}});
  }
}

TEST_F(SessionTest, PendingCommitsHurryTheReconnectAndAreSentAtOnce) {
  Make({.reconnect_min = Seconds(900), .reconnect_max = Seconds(900), .reconnect_urgent = Seconds(2)});
  Connect();
  StartProving(1, 1);
  Feed(event::Disconnected{});
  Advance(Millis(1));
  EXPECT_TRUE(All<action::Connect>().empty());
  const CommitRecord record = MakeProof(1);
  Advance(Millis(1));
  Advance(Seconds(2));
  EXPECT_EQ(All<action::Connect>().size(), 1u);
  for (int i = 0; i < 20; ++i) {  // until the pause before the next try is longer than a moment
    Feed(event::CommitAnswered{record.attempt.id, CallResult::kRetry, true, "unreachable"});
    if (i < 19) Advance(Seconds(1));
    if (i < 19 && All<action::Commit>().empty()) Advance(Seconds(5));
  }
  Feed(event::Connected{});
  Feed(event::Welcome{kCalendar + now_, Seconds(5), {MakeAttempt(1, 1)}});
  EXPECT_EQ(Only<action::Commit>().record.commit_request, record.commit_request);
}

TEST_F(SessionTest, ARefusedCommitIsKeptAndTriedAgainWhileTheAttemptLives) {
  Make();
  Connect();
  StartProving(1, 1);
  const CommitRecord record = MakeProof(1);
  Feed(event::CommitAnswered{record.attempt.id, CallResult::kRefused, true, "no"});
  for (int i = 0; i < 20; ++i) {
    Feed(event::HeartbeatSeen{});
    Advance(Seconds(5));
    EXPECT_TRUE(All<action::Forget>().empty());
  }
  Feed(event::Disconnected{});
  Advance(Seconds(31));
  Feed(event::Connected{});
  Feed(event::Welcome{kCalendar + now_, Seconds(5), {MakeAttempt(1, 1)}});
  EXPECT_EQ(Only<action::Commit>().record.nonce, record.nonce);
  Feed(event::CommitAnswered{record.attempt.id, CallResult::kRefused, true, "no"});
  Feed(event::AttemptEnded{9, MakeAttempt(1, 1, AttemptState::kLost), Reason::kWonByAnother, {}, {}});
  EXPECT_TRUE(Only<action::Forget>().committed);
}

TEST_F(SessionTest, AnExpiredLeaseIsNotTheEnd) {
  Make();
  Connect();
  StartProving(1, 1);
  Feed(event::AttemptEnded{9, MakeAttempt(1, 1, AttemptState::kTimedOut), Reason::kLeaseExpired, {}, {}});
  EXPECT_TRUE(actions_.empty());
  Feed(event::Disconnected{});
  Advance(Seconds(31));
  Feed(event::Connected{});
  Feed(event::Welcome{kCalendar + now_, Seconds(5), {}});
  EXPECT_TRUE(All<action::CancelProving>().empty());
  const CommitRecord record = MakeProof(1);
  Feed(event::CommitAnswered{record.attempt.id, CallResult::kOk, true, ""});
  Only<action::Reveal>();
  Feed(event::RevealAnswered{record.attempt.id, CallResult::kOk, ""});
  Feed(event::AttemptEnded{50, MakeAttempt(1, 1, AttemptState::kWon), Reason::kUnspecified, Amount{1}, {}});
  EXPECT_EQ(Only<action::ReportEnded>().state, AttemptState::kWon);
}

TEST_F(SessionTest, AnExpiredAttemptEndsWithItsJob) {
  Make();
  Connect();
  StartProving(1, 1);
  Feed(event::AttemptEnded{9, MakeAttempt(1, 1, AttemptState::kTimedOut), Reason::kLeaseExpired, {}, {}});
  Feed(event::OfferWithdrawn{10, MakeJob(1).id, Reason::kJobClosed});
  EXPECT_EQ(All<action::CancelProving>().size(), 1u);
}

TEST_F(SessionTest, SilenceEndsTheStreamAndReconnectsWithinTheCap) {
  Make({.reconnect_max = Seconds(8)});
  Connect();
  Advance(Seconds(5));
  EXPECT_EQ(All<action::SendHeartbeat>().size(), 1u);
  Feed(event::HeartbeatSeen{});
  Advance(Seconds(21));
  EXPECT_EQ(All<action::Disconnect>().size(), 1u);
  for (int i = 0; i < 20; ++i) {
    Feed(event::Disconnected{});
    Advance(Seconds(8));
    ASSERT_EQ(All<action::Connect>().size(), 1u) << i;
  }
}

EndPlace Place(uint64_t event, uint8_t attempt) { return {event, MakeAttempt(1, attempt).id}; }

TEST_F(SessionTest, ResumesAfterTheLastEndAndKeepsItForLaterRuns) {
  Make();
  Feed(event::Tick{});
  EXPECT_FALSE(Only<action::Connect>().resume_after.has_value());
  Feed(event::Connected{});
  Feed(event::Welcome{kCalendar + now_, Seconds(5), {}, 50});
  // Before there is credit: whatever is accepted ends behind it.
  ASSERT_TRUE(std::holds_alternative<action::KeepPlace>(actions_.at(0)));
  EXPECT_EQ(Only<action::KeepPlace>().place.event, 50u);
  Feed(event::OfferWithdrawn{99, MakeJob(1).id, Reason::kRaceFull});  // belongs to its stream
  Feed(event::AttemptEnded{77, MakeAttempt(1, 4, AttemptState::kLost), Reason::kWonByAnother, {}, {}});
  EXPECT_TRUE(All<action::KeepPlace>().empty());
  Advance(Seconds(2));
  EXPECT_EQ(Only<action::KeepPlace>().place, Place(77, 4));
  Advance(Seconds(2));
  EXPECT_TRUE(All<action::KeepPlace>().empty());
  Feed(event::Disconnected{});
  Advance(Seconds(31));
  EXPECT_EQ(Only<action::Connect>().resume_after, Place(77, 4));
}

TEST_F(SessionTest, ALaterRunHearsHowItsCommitEnded) {
  Make();
  CommitRecord record;
  record.attempt = MakeAttempt(1, 1);
  session_->Restore(record);
  session_->RestorePlace(Place(60, 9));
  Feed(event::Tick{});
  EXPECT_EQ(Only<action::Connect>().resume_after, Place(60, 9));
  Feed(event::Connected{});
  Feed(event::Welcome{kCalendar + now_, Seconds(5), {}, 80});
  EXPECT_TRUE(All<action::KeepPlace>().empty());
  Feed(event::AttemptEnded{70, MakeAttempt(1, 1, AttemptState::kWon), Reason::kUnspecified, Amount{5}, {}});
  EXPECT_EQ(Only<action::ReportEnded>().paid, Amount{5});
}

TEST_F(SessionTest, ALogThatLostItsEndIsFollowedFromWhereItIs) {
  Make();
  session_->RestorePlace(Place(60, 9));
  Feed(event::Tick{});
  Feed(event::Connected{});
  Feed(event::Welcome{kCalendar + now_, Seconds(5), {}, 40});
  EXPECT_EQ(Only<action::KeepPlace>().place.event, 40u);
}

}  // namespace
}  // namespace prooflode::miner
