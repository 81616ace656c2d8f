// Sessions and watchers without a network.
#include "coordinator/api/sessions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "base/race.h"
#include "base/sim/sim_env.h"
#include "coordinator/api/watchers.h"

namespace prooflode::api {
namespace {

class RecordingWriter final : public SessionWriter {
 public:
  void Write(v1::SessionResponse message) override { messages.push_back(std::move(message)); }
  bool HasRoom() override { return messages.size() < room; }
  void AskReplay(const market::EndPlace& after) override { asked = after; }
  void End(const Status& status) override { ended = status; }

  std::vector<std::string> Offers() const {
    std::vector<std::string> jobs;
    for (const auto& m : messages) {
      if (m.has_offer()) jobs.push_back(m.offer().job().job_id());
    }
    return jobs;
  }
  // The ends that were told, as "event:job".
  std::vector<std::string> Ends() const {
    std::vector<std::string> ends;
    for (const auto& m : messages) {
      if (!m.has_attempt_ended()) continue;
      ends.push_back(absl::StrCat(m.event(), ":", static_cast<int>(m.attempt_ended().attempt().job_id()[0])));
    }
    return ends;
  }
  size_t Count(v1::SessionResponse::MessageCase kind) const {
    return static_cast<size_t>(std::count_if(messages.begin(), messages.end(),
                                             [&](const auto& m) { return m.message_case() == kind; }));
  }

  std::vector<v1::SessionResponse> messages;
  size_t room = 1'000'000;
  std::optional<market::EndPlace> asked;
  std::optional<Status> ended;
};

constexpr Micros kMarketTime = Seconds(1'000'000);

market::Identity Miner(uint8_t n) { return market::Identity{n}; }
market::JobId Job(uint8_t n) { return market::JobId{{n}}; }
std::string Bytes(const market::JobId& id) { return std::string(AsChars(id.bytes)); }

OfferedJob Offered(uint8_t n, uint64_t domain_size = 8) {
  auto offer = std::make_shared<v1::SessionResponse>();
  offer->mutable_offer()->mutable_job()->set_job_id(Bytes(Job(n)));
  return {.id = Job(n),
          .race = {.circuit = {7}, .domain_size = domain_size, .reward = Amount{1000}, .width = 4},
          .proof_system = v1::PROOF_SYSTEM_GROTH16_BN254,
          .offer = offer};
}

market::Attempt Attempt(uint8_t miner, uint8_t job, uint64_t changed_by) {
  market::Attempt attempt;
  attempt.id.bytes = {miner, job};
  attempt.job = Job(job);
  attempt.miner = Miner(miner);
  attempt.state = market::AttemptState::kLost;
  attempt.changed_by = changed_by;
  return attempt;
}

class SessionsTest : public testing::Test {
 protected:
  struct Open {
    std::shared_ptr<RecordingWriter> writer = std::make_shared<RecordingWriter>();
    uint8_t miner = 0;
    SessionRegistry::SessionId id = 0;
  };
  Open Enter(uint8_t miner, std::vector<market::Attempt> live = {}) {
    return Enter(miner, Arrival{.market_time = kMarketTime, .live = std::move(live)}, std::nullopt);
  }
  Open Enter(uint8_t miner, const Arrival& arrival, std::optional<uint64_t> resume_after) {
    Open open;
    open.miner = miner;
    v1::SessionRequest::Hello hello;
    hello.add_proof_systems(v1::PROOF_SYSTEM_GROTH16_BN254);
    hello.set_domain_size_max(16);
    if (resume_after) hello.set_resume_after_event(*resume_after);
    open.id = *sessions_.Open(Miner(miner), hello, arrival, open.writer);
    return open;
  }
  void Credit(const Open& open, uint32_t offers) { sessions_.AddCredit(Miner(open.miner), open.id, offers); }

  SimClock clock_;
  SimRandom random_{5};
  InertMetrics metrics_;
  OfferBook book_{metrics_};
  SessionRegistry sessions_{{}, clock_, random_, book_, metrics_};
};

TEST_F(SessionsTest, NothingIsSentWithoutCreditAndNothingIsLost) {
  const Open miner = Enter(1);
  for (uint8_t n = 1; n <= 5; ++n) sessions_.JobOpened(Offered(n));
  EXPECT_TRUE(miner.writer->Offers().empty());
  Credit(miner, 2);
  EXPECT_EQ(miner.writer->Offers(), (std::vector{Bytes(Job(1)), Bytes(Job(2))}));
  sessions_.JobClosed(Job(3), v1::REASON_JOB_CLOSED);
  EXPECT_EQ(miner.writer->Count(v1::SessionResponse::kOfferWithdrawn), 0u);  // it was never offered
  Credit(miner, 10);
  EXPECT_EQ(miner.writer->Offers(),
            (std::vector{Bytes(Job(1)), Bytes(Job(2)), Bytes(Job(4)), Bytes(Job(5))}));
  sessions_.JobOpened(Offered(6));  // credit is left
  EXPECT_EQ(miner.writer->Offers().size(), 5u);
}

TEST_F(SessionsTest, OffersWaitForRoomAndKeepTheirCreditAndOrder) {
  const Open miner = Enter(1);
  miner.writer->room = 2;  // Welcome and one offer
  Credit(miner, 3);
  for (uint8_t n = 1; n <= 4; ++n) sessions_.JobOpened(Offered(n));
  EXPECT_EQ(miner.writer->Offers(), std::vector{Bytes(Job(1))});
  miner.writer->room = 100;
  sessions_.RoomAgain(Miner(1), miner.id);
  EXPECT_EQ(miner.writer->Offers(), (std::vector{Bytes(Job(1)), Bytes(Job(2)), Bytes(Job(3))}));
}

TEST_F(SessionsTest, WelcomeHasTheMarketsTime) {
  const Open miner = Enter(1);
  EXPECT_EQ(miner.writer->messages.at(0).welcome().time_us(), Count(kMarketTime));
}

TEST_F(SessionsTest, VoidOffersAreWithdrawnButNotFromWhoTookThem) {
  const Open first = Enter(1);
  const Open second = Enter(2);
  Credit(first, 5);
  Credit(second, 5);
  sessions_.JobOpened(Offered(1));
  sessions_.OfferTaken(Miner(1), Job(1));
  sessions_.JobClosed(Job(1), v1::REASON_RACE_FULL);
  EXPECT_EQ(first.writer->Count(v1::SessionResponse::kOfferWithdrawn), 0u);
  ASSERT_EQ(second.writer->Count(v1::SessionResponse::kOfferWithdrawn), 1u);
  EXPECT_EQ(second.writer->messages.back().offer_withdrawn().reason(), v1::REASON_RACE_FULL);
  // A place is free again: whoever is in the race is not asked.
  sessions_.JobOpened(Offered(1));
  EXPECT_EQ(first.writer->Offers().size(), 1u);
  EXPECT_EQ(second.writer->Offers().size(), 2u);
}

TEST_F(SessionsTest, OffersFitTheMachine) {
  const Open miner = Enter(1);
  Credit(miner, 5);
  sessions_.JobOpened(Offered(1, 17));
  EXPECT_TRUE(miner.writer->Offers().empty());
  sessions_.JobOpened(Offered(2, 16));
  EXPECT_EQ(miner.writer->Offers().size(), 1u);
}

TEST_F(SessionsTest, OffersSayWhatTheyAreWorth) {
  const Open miner = Enter(1);
  Credit(miner, 5);
  sessions_.estimator().Learn({Miner(1), {7}, 8, Seconds(3)});
  sessions_.JobOpened(Offered(1));
  const v1::Estimate first = miner.writer->messages.back().offer().estimate();
  EXPECT_EQ(first.predicted_us(), 3'000'000);
  EXPECT_EQ(first.rivals(), 3u);
  EXPECT_DOUBLE_EQ(first.win_chance(), 0.125);
  EXPECT_EQ(first.expected_units(), 125u);
  EXPECT_EQ(first.racers(), 0u);
  sessions_.RacersChanged(Job(1), 2);
  const Open other = Enter(2);
  Credit(other, 1);
  EXPECT_EQ(other.writer->messages.back().offer().estimate().racers(), 2u);
}

TEST_F(SessionsTest, WhoLosesDrawsHasBetterChancesInTheNext) {
  const Open miner = Enter(1, Arrival{.market_time = kMarketTime, .draws_lost = 2}, std::nullopt);
  Credit(miner, 5);
  const auto tickets = [&](uint8_t job) {
    OfferedJob drawn = Offered(job);
    drawn.race.draw_window = Millis(100);
    sessions_.JobOpened(drawn);
    return miner.writer->messages.back().offer().estimate().draw_tickets();
  };
  EXPECT_EQ(tickets(1), 3u);
  sessions_.NotDrawn({Job(1), Miner(1), 7, market::Reason::kNotDrawn}, 3);
  EXPECT_EQ(tickets(2), 4u);
  EXPECT_EQ(book_.Of(Job(1)).refused, (std::map<v1::Reason, uint64_t>{{v1::REASON_NOT_DRAWN, 1}}));
  market::Attempt admitted = Attempt(1, 2, 8);
  admitted.state = market::AttemptState::kAdmitted;
  sessions_.Admitted(admitted);
  EXPECT_EQ(tickets(3), 1u);
}

TEST_F(SessionsTest, WhatIsDeclinedIsCountedOnceAndOnlyWhereItWasOffered) {
  const Open miner = Enter(1);
  sessions_.JobOpened(Offered(1));
  sessions_.Declined(Miner(1), miner.id, Job(1), v1::REASON_MEMORY);  // not offered yet
  Credit(miner, 1);
  sessions_.Declined(Miner(1), miner.id, Job(1), v1::REASON_TOO_SLOW);
  sessions_.Declined(Miner(1), miner.id, Job(1), v1::REASON_DISK);
  const OfferBook::Counts counts = book_.Of(Job(1));
  EXPECT_EQ(counts.offers, 1u);
  EXPECT_EQ(counts.declined, (std::map<v1::Reason, uint64_t>{{v1::REASON_TOO_SLOW, 1}}));
  sessions_.JobClosed(Job(1), v1::REASON_JOB_CLOSED);
  EXPECT_EQ(miner.writer->Count(v1::SessionResponse::kOfferWithdrawn), 0u);
}

TEST_F(SessionsTest, WhoIsAboutToStopOffersNothingAndSaysSo) {
  const Open miner = Enter(1);
  Credit(miner, 5);
  sessions_.DrainAll(Seconds(9));
  ASSERT_EQ(miner.writer->Count(v1::SessionResponse::kDrain), 1u);
  EXPECT_EQ(miner.writer->messages.back().drain().stops_at_us(), 9'000'000);
  sessions_.JobOpened(Offered(1));
  EXPECT_TRUE(miner.writer->Offers().empty());
  sessions_.AttemptEnded({Attempt(1, 2, 5), Amount{0}, {}});
  EXPECT_EQ(miner.writer->Ends().size(), 1u);
  EXPECT_EQ(Enter(2).writer->Count(v1::SessionResponse::kDrain), 1u);
}

TEST_F(SessionsTest, CircuitsOfANewerFormatAreNotOffered) {
  const Open miner = Enter(1);
  Credit(miner, 5);
  OfferedJob newer = Offered(1);
  newer.circuit_format = 2;
  sessions_.JobOpened(newer);
  EXPECT_TRUE(miner.writer->Offers().empty());
}

TEST(Reasons, HaveTheSameNamesOnTheWireAndHere) {
  std::vector<Reason> all = AllReasons();
  EXPECT_EQ(all.size(), static_cast<size_t>(v1::Reason_descriptor()->value_count()));
  for (const Reason reason : all) {
    ASSERT_TRUE(v1::Reason_IsValid(static_cast<int>(reason)));
    std::string name = v1::Reason_Name(static_cast<v1::Reason>(reason)).substr(7);
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    EXPECT_EQ(ReasonName(reason), name);
  }
}

TEST_F(SessionsTest, TheNewestSessionOfAKeyWins) {
  const Open older = Enter(1);
  Credit(older, 5);
  const Open newer = Enter(1);
  ASSERT_TRUE(older.writer->ended.has_value());
  EXPECT_EQ(older.writer->ended->code(), absl::StatusCode::kAborted);
  sessions_.Closed(Miner(1), older.id);  // late; must not end the newer
  Credit(older, 5);
  sessions_.JobOpened(Offered(1));
  EXPECT_TRUE(older.writer->Offers().empty());
  EXPECT_TRUE(newer.writer->Offers().empty());  // credit is not inherited
  Credit(newer, 1);
  EXPECT_EQ(newer.writer->Offers().size(), 1u);
}

TEST_F(SessionsTest, AReturningMinerGetsBackWhatIsLiveAndHearsWhatEnded) {
  market::Attempt live = Attempt(1, 3, 14);
  live.state = market::AttemptState::kAdmitted;
  sessions_.JobOpened(Offered(3));
  Arrival arrival{.market_time = kMarketTime, .as_of = 14, .live = {live}};
  arrival.missed.ended = {{Attempt(1, 2, 12), Amount{77}, Millis(40)}, {Attempt(1, 4, 13), {}, Micros{}}};
  const Open miner = Enter(1, arrival, 10);
  ASSERT_EQ(miner.writer->messages.size(), 3u);
  ASSERT_EQ(miner.writer->messages[0].welcome().live_attempts_size(), 1);
  EXPECT_EQ(miner.writer->messages[0].welcome().as_of_event(), 14u);
  EXPECT_EQ(miner.writer->messages[1].event(), 12u);
  EXPECT_EQ(miner.writer->messages[1].attempt_ended().paid_units(), 77u);
  EXPECT_EQ(miner.writer->messages[1].attempt_ended().margin_us(), 40'000);
  EXPECT_TRUE(miner.writer->messages[2].attempt_ended().has_margin_us());  // a dead heat is one too
  Credit(miner, 1);
  EXPECT_TRUE(miner.writer->Offers().empty());  // it is in that race already
}

TEST_F(SessionsTest, EndsAreToldOnceAndInOrder) {
  Arrival arrival{.as_of = 20};
  arrival.missed.ended = {{Attempt(1, 2, 12), {}, {}}, {Attempt(1, 5, 20), {}, {}}};
  const Open miner = Enter(1, arrival, 10);
  sessions_.AttemptEnded({Attempt(1, 2, 12), {}, {}});  // published before it arrived
  sessions_.AttemptEnded({Attempt(1, 5, 20), {}, {}});
  sessions_.AttemptEnded({Attempt(1, 6, 20), {}, {}});  // the same leaf ended another
  sessions_.AttemptEnded({Attempt(2, 6, 21), {}, {}});  // somebody else's
  EXPECT_EQ(miner.writer->Ends(), (std::vector<std::string>{"12:2", "20:5", "20:6"}));
}

TEST_F(SessionsTest, WhoRemembersNothingIsToldOnlyWhatIsNew) {
  const Open miner = Enter(1, Arrival{.as_of = 20}, std::nullopt);
  sessions_.AttemptEnded({Attempt(1, 9, 20), {}, {}});
  EXPECT_TRUE(miner.writer->Ends().empty());
  sessions_.AttemptEnded({Attempt(1, 1, 21), {}, {}});
  EXPECT_EQ(miner.writer->Ends(), std::vector<std::string>{"21:1"});
}

TEST_F(SessionsTest, WhatWasMissedComesInPagesAsTheMinerReads) {
  Arrival arrival{.as_of = 30};
  arrival.missed = {{{Attempt(1, 2, 12), {}, {}}}, /*more=*/true};
  const Open miner = Enter(1, arrival, 0);
  EXPECT_EQ(miner.writer->asked, (market::EndPlace{12, Attempt(1, 2, 12).id}));
  sessions_.AttemptEnded({Attempt(1, 7, 31), {}, {}});  // a later page has it
  EXPECT_EQ(miner.writer->Ends(), std::vector<std::string>{"12:2"});
  miner.writer->asked.reset();
  miner.writer->room = 0;
  sessions_.Replay(Miner(1), miner.id, {{{Attempt(1, 3, 13), {}, {}}}, true});
  EXPECT_FALSE(miner.writer->asked.has_value());
  miner.writer->room = 100;
  sessions_.RoomAgain(Miner(1), miner.id);
  EXPECT_EQ(miner.writer->asked, (market::EndPlace{13, Attempt(1, 3, 13).id}));
  sessions_.Replay(Miner(1), miner.id + 1, {{{Attempt(1, 4, 14), {}, {}}}, false});  // of another session
  sessions_.Replay(Miner(1), miner.id, {{{Attempt(1, 7, 31), {}, {}}}, false});
  sessions_.AttemptEnded({Attempt(1, 8, 32), {}, {}});
  EXPECT_EQ(miner.writer->Ends(), (std::vector<std::string>{"12:2", "13:3", "31:7", "32:8"}));
}

TEST_F(SessionsTest, DrainStopsOffersOnly) {
  const Open miner = Enter(1);
  Credit(miner, 5);
  sessions_.Drain(Miner(1), miner.id);
  sessions_.JobOpened(Offered(1));
  EXPECT_TRUE(miner.writer->Offers().empty());
  sessions_.AttemptEnded({Attempt(1, 2, 5), Amount{0}, {}});
  EXPECT_EQ(miner.writer->Count(v1::SessionResponse::kAttemptEnded), 1u);
}

TEST_F(SessionsTest, SilenceEndsASession) {
  const Open silent = Enter(1);
  const Open alive = Enter(2);
  clock_.Advance(Seconds(19));
  sessions_.Heartbeat(Miner(2), alive.id, 123);
  EXPECT_EQ(alive.writer->messages.back().heartbeat().sent_at_us(), 123);
  sessions_.CheckLiveness();
  EXPECT_FALSE(silent.writer->ended.has_value());
  clock_.Advance(Seconds(1));
  sessions_.CheckLiveness();
  ASSERT_TRUE(silent.writer->ended.has_value());
  EXPECT_EQ(silent.writer->ended->code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(alive.writer->ended.has_value());
}

// Writes down who is offered a job first.
class OrderWriter final : public SessionWriter {
 public:
  OrderWriter(std::vector<int>& order, int who) : order_(order), who_(who) {}
  void Write(v1::SessionResponse message) override {
    if (message.has_offer()) order_.push_back(who_);
  }
  bool HasRoom() override { return true; }
  void AskReplay(const market::EndPlace&) override {}
  void End(const Status&) override {}

 private:
  std::vector<int>& order_;
  const int who_;
};

TEST_F(SessionsTest, NobodyIsAlwaysFirst) {
  std::vector<int> order;
  v1::SessionRequest::Hello hello;
  hello.add_proof_systems(v1::PROOF_SYSTEM_GROTH16_BN254);
  hello.set_domain_size_max(16);
  for (int who = 0; who < 4; ++who) {
    const auto identity = Miner(static_cast<uint8_t>(who));
    const auto id = sessions_.Open(identity, hello, {}, std::make_shared<OrderWriter>(order, who));
    sessions_.AddCredit(identity, *id, 1000);
  }
  std::vector<int> firsts(4);
  for (int round = 0; round < 200; ++round) {
    order.clear();
    sessions_.JobOpened(Offered(static_cast<uint8_t>(round)));
    ASSERT_EQ(order.size(), 4u);
    ++firsts[static_cast<size_t>(order[0])];
  }
  for (const int count : firsts) EXPECT_GT(count, 20);
}

class RecordingWatcher final : public JobWatcher {
 public:
  void Update(const v1::Job& job) override { revisions.push_back(job.revision()); }
  void End(const Status& status) override { ended = status; }
  bool IsStuck(Micros, Micros) const override { return stuck; }
  std::vector<uint64_t> revisions;
  std::optional<Status> ended;
  bool stuck = false;
};

v1::Job JobAt(uint64_t revision, v1::JobState state = v1::JOB_STATE_OPEN) {
  v1::Job job;
  job.set_job_id(Bytes(Job(1)));
  job.set_revision(revision);
  job.set_state(state);
  return job;
}

TEST(Watchers, PresentStateThenEveryLaterRevisionUntilTheEnd) {
  InertMetrics metrics;
  WatcherRegistry watchers(metrics);
  auto all = std::make_shared<RecordingWatcher>();
  auto later = std::make_shared<RecordingWatcher>();
  watchers.Open(Miner(1), JobAt(5), 0, all);
  watchers.Open(Miner(1), JobAt(5), 7, later);
  for (const uint64_t revision : {5, 6, 7, 9}) watchers.JobChanged(JobAt(revision));
  EXPECT_EQ(all->revisions, (std::vector<uint64_t>{5, 6, 7, 9}));
  EXPECT_EQ(later->revisions, (std::vector<uint64_t>{9}));
  watchers.JobChanged(JobAt(11, v1::JOB_STATE_WON));
  EXPECT_EQ(all->revisions.back(), 11u);
  ASSERT_TRUE(all->ended.has_value());
  EXPECT_TRUE(all->ended->ok());
  EXPECT_FALSE(watchers.IsWatched(Job(1)));
  auto over = std::make_shared<RecordingWatcher>();
  watchers.Open(Miner(1), JobAt(11, v1::JOB_STATE_WON), 11, over);
  EXPECT_TRUE(over->revisions.empty());
  EXPECT_TRUE(over->ended.has_value());
}

TEST(Watchers, WhoDoesNotReadIsEnded) {
  InertMetrics metrics;
  WatcherRegistry watchers(metrics);
  auto watcher = std::make_shared<RecordingWatcher>();
  watchers.Open(Miner(1), JobAt(5), 0, watcher);
  watchers.CheckLiveness(Seconds(1));
  EXPECT_FALSE(watcher->ended.has_value());
  watcher->stuck = true;
  watchers.CheckLiveness(Seconds(1));
  ASSERT_TRUE(watcher->ended.has_value());
  EXPECT_EQ(watcher->ended->code(), absl::StatusCode::kResourceExhausted);
  EXPECT_FALSE(watchers.IsWatched(Job(1)));
}

}  // namespace
}  // namespace prooflode::api
