// ExplainJob over the network: a race told from the log, and what the market and miners said to its offers.
#include <algorithm>

#include "coordinator/api/race_fixture_test.h"

namespace prooflode::api {
namespace {

class ExplainTest : public RaceTest {
 protected:
  v1::ExplainJobResponse Explain(Party& party, const std::string& job) {
    v1::ExplainJobRequest request;
    request.set_job_id(job);
    const auto response = party.calls->ExplainJob(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::ExplainJobResponse();
  }
  static std::vector<std::string> Commands(const v1::ExplainJobResponse& response) {
    std::vector<std::string> commands;
    for (const v1::JobStep& step : response.steps()) commands.push_back(step.command());
    return commands;
  }
  static uint64_t Count(const google::protobuf::RepeatedPtrField<v1::ReasonCount>& counts,
                        v1::Reason reason) {
    for (const v1::ReasonCount& count : counts) {
      if (count.reason() == reason) return count.count();
    }
    return 0;
  }
};

TEST_F(ExplainTest, ARaceIsToldStepByStepAlsoAfterARestart) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  Party first = Join(1, v1::ROLE_MINER);
  Party second = Join(2, v1::ROLE_MINER);
  GiveMoney(requester, 1000, "start");
  const std::string circuit = RegisterCircuit(requester);
  const v1::Job other = Post(requester, circuit, "other");  // its steps are not this job's
  const v1::Job job = Post(requester, circuit, "witness");
  Accept(first, other.job_id());
  const v1::Attempt winning = Accept(first, job.job_id());
  const v1::Attempt losing = Accept(second, job.job_id());
  Session session(first);
  session.Next(v1::SessionResponse::kWelcome);
  Prove(first, winning, valid_proof_);
  session.Next(v1::SessionResponse::kAttemptEnded);

  for (int round = 0; round < 2; ++round) {
    const v1::ExplainJobResponse told = Explain(requester, job.job_id());
    EXPECT_EQ(Commands(told),
              (std::vector<std::string>{"post-job", "admit", "admit", "commit", "reveal", "verdict"}));
    ASSERT_EQ(told.steps_size(), 6);
    EXPECT_EQ(told.next_leaf_index(), 0u);
    EXPECT_EQ(told.job().state(), v1::JOB_STATE_WON);
    EXPECT_EQ(told.attempts_size(), 2);
    EXPECT_EQ(told.steps(0).job_state(), v1::JOB_STATE_OPEN);
    ASSERT_EQ(told.steps(0).payments_size(), 1);
    EXPECT_EQ(told.steps(0).payments(0).kind(), v1::TRANSFER_KIND_ESCROW);
    EXPECT_EQ(told.steps(1).leaf_index(), winning.fence());
    EXPECT_EQ(told.steps(1).time_us(), winning.admitted_at_us());
    const v1::JobStep& verdict = told.steps(5);
    EXPECT_TRUE(verdict.valid());
    EXPECT_EQ(verdict.leaf_index(), told.job().revision());
    EXPECT_EQ(verdict.job_state(), v1::JOB_STATE_WON);
    ASSERT_EQ(verdict.attempts_size(), 2);
    for (const auto& change : verdict.attempts()) {
      const bool won = change.attempt_id() == winning.attempt_id();
      EXPECT_EQ(change.state(), won ? v1::ATTEMPT_STATE_WON : v1::ATTEMPT_STATE_LOST);
      EXPECT_EQ(change.reason(), won ? v1::REASON_UNSPECIFIED : v1::REASON_WON_BY_ANOTHER);
      EXPECT_EQ(change.miner(), won ? winning.miner() : losing.miner());
    }
    EXPECT_TRUE(std::any_of(verdict.payments().begin(), verdict.payments().end(), [](const auto& payment) {
      return payment.kind() == v1::TRANSFER_KIND_REWARD && payment.amount_units() == 100;
    }));
    if (round > 0) break;
    End();
    Begin();
    ASSERT_TRUE(requester.calls->GetAccount({}).ok());  // a new token
  }
}

TEST_F(ExplainTest, RefusalsAndDeclinedOffersAreCountedByReason) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  GiveMoney(requester, 1000, "start");
  const v1::Job job = Post(requester, RegisterCircuit(requester), "witness");
  std::vector<Party> miners;
  for (uint8_t n = 1; n <= 3; ++n) miners.push_back(Join(n, v1::ROLE_MINER));
  Session session(miners[2]);
  session.stream().GrantCredit(1);
  session.Next(v1::SessionResponse::kOffer);
  session.stream().Decline(job.job_id(), v1::REASON_MEMORY);
  session.Flush();
  Accept(miners[0], job.job_id());
  Accept(miners[1], job.job_id());
  v1::AcceptOfferRequest request;
  request.set_job_id(job.job_id());
  EXPECT_TRUE(absl::IsFailedPrecondition(miners[2].calls->AcceptOffer(request).status()));  // a race of two
  const v1::ExplainJobResponse told = Explain(miners[2], job.job_id());
  EXPECT_EQ(told.offers_sent(), 1u);
  EXPECT_EQ(Count(told.declined(), v1::REASON_MEMORY), 1u);
  EXPECT_EQ(Count(told.refused(), v1::REASON_RACE_FULL), 1u);
  v1::ExplainJobRequest unknown;
  unknown.set_job_id(std::string(16, 'n'));
  EXPECT_TRUE(absl::IsNotFound(requester.calls->ExplainJob(unknown).status()));
}

TEST_F(ExplainTest, WhatDoesNotFitIsRefusedBeforeTheWork) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  Party miner = Join(1, v1::ROLE_MINER);
  GiveMoney(requester, 1000, "start");
  const std::string circuit = RegisterCircuit(requester);
  const v1::Job job = Post(requester, circuit, "witness");
  const auto reason_of = [&](uint32_t protocol, const std::string& of, uint32_t format) {
    v1::AcceptOfferRequest request;
    request.set_job_id(job.job_id());
    request.set_protocol_version(protocol);
    request.set_circuit_id(of);
    request.set_circuit_format(format);
    const auto answer = miner.calls->AcceptOffer(request);
    return answer.ok() ? v1::REASON_UNSPECIFIED : client::ReasonOf(answer.status());
  };
  EXPECT_EQ(reason_of(kProtocolVersion + 1, "", 0), v1::REASON_VERSION);
  EXPECT_EQ(reason_of(kProtocolVersion, std::string(32, 'x'), 0), v1::REASON_VERSION);
  EXPECT_EQ(reason_of(kProtocolVersion, circuit, kCircuitFormat + 1), v1::REASON_VERSION);
  EXPECT_EQ(reason_of(kProtocolVersion, circuit, kCircuitFormat), v1::REASON_UNSPECIFIED);
  EXPECT_EQ(Count(Explain(miner, job.job_id()).refused(), v1::REASON_VERSION), 3u);
}

TEST_F(ExplainTest, ACoordinatorThatIsAboutToStopAcceptsNothingNew) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  Party miner = Join(1, v1::ROLE_MINER);
  GiveMoney(requester, 1000, "start");
  const std::string circuit = RegisterCircuit(requester);
  const v1::Job job = Post(requester, circuit, "witness");
  const v1::Job next = Post(requester, circuit, "next");
  Session session(miner);
  session.Next(v1::SessionResponse::kWelcome);
  const v1::Attempt attempt = Accept(miner, job.job_id());
  server_->Drain(Seconds(5));
  EXPECT_EQ(session.Next(v1::SessionResponse::kDrain).drain().stops_at_us(), 5'000'000);
  v1::AcceptOfferRequest request;
  request.set_job_id(next.job_id());
  EXPECT_TRUE(absl::IsUnavailable(miner.calls->AcceptOffer(request, {.retry_for = Micros{0}}).status()));
  Prove(miner, attempt, valid_proof_);  // what was begun may be finished
  EXPECT_EQ(session.Next(v1::SessionResponse::kAttemptEnded).attempt_ended().attempt().state(),
            v1::ATTEMPT_STATE_WON);
}

TEST_F(ExplainTest, PoliciesAreForecastFromRacesThatWereRun) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  Party miner = Join(1, v1::ROLE_MINER);
  GiveMoney(requester, 1000, "start");
  const std::string circuit = RegisterCircuit(requester);
  v1::ForecastJobRequest request;
  request.set_circuit_id(circuit);
  const auto before = requester.calls->ForecastJob(request);
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->proofs(), 0u);
  EXPECT_EQ(before->miners(), 0u);
  EXPECT_EQ(before->race_width_default(), rules_.race_width_default);

  Session session(miner);
  session.Next(v1::SessionResponse::kWelcome);
  const v1::Job job = Post(requester, circuit, "witness");
  Prove(miner, Accept(miner, job.job_id()), valid_proof_);
  session.Next(v1::SessionResponse::kAttemptEnded);
  const auto after = requester.calls->ForecastJob(request);
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->proofs(), 1u);
  EXPECT_EQ(after->miners(), 1u);
  ASSERT_GT(after->forecasts_size(), 0);
  EXPECT_GT(after->forecasts(0).half_us(), 0);

  request.set_circuit_id(std::string(32, 'x'));
  EXPECT_TRUE(absl::IsNotFound(requester.calls->ForecastJob(request).status()));
}

}  // namespace
}  // namespace prooflode::api
