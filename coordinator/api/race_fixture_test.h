// What tests of whole races share: sessions whose messages are waited for, and the steps of a race.
#pragma once

#include <unistd.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <utility>

#include "client/receipt.h"
#include "client/session_stream.h"
#include "client/transfer.h"
#include "coordinator/api/api_fixture_test.h"
#include "coordinator/api/validate.h"

namespace prooflode::api {

// A session whose messages a test waits for.
class Session {
 public:
  explicit Session(Party& miner, std::optional<uint64_t> resume_after = {},
                   const std::string& resume_attempt = "") {
    v1::SessionRequest::Hello hello;
    hello.set_version("0.1.0");
    hello.set_protocol_version(kProtocolVersion);
    hello.add_proof_systems(v1::PROOF_SYSTEM_GROTH16_BN254);
    hello.set_domain_size_max(1 << 20);
    if (resume_after) hello.set_resume_after_event(*resume_after);
    hello.set_resume_after_attempt(resume_attempt);
    client::SessionStream::Callbacks callbacks;
    callbacks.on_message = [this](const v1::SessionResponse& message) {
      MutexLock lock(mutex_);
      messages_.push_back(message);
      changed_.NotifyAll();
    };
    callbacks.on_end = [this](const Status& status) {
      MutexLock lock(mutex_);
      ended_ = status;
      changed_.NotifyAll();
    };
    stream_ = client::SessionStream::Open(*miner.connection, hello, std::move(callbacks)).value();
  }

  client::SessionStream& stream() { return *stream_; }
  // The next message of this kind; earlier ones of other kinds are passed over.
  v1::SessionResponse Next(v1::SessionResponse::MessageCase kind) {
    MutexLock lock(mutex_);
    while (true) {
      while (!messages_.empty()) {
        const v1::SessionResponse message = messages_.front();
        messages_.pop_front();
        if (message.message_case() == kind) return message;
        if (message.has_offer()) ++offers_passed_;
      }
      if (ended_) {
        ADD_FAILURE() << "session ended: " << *ended_;
        return {};
      }
      changed_.Wait(mutex_);
    }
  }
  Status WaitForEnd() {
    MutexLock lock(mutex_);
    while (!ended_) changed_.Wait(mutex_);
    return *ended_;
  }
  // Everything that was sent before this call has arrived when it returns.
  void Flush() {
    stream_->SendHeartbeat(Micros{1});
    Next(v1::SessionResponse::kHeartbeat);
  }
  int offers_passed() const { return offers_passed_; }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::deque<v1::SessionResponse> messages_;
  std::optional<Status> ended_;
  int offers_passed_ = 0;
  std::unique_ptr<client::SessionStream> stream_;
};

// Keeps the engine from everything that comes later, until it is let go.
class EngineHold {
 public:
  explicit EngineHold(engine::Engine& engine) {
    auto busy = std::make_shared<std::promise<void>>();
    const Status refused = engine.Query([busy, gone = gone_.get_future().share()](const market::Market&) {
      busy->set_value();
      gone.wait();
    });
    EXPECT_TRUE(refused.ok()) << refused;
    if (refused.ok()) busy->get_future().wait();
  }
  ~EngineHold() { LetGo(); }
  EngineHold(const EngineHold&) = delete;
  EngineHold& operator=(const EngineHold&) = delete;
  void LetGo() {
    if (std::exchange(holds_, false)) gone_.set_value();
  }

 private:
  std::promise<void> gone_;
  bool holds_ = true;
};

class RaceTest : public ApiTest {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "prooflode_api_" + std::to_string(getpid()) + "_" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string File(const std::string& name, const std::string& content) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  Digest Upload(Party& party, const std::string& content, v1::ArtifactKind kind) {
    const auto uploaded = client::Upload(*party.connection, File("upload", content), kind);
    EXPECT_TRUE(uploaded.ok()) << uploaded.status();
    return uploaded.ok() ? uploaded->digest : Digest{};
  }
  std::string RegisterCircuit(Party& requester) {
    v1::RegisterCircuitRequest request;
    request.set_name("circuit");
    request.set_zkey_digest(StringOf(Upload(requester, "zkey", v1::ARTIFACT_KIND_ZKEY)));
    const auto response = requester.calls->RegisterCircuit(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->circuit().circuit_id() : "";
  }
  v1::PostJobRequest JobRequest(const std::string& circuit, const Digest& witness) {
    v1::PostJobRequest request;
    request.set_circuit_id(circuit);
    request.set_witness_digest(StringOf(witness));
    request.set_reward_units(100);
    request.set_time_limit_us(Count(Seconds(60)));
    request.mutable_policy()->mutable_race()->set_width(2);
    return request;
  }
  v1::Job Post(Party& requester, const std::string& circuit, const std::string& witness) {
    const auto response =
        requester.calls->PostJob(JobRequest(circuit, Upload(requester, witness, v1::ARTIFACT_KIND_WITNESS)));
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->job() : v1::Job();
  }
  v1::Attempt Accept(Party& miner, const std::string& job) {
    v1::AcceptOfferRequest request;
    request.set_job_id(job);
    const auto response = miner.calls->AcceptOffer(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->attempt() : v1::Attempt();
  }
  // Commits with the proof, as the holder of a lease does, and checks the receipt.
  void ProveOpened(Party& miner, const v1::Attempt& attempt, const std::string& proof) {
    const Digest nonce{8};
    const auto commit =
        client::MakeCommit(*miner.key, "testmarket", attempt, proof, std::string(32, '\x07'), nonce);
    ASSERT_TRUE(commit.ok());
    v1::CommitProofRequest request = client::CommitRequest(*commit);
    request.set_proof(proof);
    EXPECT_EQ(miner.calls->CommitProof(request).status().code(), absl::StatusCode::kInvalidArgument);
    request.set_nonce(StringOf(Digest{9}));
    EXPECT_EQ(client::ReasonOf(miner.calls->CommitProof(request).status()), v1::REASON_COMMIT_MISMATCH);
    request.set_nonce(StringOf(nonce));
    const auto committed = miner.calls->CommitProof(request);
    ASSERT_TRUE(committed.ok()) << committed.status();
    client::Commit shown = *commit;
    shown.shows_proof = true;
    const auto receipt = [&](const client::Commit& of) {
      return client::CheckedReceipt(committed->receipt(), of, miner.identity(), engine_->keys()).status();
    };
    ASSERT_TRUE(receipt(shown).ok()) << receipt(shown);
    shown.nonce[0] ^= 1;  // it must be this proof that the receipt covers
    EXPECT_EQ(receipt(shown).code(), absl::StatusCode::kDataLoss);
  }
  // Commits, checks the receipt, reveals.
  void Prove(Party& miner, const v1::Attempt& attempt, const std::string& proof) {
    const Digest nonce{7};
    const auto commit =
        client::MakeCommit(*miner.key, "testmarket", attempt, proof, std::string(32, '\x07'), nonce);
    ASSERT_TRUE(commit.ok());
    const auto committed = miner.calls->CommitProof(client::CommitRequest(*commit));
    ASSERT_TRUE(committed.ok()) << committed.status();
    const Status receipt =
        client::CheckedReceipt(committed->receipt(), *commit, miner.identity(), engine_->keys()).status();
    ASSERT_TRUE(receipt.ok()) << receipt;
    client::Commit shown = *commit;  // this one did not show its proof
    shown.shows_proof = true;
    EXPECT_EQ(client::CheckedReceipt(committed->receipt(), shown, miner.identity(), engine_->keys())
                  .status()
                  .code(),
              absl::StatusCode::kDataLoss);
    v1::RevealProofRequest reveal;
    reveal.set_attempt_id(attempt.attempt_id());
    reveal.set_fence(attempt.fence());
    reveal.set_proof(proof);
    reveal.set_nonce(StringOf(nonce));
    const auto revealed = miner.calls->RevealProof(reveal);
    ASSERT_TRUE(revealed.ok()) << revealed.status();
  }

  // Until there are so many watches.
  void WaitForWatches(int count) {
    for (int i = 0; i < 60'000 && broadcaster_->watch_count() != count; ++i) clock_.Sleep(Millis(1));
    ASSERT_EQ(broadcaster_->watch_count(), count);
  }
  // Once the engine and then the dispatcher have done what they were given before; what look() says there.
  bool AfterAll(std::function<bool()> look) {
    std::promise<bool> seen;
    const Status refused =
        engine_->Read([&](const market::Market&) { broadcaster_->Post([&] { seen.set_value(look()); }); });
    EXPECT_TRUE(refused.ok()) << refused;
    return refused.ok() && seen.get_future().get();
  }

  std::string folder_;
  const std::string valid_proof_ = std::string(256, 'V');
};

}  // namespace prooflode::api
