// A whole coordinator in the test's process: the real engine on a store in memory, the real server on a free
// port of loopback, artifacts in memory, and file checks that know two made-up files. Proofs are valid when
// their first byte is 'V'.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/real_env.h"
#include "client/connection.h"
#include "client/market_client.h"
#include "coordinator/api/convert.h"
#include "coordinator/api/server.h"
#include "coordinator/engine/memory_store.h"

namespace prooflode::api {

class MemoryArtifacts final : public ArtifactPort {
 public:
  StatusOr<ArtifactState> Find(const market::Identity& uploader, const Digest& digest) override {
    MutexLock lock(mutex_);
    ArtifactState state;
    if (const auto it = complete_.find(digest); it != complete_.end()) {
      state.complete = true;
      state.size_bytes = it->second.size();
    }
    if (const auto partial = partial_.find({uploader, digest}); partial != partial_.end()) {
      state.partial_bytes = partial->second.size();
    }
    return state;
  }

  StatusOr<std::unique_ptr<ArtifactUpload>> BeginUpload(const market::Identity& uploader,
                                                        const ArtifactHeader& header) override {
    MutexLock lock(mutex_);
    std::string& partial = partial_[{uploader, header.digest}];
    if (header.offset != partial.size()) {
      return absl::FailedPreconditionError(
          absl::StrCat("offset: ", header.offset, ", want ", partial.size()));
    }
    return std::make_unique<Upload>(*this, uploader, header);
  }

  bool HasUploaded(const market::Identity& uploader, const Digest& digest) const override {
    MutexLock lock(mutex_);
    return owners_.contains({uploader, digest});
  }

  StatusOr<std::unique_ptr<ArtifactReader>> Open(const Digest& digest) override {
    MutexLock lock(mutex_);
    const auto it = complete_.find(digest);
    if (it == complete_.end()) return absl::NotFoundError("no such artifact");
    return std::make_unique<Reader>(it->second);
  }

 private:
  class Upload final : public ArtifactUpload {
   public:
    Upload(MemoryArtifacts& owner, const market::Identity& uploader, const ArtifactHeader& header)
        : owner_(owner), key_{uploader, header.digest}, size_(header.size_bytes) {}
    Status Append(ByteSpan chunk) override {
      MutexLock lock(owner_.mutex_);
      std::string& partial = owner_.partial_[key_];
      if (partial.size() + chunk.size() > size_) return absl::InvalidArgumentError("too long");
      partial.append(AsChars(chunk));
      return absl::OkStatus();
    }
    Status Finish() override {
      MutexLock lock(owner_.mutex_);
      const std::string content = owner_.partial_[key_];
      if (content.size() != size_) return absl::InvalidArgumentError("bytes are missing");
      owner_.partial_.erase(key_);
      if (Sha256(AsBytes(content)) != key_.second) return absl::DataLossError("digest differs");
      owner_.complete_[key_.second] = content;
      owner_.owners_.insert(key_);
      return absl::OkStatus();
    }

   private:
    MemoryArtifacts& owner_;
    const std::pair<market::Identity, Digest> key_;
    const uint64_t size_;
  };

  class Reader final : public ArtifactReader {
   public:
    explicit Reader(std::string content) : content_(std::move(content)) {}
    uint64_t size_bytes() const override { return content_.size(); }
    Status Read(uint64_t offset, std::span<uint8_t> out) override {
      std::copy_n(content_.begin() + static_cast<ptrdiff_t>(offset), out.size(), out.begin());
      return absl::OkStatus();
    }

   private:
    const std::string content_;
  };

  mutable Mutex mutex_;
  std::set<std::pair<market::Identity, Digest>> owners_ PL_GUARDED_BY(mutex_);
  std::map<Digest, std::string> complete_ PL_GUARDED_BY(mutex_);
  std::map<std::pair<market::Identity, Digest>, std::string> partial_ PL_GUARDED_BY(mutex_);
};

class TestFileChecker final : public FileChecker {
 public:
  explicit TestFileChecker(ArtifactPort& artifacts) : artifacts_(artifacts) {}

  // A setup is insecure where that is allowed.
  StatusOr<market::Circuit> CheckCircuit(const std::string& name, const Digest& zkey,
                                         const std::optional<Digest>& r1cs,
                                         bool allow_insecure_setup) override {
    ++checks;
    PL_ASSIGN_OR_RETURN(const auto reader, artifacts_.Open(zkey));
    market::Circuit circuit;
    circuit.id = Sha256(zkey);
    circuit.name = name;
    circuit.zkey_digest = zkey;
    circuit.zkey_bytes = reader->size_bytes();
    circuit.r1cs_digest = r1cs;
    circuit.domain_size = 8;
    circuit.variable_count = 3;
    circuit.public_input_count = 1;
    circuit.insecure_setup = allow_insecure_setup;
    circuit.verification_key_json = "{}";
    circuit.verifying_key_digest = circuit.id;
    return circuit;
  }
  // The statement is that of the whole witness, so that different witnesses are different statements.
  StatusOr<CheckedWitness> CheckWitness(const market::Circuit&, const Digest& witness) override {
    ++checks;
    PL_ASSIGN_OR_RETURN(const auto reader, artifacts_.Open(witness));
    return CheckedWitness{reader->size_bytes(), std::string(32, '\x07'), Sha256(witness)};
  }

  std::atomic<int> checks{0};

 private:
  ArtifactPort& artifacts_;
};

class TestProofChecker final : public engine::ProofChecker {
 public:
  uint32_t version() const override { return 1; }
  void Check(Request request, std::function<void(bool valid)> done) override {
    const bool valid = !request.proof.empty() && request.proof[0] == 'V';
    PL_CHECK(workers_.Submit([done = std::move(done), valid] { done(valid); }));
  }

 private:
  Workers workers_{1, 1000};
};

// The real clock, with a calendar that can be set.
class TurnedClock final : public Clock {
 public:
  Micros MonotonicNow() override { return real_.MonotonicNow(); }
  Micros WallNow() override { return real_.WallNow() + Micros{turned_.load()}; }
  void Sleep(Micros duration) override { real_.Sleep(duration); }
  void Turn(Micros by) { turned_ += Count(by); }

 private:
  RealClock real_;
  std::atomic<int64_t> turned_{0};
};

// A caller with its key and connection.
struct Party {
  std::unique_ptr<SigningKey> key;
  std::unique_ptr<client::Connection> connection;
  std::unique_ptr<client::MarketClient> calls;
  market::Identity identity() const { return key->public_key(); }
};

class ApiTest : public testing::Test {
 protected:
  ApiTest() { Begin(); }
  ~ApiTest() override {
    End();
    std::filesystem::remove(checkpoint_file_);
  }

  void Begin() {
    broadcaster_ = std::make_unique<Broadcaster>(SessionOptions(), clock_, random_, metrics_);
    engine::EngineParts parts{
        store_,       checker_, *broadcaster_, clock_,
        random_,      metrics_, key_,          [](const Status& status) { FAIL() << status; },
        retiring_key_};
    engine_ = std::make_unique<engine::Engine>(rules_, engine_options_, parts);
    ASSERT_TRUE(engine_->Load().ok());
    checkpoint_file_ = std::filesystem::temp_directory_path() / absl::StrCat("pl_api_", getpid(), ".json");
    auto checkpoints = checkpoints::CheckpointPublisher::Open(
        {engine_->keys(), checkpoint_file_, witnesses_}, {key_, store_, engine_->log(), clock_, metrics_});
    ASSERT_TRUE(checkpoints.ok()) << checkpoints.status();
    checkpoints_ = *std::move(checkpoints);
    engine_->Start();
    auto server = StartServer(port_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    port_ = server_->port();
  }
  // Stops everything but what is durable.
  void End() {
    server_.reset();
    engine_->Stop();
    engine_.reset();
    checkpoints_.reset();
    broadcaster_.reset();
  }
  StatusOr<std::unique_ptr<Server>> StartServer(int port) {
    ServerOptions options;
    options.listen = absl::StrCat("127.0.0.1:", port);
    options.auth.operator_keys = {operator_key_.public_key()};
    options.circuits_per_owner_max = 2;
    options.reads_per_identity_max = reads_per_identity_max_;
    options.begun_per_minute_max = begun_per_minute_max_;
    return Server::Start(options, Parts());
  }
  ServerParts Parts() {
    const engine::Store& store =
        other_store_ == nullptr ? static_cast<const engine::Store&>(store_) : *other_store_;
    return {rules_,        info_,           key_,   *engine_, store,   *checkpoints_,
            *broadcaster_, *artifact_port_, files_, clock_,   random_, metrics_};
  }

  std::string Url() const { return absl::StrCat("http://127.0.0.1:", port_); }
  Party Join(SigningKey key, v1::Role role) {
    client::ConnectionOptions options;
    options.channel.url = Url();
    options.role = role;
    options.coordinator_key = key_.public_key();
    options.retry_for = Seconds(20);
    Party party;
    party.key = std::make_unique<SigningKey>(std::move(key));
    party.connection = client::Connection::Create(options, *party.key, clock_, random_).value();
    party.calls = std::make_unique<client::MarketClient>(*party.connection);
    return party;
  }
  Party Join(uint8_t seed, v1::Role role) { return Join(SigningKey::FromSeed({seed}), role); }
  Party Operator() { return Join(SigningKey::FromSeed({99}), v1::ROLE_OPERATOR); }

  void GiveMoney(const Party& party, uint64_t units, const std::string& reference) {
    Party op = Operator();
    v1::DepositRequest request;
    request.set_owner(StringOf(party.identity()));
    request.set_amount_units(units);
    request.set_external_reference(reference);
    const auto response = op.calls->Deposit(request);
    ASSERT_TRUE(response.ok()) << response.status();
  }

  TurnedClock clock_;
  RealRandom random_;
  InertMetrics metrics_;
  market::Rules rules_{.market = "testmarket"};
  engine::EngineOptions engine_options_;
  MarketInfo info_{"0.1.0", "test", 2, uint64_t{1} << 30, 1 << 20, 1000};
  SigningKey key_ = SigningKey::FromSeed({50});
  const SigningKey* retiring_key_ = nullptr;  // hands the log over at the next Begin
  SigningKey operator_key_ = SigningKey::FromSeed({99});
  engine::MemoryStore store_;
  std::unique_ptr<const engine::Store> other_store_;  // the server reads it instead, from the next Begin
  MemoryArtifacts artifacts_;
  ArtifactPort* artifact_port_ = &artifacts_;  // another one counts from the next Begin
  TestFileChecker files_{artifacts_};
  TestProofChecker checker_;
  std::unique_ptr<Broadcaster> broadcaster_;
  std::unique_ptr<engine::Engine> engine_;
  std::string checkpoint_file_;
  std::vector<transparency::NoteKey> witnesses_;  // from the next Begin
  std::unique_ptr<checkpoints::CheckpointPublisher> checkpoints_;
  std::unique_ptr<Server> server_;
  int port_ = 0;
  uint32_t begun_per_minute_max_ = 1200;
  size_t reads_per_identity_max_ = 64;
};

}  // namespace prooflode::api
