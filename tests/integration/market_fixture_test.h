// A whole coordinator in the test's process, with the parts of the real one: engine, artifacts on disk,
// checks of files, verification of proofs, services on a free port of loopback. Only the store is in memory.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "base/real_env.h"
#include "base/thread_pool.h"
#include "coordinator/adapters.h"
#include "coordinator/api/broadcaster.h"
#include "coordinator/api/server.h"
#include "coordinator/artifacts/artifact_store.h"
#include "coordinator/checkpoints/checkpoint_publisher.h"
#include "coordinator/engine/engine.h"
#include "coordinator/engine/memory_store.h"
#include "coordinator/verify/verifier_pool.h"
#include "prover/format/r1cs.h"
#include "prover/format/wtns.h"
#include "prover/format/zkey.h"
#include "prover/groth16/prove.h"
#include "prover/workload/workload.h"

namespace prooflode {

class MarketTest : public testing::Test {
 protected:
  // `checker` decides about proofs in place of the real verifier, and outlives the test.
  explicit MarketTest(engine::ProofChecker* checker = nullptr) {
    std::string name = testing::TempDir() + "/prooflode-market-XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    artifacts::Limits limits;
    limits.free_bytes_min = 0;
    store_ = artifacts::ArtifactStore::Open(folder_ + "/artifacts", limits, clock_, metrics_).value();
    artifact_port_ = std::make_unique<coordinator::ArtifactAdapter>(*store_, metrics_);
    file_checker_ =
        std::make_unique<coordinator::FileCheckAdapter>(*store_, verify::FileLimits{}, random_, threads_);
    const engine::EngineParts parts{market_store_,    checker == nullptr ? verifiers_ : *checker,
                                    broadcaster_,     clock_,
                                    random_,          metrics_,
                                    coordinator_key_, [](const Status& status) { ADD_FAILURE() << status; }};
    engine_ = std::make_unique<engine::Engine>(rules_, engine::EngineOptions(), parts);
    EXPECT_TRUE(engine_->Load().ok());
    checkpoints_ = checkpoints::CheckpointPublisher::Open(
                       {engine_->keys(), Path("checkpoints.json"), {}},
                       {coordinator_key_, market_store_, engine_->log(), clock_, metrics_})
                       .value();
    engine_->Start();
    api::ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.auth.operator_keys = {operator_key_.public_key()};
    server_ = api::Server::Start(options,
                                 {rules_, info_, coordinator_key_, *engine_, market_store_, *checkpoints_,
                                  broadcaster_, *artifact_port_, *file_checker_, clock_, random_, metrics_})
                  .value();
  }
  ~MarketTest() override {
    server_->Shutdown();
    engine_->Stop();
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::string Url() const { return absl::StrCat("http://127.0.0.1:", server_->port()); }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  // A short Poseidon chain with a test key: c.zkey, c.r1cs, c.wtns.
  void MakeCircuit() {
    const auto circuit = workload::Build(workload::Kind::kPoseidon, 2, random_).value();
    const auto key = groth16::InsecureSetup(circuit.system, random_, threads_).value();
    ASSERT_TRUE(WriteZkey(Path("c.zkey"), key).ok());
    ASSERT_TRUE(WriteWtns(Path("c.wtns"), circuit.witness).ok());
  }

  RealClock clock_;
  RealRandom random_;
  InertMetrics metrics_;
  ThreadPool threads_{1};
  std::string folder_;
  const market::Rules rules_{.market = "testmarket", .reveal_window = Seconds(5)};  // the machine may be busy
  const api::MarketInfo info_{"0.1.0", "credit", 2, uint64_t{1} << 30, 1 << 20, 1000};
  const SigningKey coordinator_key_ = SigningKey::FromSeed({50});
  const SigningKey operator_key_ = SigningKey::FromSeed({99});
  engine::MemoryStore market_store_;
  std::unique_ptr<artifacts::ArtifactStore> store_;
  std::unique_ptr<coordinator::ArtifactAdapter> artifact_port_;
  std::unique_ptr<coordinator::FileCheckAdapter> file_checker_;
  api::Broadcaster broadcaster_{{}, clock_, random_, metrics_};
  verify::VerifierPool verifiers_{{.threads = 1}, clock_, metrics_};
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<checkpoints::CheckpointPublisher> checkpoints_;
  std::unique_ptr<api::Server> server_;
};

}  // namespace prooflode
