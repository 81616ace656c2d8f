// What a miner missed, over the network: a stream that breaks anywhere, and a coordinator that restarts.
#include "coordinator/api/race_fixture_test.h"

namespace prooflode::api {
namespace {

class ReplayTest : public RaceTest {
 protected:
  ReplayTest() {
    rules_.admissions_per_miner_and_job_max = 1000;
    End();
    Begin();
  }
  // An attempt at `job` that is given back at once; its id.
  std::string EndOne(Party& miner, const std::string& job) {
    v1::ReleaseAttemptRequest release;
    const v1::Attempt attempt = Accept(miner, job);
    release.set_attempt_id(attempt.attempt_id());
    release.set_fence(attempt.fence());
    EXPECT_TRUE(miner.calls->ReleaseAttempt(release).ok());
    return attempt.attempt_id();
  }
  void Restart(Party& miner) {
    End();
    Begin();
    ASSERT_TRUE(miner.calls->GetAccount({}).ok());  // a new token
  }
};

TEST_F(ReplayTest, EveryEndComesOnceAndInOrderWhereverTheStreamBreaks) {
  constexpr size_t kEnds = 300;  // more than a page
  Party requester = Join(10, v1::ROLE_REQUESTER);
  Party miner = Join(1, v1::ROLE_MINER);
  GiveMoney(requester, 1000, "start");
  const v1::Job job = Post(requester, RegisterCircuit(requester), "witness");
  uint64_t event = Session(miner).Next(v1::SessionResponse::kWelcome).welcome().as_of_event();
  std::string attempt;
  std::vector<std::string> wanted;
  for (size_t i = 0; i < kEnds; ++i) wanted.push_back(EndOne(miner, job.job_id()));

  std::vector<std::string> told;
  uint64_t last = 0;
  for (size_t round = 1; told.size() < kEnds; ++round) {
    Session session(miner, event, attempt);
    for (size_t i = 0; i < round && told.size() < kEnds; ++i) {
      const auto message = session.Next(v1::SessionResponse::kAttemptEnded);
      event = message.event();
      attempt = message.attempt_ended().attempt().attempt_id();
      told.push_back(attempt);
      ASSERT_GE(event, last);
      last = event;
    }
    if (round % 8 == 0) Restart(miner);
  }
  EXPECT_EQ(told, wanted);

  Session session(miner, event, attempt);
  session.Next(v1::SessionResponse::kWelcome);
  const std::string next = EndOne(miner, job.job_id());
  EXPECT_EQ(session.Next(v1::SessionResponse::kAttemptEnded).attempt_ended().attempt().attempt_id(), next);
}

TEST_F(ReplayTest, AllPagesComeOnOneStreamWithWhatEndsMeanwhile) {
  constexpr size_t kEnds = 520;  // more than two pages
  Party requester = Join(10, v1::ROLE_REQUESTER);
  Party miner = Join(1, v1::ROLE_MINER);
  GiveMoney(requester, 1000, "start");
  const v1::Job job = Post(requester, RegisterCircuit(requester), "witness");
  std::vector<std::string> wanted;
  for (size_t i = 0; i < kEnds; ++i) wanted.push_back(EndOne(miner, job.job_id()));
  Session session(miner, 0);
  for (int i = 0; i < 5; ++i) wanted.push_back(EndOne(miner, job.job_id()));
  std::vector<std::string> told;
  while (told.size() < wanted.size()) {
    told.push_back(session.Next(v1::SessionResponse::kAttemptEnded).attempt_ended().attempt().attempt_id());
    if (HasFailure()) return;
  }
  EXPECT_EQ(told, wanted);
}

}  // namespace
}  // namespace prooflode::api
