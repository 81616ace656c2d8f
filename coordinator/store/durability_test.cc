// Power failures at every kind of moment, with an engine over the real store: what was acknowledged is there
// afterwards, exactly once. The same test must notice a store that does not synchronise.
#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <set>

#include "base/check.h"
#include "base/sim/sim_env.h"
#include "coordinator/engine/engine.h"
#include "coordinator/engine/replay.h"
#include "coordinator/store/forgetful_vfs.h"
#include "coordinator/store/sqlite_store.h"
#include "coordinator/store/store_conformance_test.h"
#include "transparency/signing.h"

namespace prooflode::store {
namespace {

// Finds every proof valid, once it is asked to.
class HeldChecker final : public engine::ProofChecker {
 public:
  uint32_t version() const override { return 1; }
  void Check(Request, std::function<void(bool)> done) override { held_.push_back(std::move(done)); }
  void DecideAll() {
    for (const auto& done : std::exchange(held_, {})) done(true);
  }

 private:
  std::vector<std::function<void(bool)>> held_;
};

// What the world was told.
struct Acknowledged {
  std::map<std::string, uint64_t> deposits;   // external reference -> transfer id
  std::map<std::string, market::JobId> jobs;  // request id -> job
  std::map<market::AttemptId, market::JobId> admissions;
  std::map<market::AttemptId, market::LeafIndex> commits;
  std::set<market::AttemptId> reveals;
  std::map<market::JobId, market::AttemptId> wins;
};

class WinsOutbox final : public engine::Outbox {
 public:
  explicit WinsOutbox(Acknowledged& acknowledged) : acknowledged_(acknowledged) {}
  void Publish(const market::Market& market, const std::vector<market::Effect>& effects) override {
    for (const market::Effect& effect : effects) {
      const auto* changed = std::get_if<market::JobChanged>(&effect);
      if (changed == nullptr) continue;
      const market::Job* job = market.FindJob(changed->job);
      if (job->winning_attempt) acknowledged_.wins[job->id] = *job->winning_attempt;
    }
  }

 private:
  Acknowledged& acknowledged_;
};

class Life {
 public:
  // Opens store and engine; `ok()` is false when the power failed meanwhile.
  Life(const std::string& path, const SqliteOptions& options, SimClock& clock, uint64_t seed,
       Acknowledged& acknowledged)
      : random_(seed), outbox_(acknowledged) {
    auto store = SqliteStore::Open(path, TestKey(77), options, metrics_);
    if (!store.ok()) return;
    store_ = *std::move(store);
    engine_ = std::make_unique<engine::Engine>(market::Rules{}, engine::EngineOptions{},
                                               engine::EngineParts{*store_, checker_, outbox_, clock, random_,
                                                                   metrics_, key_, [](const Status&) {}});
    if (!engine_->Load().ok()) engine_.reset();
  }
  bool ok() const { return engine_ != nullptr; }
  engine::Engine& engine() { return *engine_; }
  HeldChecker& checker() { return checker_; }

 private:
  InertMetrics metrics_;
  SimRandom random_;
  const SigningKey key_ = SigningKey::FromSeed({77});
  HeldChecker checker_;
  WinsOutbox outbox_;
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
      Life life(path_, options_, clock_, random_.Next64(), acknowledged_);
      for (int turn = 0; turn < 60 && life.ok(); ++turn) {
        for (uint64_t i = random_.Below(8); i > 0; --i) OfferSomething(life.engine());
        if (random_.Below(2) == 0) life.checker().DecideAll();
        clock_.Advance(Millis(5));
        if (!life.engine().RunOnce(std::chrono::microseconds(0))) break;
      }
    }
    RestoreAfterFailure(random_.Next64());
    return Examine();
  }

 private:
  // What a miner does next about a job it was told of.
  using NextStep = std::function<void(engine::Engine&)>;

  std::string NextName() { return absl::StrCat("seed ", seed_, " request ", ++requests_); }

  // Asks as the miner; `then` sees the answer once it is durable.
  template <typename Wanted>
  void Mine(engine::Engine& engine, market::Command command, std::function<void(const Wanted&)> then) {
    const std::string name = NextName();
    engine.Offer({TestKey(2), name}, std::move(command), Sha256(AsBytes(name)),
                 [then = std::move(then)](StatusOr<engine::Answered> answered) {
                   if (!answered.ok()) return;
                   if (const auto* wanted = std::get_if<Wanted>(&answered->answer)) then(*wanted);
                 });
  }
  void Accept(engine::Engine& engine, const market::JobId& job) {
    Mine<market::AttemptAnswer>(engine, market::AcceptOffer{job}, [this](const market::AttemptAnswer& a) {
      acknowledged_.admissions[a.attempt.id] = a.job.id;
      next_steps_.push_back([this, attempt = a.attempt](engine::Engine& e) { Commit(e, attempt); });
    });
  }
  void Commit(engine::Engine& engine, const market::Attempt& attempt) {
    const Digest hash = transparency::CommitHash({.market = market::Rules{}.market,
                                                  .job = attempt.job.bytes,
                                                  .attempt = attempt.id.bytes,
                                                  .miner = attempt.miner,
                                                  .proof_hash = transparency::ProofHash(kProof, ""),
                                                  .nonce = {}});
    Mine<market::CommitAnswer>(
        engine, market::CommitProof{attempt.id, attempt.fence, hash, {}},
        [this, attempt](const market::CommitAnswer& answer) {
          acknowledged_.commits[attempt.id] = answer.leaf_index;
          next_steps_.push_back([this, attempt](engine::Engine& e) { Reveal(e, attempt); });
        });
  }
  void Reveal(engine::Engine& engine, const market::Attempt& attempt) {
    Mine<market::RevealAnswer>(
        engine, market::RevealProof{attempt.id, attempt.fence, {kProof}},
        [this, id = attempt.id](const market::RevealAnswer&) { acknowledged_.reveals.insert(id); });
  }

  void OfferSomething(engine::Engine& engine) {
    if (!next_steps_.empty() && random_.Below(3) != 0) {
      const NextStep step = std::move(next_steps_.front());
      next_steps_.pop_front();
      step(engine);
      return;
    }
    const std::string name = NextName();
    const auto keep = [this, name](StatusOr<engine::Answered> answered) {
      if (!answered.ok()) return;
      if (const auto* made = std::get_if<market::TransferAnswer>(&answered->answer)) {
        acknowledged_.deposits[name] = made->transfer.id;
      }
      if (const auto* posted = std::get_if<market::JobAnswer>(&answered->answer)) {
        acknowledged_.jobs[name] = posted->job.id;
        next_steps_.push_back([this, job = posted->job.id](engine::Engine& e) { Accept(e, job); });
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
    auto store = SqliteStore::Open(path_, TestKey(77), options, metrics);
    if (!store.ok()) return absl::StrCat("does not open: ", store.status().ToString());
    if (Status status = (*store)->CheckIntegrity(); !status.ok()) return std::string(status.message());
    const auto report = engine::CheckByReplay(**store);
    if (!report.ok()) return std::string(report.status().message());
    market::Market market;
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
    return ExamineRaces(market, **store);
  }

  std::string ExamineRaces(const market::Market& market, const SqliteStore& store) {
    for (const auto& [id, job] : acknowledged_.admissions) {
      const market::Attempt* attempt = market.FindAttempt(id);
      if (attempt == nullptr || attempt->job != job) return "admission lost";
    }
    for (const auto& [id, leaf] : acknowledged_.commits) {
      if (market.FindAttempt(id)->commit_leaf != leaf) return "commit lost";
    }
    for (const market::AttemptId& id : acknowledged_.reveals) {
      // Its proof is there, and only what was not revealed runs out of time.
      const market::Attempt& attempt = *market.FindAttempt(id);
      if (attempt.state == market::AttemptState::kTimedOut) return "reveal lost";
      const auto proof = store.ReadProof(attempt.proof_leaf);
      if (!proof.ok() || *proof != kProof) return "proof lost";
    }
    std::map<std::string, size_t> rewards;  // by job
    const auto transfers = store.ReadTransfers(HexEncode(TestKey(2)), 0, 1'000'000);
    for (const ledger::Transfer& transfer : *transfers) {
      rewards[transfer.job] += transfer.kind == ledger::TransferKind::kReward;
    }
    for (const auto& [id, attempt] : acknowledged_.wins) {
      const market::Job* job = market.FindJob(id);
      if (job == nullptr || job->winning_attempt != attempt) return "win lost";
      if (rewards[HexEncode(id.bytes)] != 1) return "not paid once";
    }
    return "";
  }

  inline static const std::string kProof = std::string(256, '\7');

  const uint64_t seed_;
  SimRandom random_;
  SimClock clock_;
  SqliteOptions options_;
  std::string directory_;
  std::string path_;
  uint64_t requests_ = 0;
  Acknowledged acknowledged_;
  std::deque<NextStep> next_steps_;

 public:
  const Acknowledged& acknowledged() const { return acknowledged_; }
};

struct Counts {
  size_t money = 0;
  size_t commits = 0;
  size_t reveals = 0;
  size_t wins = 0;
};

// Several failures in one world, each at a moment of its own. Returns the first thing lost.
std::string FailOften(uint64_t seed, bool skip_sync, Counts& counts) {
  World world(seed, skip_sync);
  SimRandom random(seed + 1'000'000);
  std::string lost;
  for (int life = 0; life < 4 && lost.empty(); ++life) lost = world.LiveAndFail(1 + random.Below(400));
  const Acknowledged& told = world.acknowledged();
  counts.money += told.deposits.size() + told.jobs.size();
  counts.commits += told.commits.size();
  counts.reveals += told.reveals.size();
  counts.wins += told.wins.size();
  return lost;
}

TEST(Durability, NothingAcknowledgedIsLostAtAPowerFailure) {
  Counts counts;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    EXPECT_EQ(FailOften(seed, false, counts), "") << "seed " << seed;
  }
  EXPECT_GT(counts.money, 1000u);
  EXPECT_GT(counts.commits, 200u);
  EXPECT_GT(counts.reveals, 200u);
  EXPECT_GT(counts.wins, 200u);
}

TEST(Durability, AStoreThatDoesNotSynchroniseIsNoticed) {
  Counts counts;
  int noticed = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) noticed += !FailOften(seed, true, counts).empty();
  EXPECT_GE(noticed, 5);
}

}  // namespace
}  // namespace prooflode::store
