// Places that are drawn for, and silent holders, over the network.
#include <set>
#include <utility>

#include "coordinator/api/race_fixture_test.h"

namespace prooflode::api {
namespace {

class DrawTest : public RaceTest {
 protected:
  void Restart(market::Rules rules) {
    End();
    rules.market = rules_.market;
    engine_options_.reconnect_grace = {};
    rules_ = rules;
    Begin();
  }
  v1::AcceptOfferResponse Ask(Party& miner, const std::string& job) {
    v1::AcceptOfferRequest request;
    request.set_job_id(job);
    request.set_predicted_us(1000);
    request.set_residency(v1::RESIDENCY_DISK);
    request.set_slots(2);
    const auto response = miner.calls->AcceptOffer(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::AcceptOfferResponse();
  }
  // Until so many have been told that they were not drawn.
  void WaitForRefusals(Party& requester, const std::string& job, uint64_t count) {
    v1::ExplainJobRequest request;
    request.set_job_id(job);
    v1::ExplainJobResponse told;
    do {
      told = requester.calls->ExplainJob(request).value();
    } while (told.refused_size() == 0 || told.refused(0).count() < count);
    EXPECT_EQ(told.refused(0).reason(), v1::REASON_NOT_DRAWN);
    EXPECT_EQ(told.refused(0).count(), count);
  }
};

TEST_F(DrawTest, CandidatesLearnTheResultOverTheirSessions) {
  Restart({.draw_window = Seconds(1)});
  Party requester = Join(10, v1::ROLE_REQUESTER);
  GiveMoney(requester, 1000, "start");
  const std::string circuit = RegisterCircuit(requester);
  std::vector<Party> miners;
  std::vector<std::unique_ptr<Session>> sessions;
  for (uint8_t i = 1; i <= 3; ++i) {
    miners.push_back(Join(i, v1::ROLE_MINER));
    sessions.push_back(std::make_unique<Session>(miners.back()));
    EXPECT_EQ(sessions.back()->Next(v1::SessionResponse::kWelcome).welcome().candidacies_size(), 0);
    sessions.back()->stream().GrantCredit(4);
  }
  const v1::Job job = Post(requester, circuit, "witness");  // two places
  EXPECT_EQ(job.draw_seed().size(), 32u);
  for (size_t i = 0; i < 3; ++i) {
    sessions[i]->Next(v1::SessionResponse::kOffer);
    const v1::AcceptOfferResponse answer = Ask(miners[i], job.job_id());
    EXPECT_FALSE(answer.has_attempt());
    EXPECT_GT(answer.draw_at_us(), job.posted_at_us());
  }
  // Who comes back in time is still a candidate.
  sessions[0] = std::make_unique<Session>(miners[0]);
  const auto welcome = sessions[0]->Next(v1::SessionResponse::kWelcome).welcome();
  ASSERT_EQ(welcome.candidacies_size(), 1);
  EXPECT_EQ(welcome.candidacies(0), job.job_id());

  v1::GetJobRequest get;
  get.set_job_id(job.job_id());
  get.set_include_attempts(true);
  v1::GetJobResponse drawn;
  do {
    drawn = requester.calls->GetJob(get).value();
  } while (drawn.attempts_size() == 0);
  EXPECT_EQ(drawn.attempts_size(), 2);
  std::set<std::string> admitted;
  for (const v1::Attempt& attempt : drawn.attempts()) {
    admitted.insert(attempt.miner());
    EXPECT_EQ(attempt.predicted_us(), 1000);
    EXPECT_EQ(attempt.residency(), v1::RESIDENCY_DISK);
  }
  bool won = false;  // by the first of them, which closes the commits
  for (size_t i = 0; i < 3; ++i) {
    if (admitted.contains(StringOf(miners[i].identity()))) {
      const auto event = sessions[i]->Next(v1::SessionResponse::kAdmitted);
      EXPECT_EQ(event.admitted().attempt().job_id(), job.job_id());
      EXPECT_GT(event.event(), 0u);
      if (!std::exchange(won, true)) Prove(miners[i], event.admitted().attempt(), valid_proof_);
    } else {
      const auto event = sessions[i]->Next(v1::SessionResponse::kNotDrawn);
      EXPECT_EQ(event.not_drawn().job_id(), job.job_id());
      EXPECT_EQ(event.not_drawn().reason(), v1::REASON_NOT_DRAWN);
    }
  }
}

TEST_F(DrawTest, ADrawIsToldStepByStep) {
  Restart({.draw_window = Seconds(1)});
  Party requester = Join(10, v1::ROLE_REQUESTER);
  GiveMoney(requester, 1000, "start");
  const v1::Job job = Post(requester, RegisterCircuit(requester), "witness");  // two places
  std::vector<Party> miners;
  for (uint8_t i = 1; i <= 4; ++i) miners.push_back(Join(i, v1::ROLE_MINER));
  Session watching(miners[0]);
  for (Party& miner : miners) Ask(miner, job.job_id());
  v1::WithdrawCandidacyRequest withdraw;
  withdraw.set_job_id(job.job_id());
  ASSERT_TRUE(miners[3].calls->WithdrawCandidacy(withdraw).ok());
  v1::ExplainJobRequest request;
  request.set_job_id(job.job_id());
  v1::ExplainJobResponse told;
  do {
    told = requester.calls->ExplainJob(request).value();
  } while (told.attempts_size() == 0);
  std::vector<std::string> commands;
  for (const v1::JobStep& step : told.steps()) commands.push_back(step.command());
  ASSERT_EQ(commands, (std::vector<std::string>{"post-job", "admit", "admit", "admit", "admit",
                                                "withdraw-candidacy", "tick"}));
  EXPECT_EQ(told.steps(1).miner(), StringOf(miners[0].identity()));
  EXPECT_EQ(told.steps(1).predicted_us(), 1000);
  EXPECT_EQ(told.steps(1).attempts_size(), 0);
  EXPECT_EQ(told.steps(5).miner(), StringOf(miners[3].identity()));
  const v1::JobStep& drawn = told.steps(6);
  ASSERT_EQ(drawn.draws_size(), 1);
  EXPECT_EQ(drawn.draws(0).number(), 0u);
  EXPECT_EQ(drawn.draws(0).places(), 2u);
  ASSERT_EQ(drawn.draws(0).candidates_size(), 3);
  EXPECT_EQ(drawn.attempts_size(), 2);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(drawn.draws(0).candidates(i).tickets(), 1u);
    EXPECT_EQ(drawn.draws(0).candidates(i).admitted(), i < 2);
  }
  WaitForRefusals(requester, job.job_id(), 1);
}

TEST_F(DrawTest, OffersReckonWithTheDraw) {
  Restart({.draw_window = Millis(300)});
  Party requester = Join(10, v1::ROLE_REQUESTER);
  GiveMoney(requester, 1000, "start");
  const std::string circuit = RegisterCircuit(requester);
  std::vector<Party> miners;
  for (uint8_t i = 1; i <= 4; ++i) miners.push_back(Join(i, v1::ROLE_MINER));
  Session session(miners[0]);
  session.stream().GrantCredit(4);
  const v1::Job job = Post(requester, circuit, "witness");  // two places
  const v1::Estimate first = session.Next(v1::SessionResponse::kOffer).offer().estimate();
  EXPECT_DOUBLE_EQ(first.place_chance(), 1);
  EXPECT_EQ(first.draw_window_us(), 300'000);
  for (size_t i = 1; i < 4; ++i) Ask(miners[i], job.job_id());
  Ask(miners[0], job.job_id());
  WaitForRefusals(requester, job.job_id(), 2);
  Post(requester, circuit, "next");
  const v1::Estimate next = session.Next(v1::SessionResponse::kOffer).offer().estimate();
  EXPECT_DOUBLE_EQ(next.draw_others(), 3);
  EXPECT_EQ(next.draw_places(), 2u);
  EXPECT_GE(next.place_chance(), 0.5);  // more for who was not drawn
  EXPECT_LT(next.place_chance(), 0.8);
  EXPECT_EQ(next.rivals(), 1u);
}

TEST_F(DrawTest, AWithdrawnCandidacyIsOver) {
  Restart({.draw_window = Seconds(10)});
  Party requester = Join(10, v1::ROLE_REQUESTER);
  GiveMoney(requester, 1000, "start");
  const v1::Job job = Post(requester, RegisterCircuit(requester), "witness");
  Party miner = Join(1, v1::ROLE_MINER);
  EXPECT_FALSE(Ask(miner, job.job_id()).has_attempt());
  v1::WithdrawCandidacyRequest withdraw;
  withdraw.set_job_id(job.job_id());
  EXPECT_TRUE(miner.calls->WithdrawCandidacy(withdraw).ok());
  EXPECT_EQ(miner.calls->WithdrawCandidacy(withdraw).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(DrawTest, AHolderWithoutASessionLosesItsPlace) {
  Restart({.silence_limit = Seconds(1)});
  Party requester = Join(10, v1::ROLE_REQUESTER);
  GiveMoney(requester, 1000, "start");
  const std::string circuit = RegisterCircuit(requester);
  Party lively = Join(1, v1::ROLE_MINER);
  Session session(lively);
  session.stream().GrantCredit(2);
  Party silent = Join(2, v1::ROLE_MINER);
  const v1::Job job = Post(requester, circuit, "witness");
  session.Next(v1::SessionResponse::kOffer);
  const v1::Attempt lost = Ask(silent, job.job_id()).attempt();
  v1::GetJobRequest get;
  get.set_job_id(job.job_id());
  get.set_include_attempts(true);
  v1::Attempt seen;
  do {
    session.stream().SendHeartbeat(Micros{1});
    seen = requester.calls->GetJob(get)->attempts(0);
  } while (seen.state() == v1::ATTEMPT_STATE_ADMITTED);
  EXPECT_EQ(seen.attempt_id(), lost.attempt_id());
  EXPECT_EQ(seen.state(), v1::ATTEMPT_STATE_TIMED_OUT);
  EXPECT_EQ(seen.reason(), v1::REASON_LEASE_EXPIRED);
}

}  // namespace
}  // namespace prooflode::api
