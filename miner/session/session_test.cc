#include "miner/session/session_fixture_test.h"

namespace prooflode::miner {
namespace {

TEST_F(SessionTest, WinsARace) {
  Make();
  Connect();
  EXPECT_EQ(Only<action::SendCredit>().offers, 16u);
  StartProving(3, 9);
  const CommitRecord record = MakeProof(3);
  EXPECT_EQ(record.attempt.id, MakeAttempt(3, 9).id);
  EXPECT_EQ(record.attempt.fence, 7u);
  EXPECT_NE(record.nonce, Nonce{});
  Feed(event::CommitAnswered{record.attempt.id, CallResult::kOk, true, ""});
  const CommitRecord revealed = Only<action::Reveal>().record;
  EXPECT_EQ(revealed.nonce, record.nonce);
  EXPECT_EQ(revealed.proof[5], 42);
  Feed(event::RevealAnswered{record.attempt.id, CallResult::kOk, ""});
  Feed(event::AttemptEnded{50, MakeAttempt(3, 9, AttemptState::kWon), Reason::kUnspecified, Amount{100}, {}});
  const auto ended = Only<action::ReportEnded>();
  EXPECT_EQ(ended.state, AttemptState::kWon);
  EXPECT_EQ(ended.paid, Amount{100});
  EXPECT_TRUE(ended.committed);
  const auto forget = Only<action::Forget>();
  EXPECT_TRUE(forget.committed);
  EXPECT_EQ(forget.witness, MakeJob(3).witness);
  EXPECT_TRUE(session_->races().empty());
}

TEST_F(SessionTest, SkipsWhatDoesNotPayFitOrFinish) {
  Make({.reward_min = Amount{50}, .memory_bytes = 200 << 20});
  Connect();
  Feed(event::FilesRoom{60 << 20});
  const auto skip = [&](const OfferedJob& job) {
    Feed(event::Offer{1, job});
    EXPECT_TRUE(All<action::Accept>().empty());
    EXPECT_EQ(Only<action::SendCredit>().offers, 1u);
    return Only<action::ReportSkipped>().reason;
  };
  EXPECT_EQ(skip(MakeJob(1, 49)), Reason::kRewardTooLow);
  OfferedJob big = MakeJob(2);
  big.zkey_bytes = 200 << 20;
  EXPECT_EQ(skip(big), Reason::kMemory);
  big.zkey_bytes = ~uint64_t{0} - 5;
  EXPECT_EQ(skip(big), Reason::kMemory);
  OfferedJob wide = MakeJob(6);
  wide.witness_bytes = 70 << 20;
  EXPECT_EQ(skip(wide), Reason::kDisk);
  OfferedJob late = MakeJob(3);
  late.deadline_at = kCalendar + now_ + Millis(5);
  EXPECT_EQ(skip(late), Reason::kTooSlow);
  OfferedJob lease = MakeJob(4);
  lease.lease = Millis(5);
  EXPECT_EQ(skip(lease), Reason::kTooSlow);
  OfferedJob foreign = MakeJob(5);
  foreign.supported = false;
  EXPECT_EQ(skip(foreign), Reason::kUnsupported);
  OfferedJob newer = MakeJob(7);
  newer.format = kCircuitFormatMax + 1;
  EXPECT_EQ(skip(newer), Reason::kUnsupported);
}

TEST_F(SessionTest, TellsWhyAnOfferIsNotTaken) {
  Make({.reward_min = Amount{50}});
  Connect();
  Feed(event::Offer{1, MakeJob(1, 49)});
  EXPECT_EQ(Only<action::Decline>().job, MakeJob(1).id);
  EXPECT_EQ(Only<action::Decline>().reason, Reason::kRewardTooLow);
}

TEST_F(SessionTest, ReckonsWhatARaceIsWorth) {
  Make({.per_hour_min = Amount{60'000}});
  Connect();
  StartProving(1, 1);
  Feed(event::ProofMade{.job = MakeJob(1).id, .proof = {}, .duration = Seconds(1)});
  OfferedJob race = MakeJob(2, 100);
  race.witness_bytes = 0;  // nothing to fetch: the key is here
  race.rivals = 1;
  for (int i = 1; i <= 11; ++i) race.deciles.push_back(Millis(500 * i - 499));  // half a second to five
  Feed(event::Offer{2, race});
  // 1 s is at about 2/10 of the others' times: 80 units a second and more, 288,000 an hour.
  const Worth worth = Only<action::ReportNewJob>().worth;
  EXPECT_EQ(worth.predicted, Seconds(1));
  EXPECT_NEAR(worth.chance, 0.8, 0.01);
  EXPECT_NEAR(static_cast<double>(Count(worth.expected)), 80, 1);
  EXPECT_NEAR(static_cast<double>(Count(worth.per_hour)), 288'000, 4000);
  EXPECT_EQ(Only<action::Accept>().circuit, race.circuit);
  OfferedJob crowded = race;
  crowded.id = MakeJob(3).id;
  crowded.rivals = 8;  // 0.8 to the eighth: 60,398 an hour
  Feed(event::Offer{3, crowded});
  EXPECT_TRUE(All<action::ReportSkipped>().empty());
  crowded.id = MakeJob(4).id;
  crowded.rivals = 9;
  Feed(event::Offer{4, crowded});
  EXPECT_EQ(Only<action::ReportSkipped>().reason, Reason::kExpectedValueTooLow);
}

TEST_F(SessionTest, ALeaseNeedsNoReveal) {
  Make();
  Connect();
  OfferedJob lease = MakeJob(1);
  lease.lease = Seconds(60);
  StartProving(lease, 1);
  const CommitRecord record = MakeProof(1);
  EXPECT_FALSE(record.reveal_request);
  Feed(event::CommitAnswered{record.attempt.id, CallResult::kRetry, true, "lost"});
  Advance(Seconds(5));
  EXPECT_EQ(Only<action::Commit>().record.commit_request, record.commit_request);
  Feed(event::CommitAnswered{record.attempt.id, CallResult::kOk, true, ""});
  EXPECT_TRUE(All<action::Reveal>().empty());
  Advance(Seconds(5));
  EXPECT_TRUE(All<action::Commit>().empty());  // nothing to repeat

  // Somebody else may hold the job: as in a race.
  OfferedJob hedged = MakeJob(2);
  hedged.lease = Seconds(60);
  hedged.hedged = true;
  StartProving(hedged, 2);
  EXPECT_TRUE(MakeProof(2).reveal_request);
  lease.id = MakeJob(3).id;
  StartProving(lease, 3);
  Feed(event::AttemptEnded{
      .event = 9, .attempt = MakeAttempt(3, 3, AttemptState::kTimedOut), .reason = Reason::kLeaseExpired});
  EXPECT_TRUE(MakeProof(3).reveal_request);
}

TEST_F(SessionTest, AShownProofMayWinWhateverItsReceiptIs) {
  Make();
  Connect();
  OfferedJob lease = MakeJob(1);
  lease.lease = Seconds(60);
  StartProving(lease, 1);
  const CommitRecord record = MakeProof(1);
  Feed(event::CommitAnswered{record.attempt.id, CallResult::kOk, false, "bad signature"});
  EXPECT_EQ(Only<action::ReportFailed>().what, "receipt not valid: bad signature");
  for (int i = 0; i < 5; ++i) {  // longer than what was withheld is kept
    Feed(event::HeartbeatSeen{});
    Advance(Seconds(4));
    EXPECT_TRUE(All<action::Forget>().empty());
  }
  Feed(event::AttemptEnded{.event = 9, .attempt = MakeAttempt(1, 1, AttemptState::kWon), .paid = Amount{7}});
  EXPECT_EQ(Only<action::ReportEnded>().paid, Amount{7});
}

TEST_F(SessionTest, BeginsNothingWhileTheCoordinatorStops) {
  Make();
  Connect();
  StartProving(1, 1);
  Feed(event::Offer{2, MakeJob(2)});
  Feed(event::CoordinatorStops{kCalendar + now_ + Seconds(9)});
  EXPECT_EQ(Only<action::ReportCoordinatorStops>().left, Seconds(9));
  EXPECT_EQ(session_->pending_offers(), 0u);
  const CommitRecord record = MakeProof(1);  // what is under way goes on
  EXPECT_TRUE(All<action::Accept>().empty());
  Feed(event::CommitAnswered{record.attempt.id, CallResult::kOk, true, ""});
  EXPECT_EQ(All<action::Reveal>().size(), 1u);
  Feed(event::Disconnected{});
  Advance(Seconds(31));
  Feed(event::Connected{});
  Feed(event::Welcome{kCalendar + now_, Seconds(5), {MakeAttempt(1, 1, AttemptState::kCommitted)}});
  EXPECT_EQ(All<action::SendCredit>().size(), 1u);
}

TEST_F(SessionTest, OffersAtHandAreDroppedWhenTheDiskRunsLow) {
  Make();
  Connect();
  StartProving(1, 1);
  Feed(event::Offer{2, MakeJob(2)});
  EXPECT_EQ(session_->pending_offers(), 1u);
  Feed(event::FilesRoom{MakeJob(2).zkey_bytes});  // not the witness as well
  EXPECT_EQ(Only<action::ReportSkipped>().reason, Reason::kDisk);
  EXPECT_EQ(Only<action::SendCredit>().offers, 1u);
  Feed(event::FilesRoom{2 * MakeJob(2).zkey_bytes});
  Feed(event::Offer{3, MakeJob(2)});
  EXPECT_TRUE(All<action::ReportSkipped>().empty());
}

TEST_F(SessionTest, LearnsHowLongACircuitTakes) {
  Make();
  Connect();
  StartProving(1, 1);
  // A thousand times slower than assumed: the next one of this circuit no longer fits.
  Feed(event::ProofMade{.job = MakeJob(1).id, .proof = {}, .duration = Seconds(400)});
  OfferedJob next = MakeJob(2);
  next.deadline_at = kCalendar + now_ + Seconds(300);
  Feed(event::Offer{2, next});
  EXPECT_EQ(Only<action::ReportSkipped>().reason, Reason::kTooSlow);
}

TEST_F(SessionTest, OneSlowProofIsNotBelievedForEver) {
  Make();
  Connect();
  StartProving(1, 1);
  Feed(event::ProofMade{.job = MakeJob(1).id, .proof = {}, .duration = Seconds(1000)});
  int skips = 0;
  OfferedJob next = MakeJob(2);
  for (; skips < 100; ++skips) {
    Feed(event::Offer{2, next});
    if (All<action::ReportSkipped>().empty()) break;
  }
  EXPECT_GT(skips, 5);
  EXPECT_LT(skips, 30);
  EXPECT_EQ(All<action::Accept>().size(), 1u);
}

TEST_F(SessionTest, OneProofADeviceAndTheBestPaidFirst) {
  Make();
  Connect();
  StartProving(1, 1);
  Feed(event::Offer{2, MakeJob(2, 10)});
  EXPECT_TRUE(All<action::Accept>().empty());
  Feed(event::Offer{3, MakeJob(3, 500)});
  EXPECT_TRUE(All<action::Accept>().empty());
  EXPECT_EQ(session_->pending_offers(), 2u);
  Feed(event::ProofMade{.job = MakeJob(1).id, .proof = {}, .duration = Millis(100)});
  EXPECT_EQ(Only<action::Accept>().job, MakeJob(3).id);
  Feed(event::OfferWithdrawn{4, MakeJob(2).id, Reason::kRaceFull});
  EXPECT_EQ(session_->pending_offers(), 0u);
}

TEST_F(SessionTest, LosingCancelsTheProofAndKeepsTheDeviceBusyUntilItStops) {
  Make();
  Connect();
  StartProving(1, 1);
  Feed(event::Offer{2, MakeJob(2)});
  Feed(event::AttemptEnded{9, MakeAttempt(1, 1, AttemptState::kLost), Reason::kWonByAnother, {}, Millis(20)});
  EXPECT_EQ(Only<action::CancelProving>().job, MakeJob(1).id);
  EXPECT_EQ(Only<action::ReportEnded>().margin, Millis(20));
  EXPECT_TRUE(All<action::Accept>().empty());
  Feed(event::ProofFailed{MakeJob(1).id, event::ProofFailure::kCancelled, "cancelled"});
  EXPECT_EQ(Only<action::Accept>().job, MakeJob(2).id);
  EXPECT_TRUE(All<action::Release>().empty());
}

TEST_F(SessionTest, AProofThatComesAfterTheEndIsNotCommitted) {
  Make();
  Connect();
  StartProving(1, 1);
  Feed(event::AttemptEnded{9, MakeAttempt(1, 1, AttemptState::kLost), Reason::kWonByAnother, {}, {}});
  Feed(event::ProofMade{.job = MakeJob(1).id, .proof = {}, .duration = Millis(100)});
  EXPECT_TRUE(All<action::Commit>().empty());
  EXPECT_FALSE(session_->devices()[0].has_value());
}

TEST_F(SessionTest, UnansweredCallsAreRepeatedWithTheSameRequestId) {
  Make();
  Connect();
  Feed(event::Offer{1, MakeJob(1)});
  const auto first = Only<action::Accept>();
  Feed(event::AcceptAnswered{first.request, first.job, CallResult::kRetry, {}, {}});
  EXPECT_TRUE(All<action::Accept>().empty());
  Advance(Seconds(1));
  EXPECT_EQ(Only<action::Accept>().request, first.request);
  Advance(Seconds(1));
  EXPECT_TRUE(All<action::Accept>().empty());  // in flight again
}

TEST_F(SessionTest, EndBeforeTheAcceptancesAnswer) {
  Make();
  Connect();
  Feed(event::Offer{1, MakeJob(1)});
  const auto accept = Only<action::Accept>();
  Feed(event::AttemptEnded{5, MakeAttempt(1, 1, AttemptState::kLost), Reason::kWonByAnother, {}, {}});
  Feed(event::AcceptAnswered{accept.request, accept.job, CallResult::kOk, {}, MakeAttempt(1, 1)});
  EXPECT_TRUE(All<action::Fetch>().empty());
  EXPECT_FALSE(session_->devices()[0].has_value());
  EXPECT_TRUE(session_->races().empty());
}

TEST_F(SessionTest, OneUnprovableCircuitDoesNotStopTheDevice) {
  Make({.blame = {.failures_max = 2}});
  Connect();
  for (uint8_t n = 1; n <= 5; ++n) {
    StartProving(n, n);
    Feed(event::ProofFailed{MakeJob(n).id, event::ProofFailure::kUnprovable, "does not satisfy"});
    EXPECT_EQ(Only<action::Release>().reason, Reason::kUnprovable);
    Feed(event::ReleaseAnswered{MakeAttempt(n, n).id, CallResult::kOk});
  }
  EXPECT_FALSE(session_->paused());
  Feed(event::Offer{9, MakeJob(1)});  // it comes again, and is known
  EXPECT_EQ(Only<action::ReportSkipped>().reason, Reason::kFailedBefore);
  OfferedJob other = MakeJob(7);
  other.circuit[0] = 99;
  Feed(event::Offer{10, other});
  const auto accept = Only<action::Accept>();
  Feed(event::AcceptAnswered{accept.request, accept.job, CallResult::kOk, {}, MakeAttempt(7, 7)});
  Feed(event::ArtifactsReady{accept.job, Millis(10), 0});
  Feed(event::ProofFailed{other.id, event::ProofFailure::kUnprovable, "does not satisfy"});
  EXPECT_TRUE(session_->paused());  // every circuit fails: it is the device
}

TEST_F(SessionTest, ACircuitThatCrashesTheWorkerIsPutAsideWhileOthersGoOn) {
  Make({.blame = {.failures_max = 3, .crashes_max = 2, .circuit_pause = Seconds(600)}});
  Connect();
  const auto job_of = [](uint8_t circuit, uint8_t n) {
    OfferedJob job = MakeJob(n);
    job.circuit[0] = circuit;
    return job;
  };
  const auto crash = [&](uint8_t circuit, uint8_t n) {
    StartProving(job_of(circuit, n), n);
    Feed(event::ProofFailed{job_of(circuit, n).id, event::ProofFailure::kCrashed, "signal 11"});
    EXPECT_EQ(Only<action::Release>().attempt.id, MakeAttempt(n, n).id);
    const size_t put_aside = All<action::ReportAside>().size();
    Feed(event::ReleaseAnswered{MakeAttempt(n, n).id, CallResult::kOk});
    return put_aside == 1;
  };
  const auto skipped = [&](const OfferedJob& job) {
    Feed(event::Offer{1, job});
    EXPECT_TRUE(All<action::Accept>().empty());
    return Only<action::ReportSkipped>().reason;
  };
  EXPECT_FALSE(crash(1, 1));
  EXPECT_EQ(skipped(job_of(1, 1)), Reason::kFailedBefore);  // that job is not taken again
  StartProving(job_of(2, 2), 2);
  Feed(event::Offer{1, job_of(1, 3)});  // waits for the device
  MakeProof(2);
  Feed(event::AcceptAnswered{Only<action::Accept>().request, job_of(1, 3).id, CallResult::kRefused, {}, {}});
  EXPECT_TRUE(crash(1, 4));
  EXPECT_EQ(skipped(job_of(1, 5)), Reason::kCircuitAside);
  EXPECT_FALSE(session_->paused());
  StartProving(job_of(2, 6), 6);
  MakeProof(6);
  // Others crash as well: it is the device.
  EXPECT_FALSE(crash(3, 7));
  EXPECT_FALSE(crash(4, 8));
  EXPECT_FALSE(session_->paused());
  EXPECT_FALSE(crash(5, 9));
  EXPECT_TRUE(session_->paused());
}

TEST_F(SessionTest, DoesNotRevealAgainstAFalseReceipt) {
  Make();
  Connect();
  StartProving(1, 1);
  const CommitRecord record = MakeProof(1);
  Feed(event::CommitAnswered{record.attempt.id, CallResult::kOk, false, "signature does not verify"});
  EXPECT_TRUE(All<action::Reveal>().empty());
  EXPECT_THAT(Only<action::ReportFailed>().what, testing::HasSubstr("signature does not verify"));
  Advance(Seconds(5));
  EXPECT_TRUE(All<action::Reveal>().empty());
}

TEST_F(SessionTest, ARefusedRevealIsAFailureOnlyWhenNoEndExplainsIt) {
  for (const bool explained : {true, false}) {
    Make();
    Connect();
    StartProving(1, 1);
    const CommitRecord record = MakeProof(1);
    Feed(event::CommitAnswered{record.attempt.id, CallResult::kOk, true, ""});
    Feed(event::RevealAnswered{record.attempt.id, CallResult::kRefused, "not waiting for a reveal"});
    EXPECT_TRUE(All<action::ReportFailed>().empty());
    if (explained) {
      Feed(event::AttemptEnded{9, MakeAttempt(1, 1, AttemptState::kLost), Reason::kWonByAnother, {}, {}});
      EXPECT_EQ(Only<action::ReportEnded>().state, AttemptState::kLost);
    }
    Advance(Seconds(11));
    EXPECT_EQ(All<action::ReportFailed>().size(), explained ? 0u : 1u);
  }
}

TEST_F(SessionTest, BreakerStopsAfterFailuresInARowAndClosesAgain) {
  Make({.blame = {.failures_max = 2}, .breaker_pause = Seconds(60)});
  Connect();
  for (uint8_t n = 1; n <= 2; ++n) {
    StartProving(n, n);
    Feed(event::ProofFailed{MakeJob(n).id, event::ProofFailure::kFailed, "worker died"});
    EXPECT_EQ(Only<action::Release>().attempt.id, MakeAttempt(n, n).id);
    const auto breaker = All<action::ReportBreaker>();
    EXPECT_EQ(breaker.size(), n == 2 ? 1u : 0u);
    Feed(event::ReleaseAnswered{MakeAttempt(n, n).id, CallResult::kOk});
  }
  EXPECT_TRUE(session_->paused());
  Feed(event::Offer{9, MakeJob(9)});  // waits until the pause is over
  EXPECT_TRUE(All<action::ReportSkipped>().empty());
  EXPECT_TRUE(All<action::Accept>().empty());
  Feed(event::Offer{10, MakeJob(11, 1)});
  Feed(event::OfferWithdrawn{11, MakeJob(11).id, Reason::kRaceFull});
  EXPECT_TRUE(All<action::SendCredit>().empty());  // no other offers are drawn to a miner that does nothing
  Feed(event::HeartbeatSeen{});
  Advance(Seconds(61));
  EXPECT_FALSE(session_->paused());
  EXPECT_EQ(Only<action::Accept>().job, MakeJob(9).id);
  uint32_t credit = 0;
  for (const auto& sent : All<action::SendCredit>()) credit += sent.offers;
  EXPECT_EQ(credit, 2u);
  Feed(event::AcceptAnswered{Only<action::Accept>().request, MakeJob(9).id, CallResult::kRefused, {}, {}});
  StartProving(10, 10);
  Feed(event::ProofFailed{MakeJob(10).id, event::ProofFailure::kFailed, "worker died"});
  EXPECT_TRUE(session_->paused());  // half open: one more is enough
}

TEST_F(SessionTest, InvalidVerdictsOpenTheBreakerEvenThoughProofsSucceed) {
  Make({.blame = {.failures_max = 2}});
  Connect();
  for (uint8_t n = 1; n <= 2; ++n) {
    StartProving(n, n);
    MakeProof(n);
    Feed(event::AttemptEnded{n, MakeAttempt(n, n, AttemptState::kInvalid), Reason::kProofInvalid, {}, {}});
  }
  EXPECT_TRUE(session_->paused());
}

TEST_F(SessionTest, DrainFinishesWhatIsUnderWay) {
  Make();
  Connect();
  StartProving(1, 1);
  Feed(event::Drain{});
  EXPECT_EQ(All<action::SendDrain>().size(), 1u);
  Feed(event::Offer{8, MakeJob(8)});
  EXPECT_TRUE(actions_.empty());
  const CommitRecord record = MakeProof(1);
  Feed(event::CommitAnswered{record.attempt.id, CallResult::kOk, true, ""});
  Feed(event::RevealAnswered{record.attempt.id, CallResult::kOk, ""});
  Advance(Millis(100));
  EXPECT_TRUE(All<action::Finished>().empty());  // the verdict is waited for
  Feed(event::AttemptEnded{50, MakeAttempt(1, 1, AttemptState::kWon), Reason::kUnspecified, Amount{1}, {}});
  Advance(Millis(100));
  EXPECT_EQ(All<action::Finished>().size(), 1u);
}

TEST_F(SessionTest, DrainReleasesWhatIsNotDoneInTime) {
  Make({.stop_timeout = Seconds(3)});
  Connect();
  StartProving(1, 1);
  Feed(event::Drain{});
  Advance(Seconds(4));
  EXPECT_EQ(All<action::CancelProving>().size(), 1u);
  EXPECT_EQ(Only<action::Release>().reason, Reason::kDraining);
  Feed(event::ReleaseAnswered{MakeAttempt(1, 1).id, CallResult::kOk});
  Advance(Millis(100));
  EXPECT_EQ(All<action::Finished>().size(), 1u);
}

TEST_F(SessionTest, DrainEndsEvenWhenNobodyAnswers) {
  Make({.stop_timeout = Seconds(3)});
  Connect();
  StartProving(1, 1);
  Feed(event::Drain{});
  Advance(Seconds(4));
  Advance(Seconds(2));
  EXPECT_EQ(All<action::Finished>().size(), 1u);
}

TEST_F(SessionTest, WorkPastItsDeadlineIsStopped) {
  Make();
  Connect();
  StartProving(1, 1);
  for (int i = 0; i < 130; ++i) {
    Feed(event::HeartbeatSeen{});
    Advance(Seconds(5));
    if (!All<action::CancelProving>().empty()) break;
  }
  EXPECT_EQ(All<action::CancelProving>().size(), 1u);
  EXPECT_EQ(Count(now_), Count(Seconds(605)));
}

}  // namespace
}  // namespace prooflode::miner
