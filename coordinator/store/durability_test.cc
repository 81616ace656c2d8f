// Power failures at every kind of moment, with an engine over the real store: what was acknowledged is there
// afterwards, exactly once. The same test must notice a store that does not synchronise.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/check.h"
#include "base/sim/sim_env.h"
#include "coordinator/engine/engine.h"
#include "coordinator/engine/replay.h"
#include "coordinator/store/forgetful_vfs.h"
#include "coordinator/store/sqlite_store.h"
#include "coordinator/store/store_conformance_test.h"

namespace prooflode::store {
namespace {

class NoChecker final : public engine::ProofChecker {
 public:
  void Check(Request, std::function<void(bool)>) override {}
};
class NoOutbox final : public engine::Outbox {
 public:
  void Publish(const market::Market&, const std::vector<market::Effect>&) override {}
};

// What callers were told.
struct Acknowledged {
  std::map<std::string, uint64_t> deposits;   // external reference -> transfer id
  std::map<std::string, market::JobId> jobs;  // request id -> job
};

class Life {
 public:
  // Opens store and engine; `ok()` is false when the power failed meanwhile.
  Life(const std::string& path, const SqliteOptions& options, SimClock& clock, uint64_t seed)
      : random_(seed) {
    auto store = SqliteStore::Open(path, options, metrics_);
    if (!store.ok()) return;
    store_ = *std::move(store);
    engine_ = std::make_unique<engine::Engine>(
        market::Rules{}, engine::EngineOptions{},
        engine::EngineParts{*store_, checker_, outbox_, clock, random_, metrics_, [](const Status&) {}});
    if (!engine_->Load().ok()) engine_.reset();
  }
  bool ok() const { return engine_ != nullptr; }
  engine::Engine& engine() { return *engine_; }
  SqliteStore& store() { return *store_; }

 private:
  InertMetrics metrics_;
  SimRandom random_;
  NoChecker checker_;
  NoOutbox outbox_;
  std::unique_ptr<SqliteStore> store_;
  std::unique_ptr<engine::Engine> engine_;
};

class World {
 public:
  World(uint64_t seed, bool skip_sync) : seed_(seed), random_(seed) {
    RegisterForgetfulVfs();
    options_.vfs = kForgetfulVfs;
    options_.skip_sync_for_test = skip_sync;
    directory_ = testing::TempDir() + "/pl_durability_XXXXXX";
    PL_CHECK(mkdtemp(directory_.data()) != nullptr);
    path_ = directory_ + "/market.db";
  }
  ~World() { std::filesystem::remove_all(directory_); }

  // Works until the power fails after `operations` writes and syncs, then looks at what is left. Returns what
  // was lost or doubled, empty when all is well.
  std::string LiveAndFail(uint64_t operations) {
    StartForgetful(operations);
    {
      Life life(path_, options_, clock_, random_.Next64());
      for (int turn = 0; turn < 60 && life.ok(); ++turn) {
        for (uint64_t i = random_.Below(8); i > 0; --i) OfferSomething(life.engine());
        clock_.Advance(Millis(5));
        if (!life.engine().RunOnce(std::chrono::microseconds(0))) break;
      }
    }
    RestoreAfterFailure(random_.Next64());
    return Examine();
  }

 private:
  void OfferSomething(engine::Engine& engine) {
    const std::string name = absl::StrCat("seed ", seed_, " request ", ++requests_);
    const auto keep = [this, name](StatusOr<engine::Answered> answered) {
      if (!answered.ok()) return;
      if (const auto* made = std::get_if<market::TransferAnswer>(&answered->answer)) {
        acknowledged_.deposits[name] = made->transfer.id;
      }
      if (const auto* posted = std::get_if<market::JobAnswer>(&answered->answer)) {
        acknowledged_.jobs[name] = posted->job.id;
      }
    };
    market::Command command = market::Deposit{TestKey(1), Amount{100}, name};
    if (requests_ == 1) {
      market::Circuit circuit;
      circuit.id.fill(7);
      circuit.name = "c";
      command = market::RegisterCircuit{circuit};
    } else if (requests_ % 3 == 0) {
      market::PostJob post;
      post.circuit.fill(7);
      post.statement = Sha256(AsBytes(name));
      post.reward = Amount{7};
      post.time_limit = Seconds(600);
      command = post;
    }
    engine.Offer({TestKey(1), name}, std::move(command), Sha256(AsBytes(name)), keep);
  }

  std::string Examine() {
    StartForgetful(0);
    SqliteOptions options = options_;
    InertMetrics metrics;
    auto store = SqliteStore::Open(path_, options, metrics);
    if (!store.ok()) return absl::StrCat("does not open: ", store.status().ToString());
    if (Status status = (*store)->CheckIntegrity(); !status.ok()) return std::string(status.message());
    const auto report = engine::CheckByReplay(**store, market::Rules{});
    if (!report.ok()) return std::string(report.status().message());
    market::Market market{market::Rules{}};
    std::vector<Digest> hashes;
    PL_CHECK((*store)->Load(market, hashes).ok());
    const auto transfers = (*store)->ReadTransfers(HexEncode(TestKey(1)), 0, 1'000'000);
    std::map<std::string, size_t> times;
    for (const ledger::Transfer& transfer : *transfers) ++times[transfer.external_reference];
    for (const auto& [request, id] : acknowledged_.deposits) {
      const std::string reference = absl::StrCat("deposit:", request);
      const ledger::Transfer* transfer = market.ledger().FindReference(reference);
      if (transfer == nullptr || transfer->id != id) return absl::StrCat(reference, ": deposit lost");
      if (times[reference] != 1) return absl::StrCat(reference, ": ", times[reference], " times");
      if (!(*store)->FindAnswer(TestKey(1), request)->has_value()) return request + ": answer lost";
    }
    for (const auto& [request, id] : acknowledged_.jobs) {
      if (market.FindJob(id) == nullptr) return absl::StrCat(request, ": job lost");
    }
    return "";
  }

  const uint64_t seed_;
  SimRandom random_;
  SimClock clock_;
  SqliteOptions options_;
  std::string directory_;
  std::string path_;
  uint64_t requests_ = 0;
  Acknowledged acknowledged_;

 public:
  size_t acknowledged() const { return acknowledged_.deposits.size() + acknowledged_.jobs.size(); }
};

// Several failures in one world, each at a moment of its own. Returns the first thing lost.
std::string FailOften(uint64_t seed, bool skip_sync, size_t& acknowledged) {
  World world(seed, skip_sync);
  SimRandom random(seed + 1'000'000);
  std::string lost;
  for (int life = 0; life < 4 && lost.empty(); ++life) lost = world.LiveAndFail(1 + random.Below(400));
  acknowledged += world.acknowledged();
  return lost;
}

TEST(Durability, NothingAcknowledgedIsLostAtAPowerFailure) {
  size_t acknowledged = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    EXPECT_EQ(FailOften(seed, false, acknowledged), "") << "seed " << seed;
  }
  EXPECT_GT(acknowledged, 1000u);
}

TEST(Durability, AStoreThatDoesNotSynchroniseIsNoticed) {
  size_t acknowledged = 0;
  int noticed = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) noticed += !FailOften(seed, true, acknowledged).empty();
  EXPECT_GE(noticed, 5);
}

}  // namespace
}  // namespace prooflode::store
