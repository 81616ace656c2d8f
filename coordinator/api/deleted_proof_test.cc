// Proofs whose time is over: what readers of the market and of its log are told, and what a repeated
// statement gets.
#include <gtest/gtest.h>

#include <future>

#include "client/log_client.h"
#include "coordinator/api/race_fixture_test.h"
#include "coordinator/engine/expired_proofs.h"

namespace prooflode::api {
namespace {

class DeletedProofTest : public RaceTest {
 protected:
  void Win(Party& miner, const v1::Job& job) {
    Session session(miner);
    session.stream().GrantCredit(1);
    session.Next(v1::SessionResponse::kOffer);
    Prove(miner, Accept(miner, job.job_id()), valid_proof_);
    const auto end = session.Next(v1::SessionResponse::kAttemptEnded).attempt_ended();
    ASSERT_EQ(end.attempt().state(), v1::ATTEMPT_STATE_WON);
  }
  // As the sweep does, on the engine's thread; gives how many.
  size_t DeleteExpired() {
    auto done = std::make_shared<std::promise<size_t>>();
    EXPECT_TRUE(engine_
                    ->Query([this, done](const market::Market& market) {
                      const auto expired = engine::FindExpiredProofs(market, engine_->Now(), {});
                      EXPECT_TRUE(store_.DeleteProofs(expired.kept_from, expired.Leaves()).ok());
                      done->set_value(expired.proofs.size());
                    })
                    .ok());
    return done->get_future().get();
  }
  int ProofsInLog(Party& reader) {
    return static_cast<int>(client::LogClient(*reader.connection).ListLeaves(0, 1000)->proofs_size());
  }
};

TEST_F(DeletedProofTest, ReadersAreToldAndTheStatementIsRacedAgain) {
  End();
  rules_.proof_retention = Micros{1};
  Begin();
  Party requester = Join(10, v1::ROLE_REQUESTER);
  Party miner = Join(1, v1::ROLE_MINER);
  GiveMoney(requester, 1000, "start");
  const std::string circuit = RegisterCircuit(requester);
  const v1::Job job = Post(requester, circuit, "witness");
  Win(miner, job);
  v1::GetProofRequest get;
  get.set_job_id(job.job_id());
  ASSERT_EQ(requester.calls->GetProof(get)->proof(), valid_proof_);  // until the sweep comes
  EXPECT_EQ(ProofsInLog(requester), 1);
  EXPECT_EQ(DeleteExpired(), 1u);
  const Status gone = requester.calls->GetProof(get).status();
  EXPECT_EQ(gone.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(gone.message().find("deleted"), absl::string_view::npos) << gone;
  EXPECT_EQ(ProofsInLog(requester), 0);

  const auto again =
      requester.calls->PostJob(JobRequest(circuit, Upload(requester, "witness", v1::ARTIFACT_KIND_WITNESS)));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(again->already_proven());
  EXPECT_NE(again->job().job_id(), job.job_id());
  Win(miner, again->job());
  get.set_job_id(again->job().job_id());
  EXPECT_TRUE(requester.calls->GetProof(get).ok());

  // Rules that keep everything do not bring it back, nor do they make it a loss.
  End();
  rules_.proof_retention = {};
  Begin();
  EXPECT_TRUE(requester.calls->GetProof(get).ok());
  get.set_job_id(job.job_id());
  EXPECT_EQ(requester.calls->GetProof(get).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(DeletedProofTest, OneThatIsKeptAndNotThereIsCalledLost) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  Party miner = Join(1, v1::ROLE_MINER);
  GiveMoney(requester, 1000, "start");
  const v1::Job job = Post(requester, RegisterCircuit(requester), "witness");
  Win(miner, job);
  EXPECT_EQ(DeleteExpired(), 0u);
  std::vector<market::LeafIndex> all(engine_->log().size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  ASSERT_TRUE(store_.DeleteProofs({}, all).ok());
  v1::GetProofRequest get;
  get.set_job_id(job.job_id());
  EXPECT_EQ(requester.calls->GetProof(get).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace prooflode::api
