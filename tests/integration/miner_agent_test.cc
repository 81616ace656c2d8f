// The miner's agent, with real worker processes (this binary is the worker too), against a coordinator in the
// same process.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "client/log_view.h"
#include "client/transfer.h"
#include "miner/agent.h"
#include "miner/worker/worker_main.h"
#include "tests/integration/market_fixture_test.h"

namespace prooflode::miner {
namespace {

// A requester's or operator's connection.
struct Caller {
  Caller(const std::string& url, const SigningKey& key, v1::Role role, Clock& clock, Random& random) {
    client::ConnectionOptions options;
    options.channel.url = url;
    options.role = role;
    connection = client::Connection::Create(options, key, clock, random).value();
    market = std::make_unique<client::MarketClient>(*connection);
  }
  std::unique_ptr<client::Connection> connection;
  std::unique_ptr<client::MarketClient> market;
};

class AgentTest : public MarketTest {
 protected:
  void SetUp() override {
    MakeCircuit();
    Caller op(Url(), operator_key_, v1::ROLE_OPERATOR, clock_, random_);
    v1::DepositRequest deposit;
    deposit.set_owner(std::string(AsChars(requester_key_.public_key())));
    deposit.set_amount_units(1000);
    deposit.set_external_reference("test");
    ASSERT_TRUE(op.market->Deposit(deposit).ok());
    const auto zkey = client::Upload(*requester_.connection, Path("c.zkey"), v1::ARTIFACT_KIND_ZKEY);
    ASSERT_TRUE(zkey.ok()) << zkey.status();
    v1::RegisterCircuitRequest circuit;
    circuit.set_name("chain");
    circuit.set_zkey_digest(std::string(AsChars(zkey->digest)));
    const auto registered = requester_.market->RegisterCircuit(circuit);
    ASSERT_TRUE(registered.ok()) << registered.status();
    circuit_id_ = registered->circuit().circuit_id();
  }

  std::string Post(uint64_t reward) {
    const auto witness = client::Upload(*requester_.connection, Path("c.wtns"), v1::ARTIFACT_KIND_WITNESS);
    v1::PostJobRequest post;
    post.set_circuit_id(circuit_id_);
    post.set_witness_digest(std::string(AsChars(witness->digest)));
    post.set_reward_units(reward);
    post.set_time_limit_us(Count(Seconds(60)));
    post.mutable_policy()->mutable_race();
    post.set_again(true);
    const auto posted = requester_.market->PostJob(post);
    EXPECT_TRUE(posted.ok()) << posted.status();
    return posted.ok() ? posted->job().job_id() : "";
  }
  v1::JobState WaitForEnd(const std::string& job_id) {
    v1::JobState last = v1::JOB_STATE_UNSPECIFIED;
    const Status status = requester_.market->WatchJob(job_id, 0, [&](const v1::Job& job) {
      last = job.state();
      return true;
    });
    EXPECT_TRUE(status.ok()) << status;
    return last;
  }

  const SigningKey requester_key_ = SigningKey::FromSeed({2});
  Caller requester_{Url(), requester_key_, v1::ROLE_REQUESTER, clock_, random_};
  std::string circuit_id_;
};

// One miner, running on a thread of its own. `key` must outlive it.
class Rig {
 public:
  Rig(const std::string& folder, const std::string& url, const SigningKey& key, SessionOptions session,
      Clock& clock, Random& random)
      : cache_(ArtifactCache::Open(folder + "/cache", {.quota_bytes = 1 << 30}).value()),
        journal_(Journal::Open(folder + "/journal").value()),
        log_view_(client::LogView::Open(folder + "/receipts").value()),
        metrics_(inert_, 1),
        reporter_({"1.0", "key", url, {"cpu"}}, clock, metrics_),
        miner_(url, key, v1::ROLE_MINER, clock, random),
        agent_({.version = "1.0",
                .session = session,
                .worker = {},
                .device_names = {"cpu"},
                .domain_size_max = 1 << 20},
               *miner_.connection, *cache_, journal_, *log_view_, reporter_, metrics_, clock, random) {
    EXPECT_TRUE(agent_.Start().ok());
    thread_ = std::thread([this] { agent_.Run(); });
  }
  ~Rig() { Stop(); }
  void Stop() {
    if (!thread_.joinable()) return;
    agent_.Drain();
    thread_.join();
  }
  nlohmann::json status() const { return nlohmann::json::parse(reporter_.StatusJson()); }

 private:
  InertMetrics inert_;
  std::unique_ptr<ArtifactCache> cache_;
  Journal journal_;
  std::unique_ptr<client::LogView> log_view_;
  MinerMetrics metrics_;
  Reporter reporter_;
  Caller miner_;
  Agent agent_;
  std::thread thread_;
};

TEST_F(AgentTest, WinsRacesIsPaidAndLeavesNoSecrets) {
  const SigningKey key = SigningKey::FromSeed({3});
  Rig rig(folder_, Url(), key, {}, clock_, random_);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(WaitForEnd(Post(100)), v1::JOB_STATE_WON);
  rig.Stop();
  const auto status = rig.status();
  EXPECT_EQ(status["earned_units"], 300);
  EXPECT_EQ(status["devices"][0]["won"], 3);
  EXPECT_TRUE(status["attempts"].empty());
  Caller owner(Url(), key, v1::ROLE_MINER, clock_, random_);
  const auto account = owner.market->GetAccount({});
  ASSERT_TRUE(account.ok()) << account.status();
  EXPECT_EQ(account->account().available_units(), 300u);
  for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/journal")) {
    EXPECT_EQ(entry.path().filename(), "events.place");  // which holds no secret
  }
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/cache")) {
    EXPECT_EQ(entry.path().extension(), "") << entry.path();  // the key alone
    ++files;
  }
  EXPECT_EQ(files, 1);
}

TEST_F(AgentTest, SkipsWhatDoesNotPay) {
  const SigningKey key = SigningKey::FromSeed({3});
  Rig rig(folder_, Url(), key, {.reward_min = Amount{50}}, clock_, random_);
  const std::string poor = Post(10);
  EXPECT_EQ(WaitForEnd(Post(60)), v1::JOB_STATE_WON);
  rig.Stop();
  EXPECT_EQ(rig.status()["skipped"]["reward_too_low"], 1);
  v1::GetJobRequest request;
  request.set_job_id(poor);
  const auto job = requester_.market->GetJob(request);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->job().state(), v1::JOB_STATE_OPEN);
}

TEST_F(AgentTest, AFailedLoginIsNotTheAnswerOfTheCall) {
  client::ConnectionOptions options;
  options.channel.url = Url();
  options.coordinator_key = SigningKey::FromSeed({77}).public_key();  // another's
  const auto connection = client::Connection::Create(options, requester_key_, clock_, random_).value();
  const Status status = client::MarketClient(*connection).GetAccount({}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(client::IsLoginFailure(status)) << status;
  v1::GetAccountRequest strangers;
  strangers.set_owner(std::string(32, 'x'));
  const Status refused = requester_.market->GetAccount(strangers).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_FALSE(client::IsLoginFailure(refused)) << refused;
}

}  // namespace
}  // namespace prooflode::miner

int main(int argc, char** argv) {
  if (prooflode::miner::IsWorkerCommandLine(argc, argv)) {
    return prooflode::miner::WorkerMain(argc, argv);
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
