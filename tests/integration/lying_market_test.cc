// A coordinator that calls every proof valid: what it delivers is not taken for a proof.
#include <gmock/gmock.h>

#include <thread>

#include "client/market_client.h"
#include "client/receipt.h"
#include "kernels/curve/bn254.h"
#include "prover/format/json.h"
#include "tests/integration/market_commands_fixture_test.h"

namespace prooflode::cli {
namespace {

using testing::HasSubstr;

class Credulous final : public engine::ProofChecker {
 public:
  ~Credulous() override {
    if (thread_.joinable()) thread_.join();
  }
  uint32_t version() const override { return 1; }
  void Check(Request, std::function<void(bool valid)> done) override {
    ASSERT_FALSE(thread_.joinable()) << "one proof a test";
    thread_ = std::thread([done = std::move(done)] { done(true); });
  }

 private:
  std::thread thread_;
};

// First, so that it outlives the market.
struct OwnChecker {
  Credulous checker;
};

class LyingMarketTest : private OwnChecker, public MarketCommandsTest {
 protected:
  LyingMarketTest() : MarketCommandsTest(&checker) {}

  // Wins `job`, a lease, with points that prove nothing.
  void WinWithoutAProof(const std::string& job) {
    const SigningKey key = SigningKey::FromSeed({1});
    client::ConnectionOptions options;
    options.channel.url = Url();
    options.role = v1::ROLE_MINER;
    const auto connection = client::Connection::Create(options, key, clock_, random_).value();
    client::MarketClient miner(*connection);
    v1::AcceptOfferRequest accept;
    accept.set_job_id(job);
    const auto accepted = miner.AcceptOffer(accept);
    ASSERT_TRUE(accepted.ok()) << accepted.status();
    const groth16::ProofBytes proof = EncodeProof({G1Generator(), G2Generator(), G1Generator()});
    const Digest nonce{7};
    const auto commit = client::MakeCommit(key, rules_.market, accepted->attempt(), AsChars(proof),
                                           accepted->job().public_inputs(), nonce);
    ASSERT_TRUE(commit.ok()) << commit.status();
    v1::CommitProofRequest request = client::CommitRequest(*commit);
    request.set_proof(std::string(AsChars(proof)));
    request.set_nonce(std::string(AsChars(nonce)));
    const auto committed = miner.CommitProof(std::move(request));
    ASSERT_TRUE(committed.ok()) << committed.status();
  }
};

TEST_F(LyingMarketTest, WhatItDeliversIsVerifiedBeforeItIsWritten) {
  Deposit("10");
  Register();
  const Outcome posted = As(requester_file_, {"job", "submit", "--circuit", "chain", "--witness",
                                              Path("c.wtns"), "--reward", "1", "--policy", "lease"});
  ASSERT_EQ(posted.code, ExitCode::kOk) << posted.err;
  const std::string id = posted.json()["job_id"];
  WinWithoutAProof(HexDecode(id).value());
  ASSERT_EQ(As(requester_file_, {"job", "watch", id}).code, ExitCode::kOk);  // until it is over
  const Outcome proof = As(requester_file_, {"job", "proof", id, Path("proof.json"), Path("public.json")});
  EXPECT_EQ(proof.code, ExitCode::kProtocol);
  EXPECT_THAT(proof.err, HasSubstr("the coordinator's proof does not verify"));
  EXPECT_FALSE(std::filesystem::exists(Path("proof.json")));
  EXPECT_FALSE(std::filesystem::exists(Path("public.json")));
}

}  // namespace
}  // namespace prooflode::cli
