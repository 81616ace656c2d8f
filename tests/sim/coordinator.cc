#include "tests/sim/coordinator.h"

#include "base/check.h"
#include "coordinator/engine/expired_proofs.h"
#include "coordinator/engine/replay.h"
#include "tests/sim/oracle.h"

namespace prooflode::sim {

// Keeps what was synchronised. A write reaches the disk in one piece or not at all: at a loss of power in its
// middle the journal has it whole, torn or not, and a torn one is cut off when the store is opened again.
class Coordinator::Disk final : public engine::Store {
 public:
  explicit Disk(Coordinator& owner) : owner_(owner) {}

  Status Load(market::Market& market, std::vector<Digest>& leaf_hashes) override {
    return owner_.stored_->Load(market, leaf_hashes);
  }
  StatusOr<std::vector<KeyHandover>> LoadHandovers() override { return owner_.stored_->LoadHandovers(); }
  Status Write(const engine::Batch& batch) override {
    if (owner_.dead_) return absl::UnavailableError("simulated: the process is dead");
    switch (owner_.fate_) {
      case Fate::kDiesBeforeWrite:
        owner_.Die();
        return absl::UnavailableError("simulated: killed");
      case Fate::kDiskError:
        return absl::InternalError("simulated: input/output error");
      case Fate::kDiesInWrite: {
        const bool whole = owner_.world_.draw.Chance(300);
        const Status status = whole ? Keep(batch) : absl::OkStatus();
        owner_.Die();
        return status.ok() ? absl::UnavailableError("simulated: power lost") : status;
      }
      case Fate::kDiesAfterWrite: {
        const Status status = Keep(batch);
        owner_.Die();
        return status.ok() ? absl::UnavailableError("simulated: killed") : status;
      }
      default:
        return Keep(batch);
    }
  }
  StatusOr<std::optional<engine::StoredAnswer>> FindAnswer(const market::Identity& identity,
                                                           const std::string& request_id) const override {
    return owner_.stored_->FindAnswer(identity, request_id);
  }
  StatusOr<std::vector<transparency::Leaf>> ReadLeaves(uint64_t from, size_t count_max) const override {
    return owner_.stored_->ReadLeaves(from, count_max);
  }
  Status DeleteProofs(Micros kept_from, const std::vector<market::LeafIndex>& leaves) override {
    return owner_.stored_->DeleteProofs(kept_from, leaves);
  }
  StatusOr<Micros> LoadProofsKeptFrom() override { return owner_.stored_->LoadProofsKeptFrom(); }
  StatusOr<std::vector<ledger::Transfer>> ReadTransfers(const std::string& hex_key, uint64_t before_id,
                                                        size_t count_max) const override {
    return owner_.stored_->ReadTransfers(hex_key, before_id, count_max);
  }
  StatusOr<engine::StatementRows> ReadStatement(const engine::StatementQuery& query) const override {
    return owner_.stored_->ReadStatement(query);
  }

 private:
  Status Keep(const engine::Batch& batch) {
    owner_.world_.judge.OnDurable(batch.leaves);
    Status status = owner_.stored_->Write(batch);
    if (!status.ok()) {
      owner_.world_.judge.findings().Add(
          "store", "no store takes what the engine wrote: " + std::string(FromSv(status.message())));
    }
    return status;
  }

  Coordinator& owner_;
};

class Coordinator::Verifier final : public engine::ProofChecker {
 public:
  explicit Verifier(Coordinator& owner) : owner_(owner) {}

  uint32_t version() const override { return 1; }
  void Check(Request request, std::function<void(bool valid)> done) override {
    World& world = owner_.world_;
    world.judge.EndTurn();
    if (!owner_.dead_) world.judge.OnCheck(request);
    const Micros time = world.draw.Time(Micros{1}, world.plan.verify_time);
    const bool valid = IsProof(request.proof, request.public_inputs);
    world.events.After(time, [this, process = owner_.process_, valid, done = std::move(done)] {
      if (process != owner_.process_ || owner_.dead_) return;  // died with its process
      done(valid);
      owner_.PlanTurn(Micros{});
    });
  }

 private:
  Coordinator& owner_;
};

class Coordinator::Telling final : public engine::Outbox {
 public:
  explicit Telling(Coordinator& owner) : owner_(owner) {}

  void Publish(const market::Market& market, const std::vector<market::Effect>& effects) override {
    if (owner_.dead_) return;
    World& world = owner_.world_;
    world.judge.OnPublished(market, effects);
    for (const market::Effect& effect : effects) {
      if (const auto* opened = std::get_if<market::JobOpened>(&effect))
        owner_.Offer(*market.FindJob(opened->job));
      if (const auto* over = std::get_if<market::AttemptEnded>(&effect)) {
        world.ended(*market.FindAttempt(over->attempt));
      }
      if (const auto* admitted = std::get_if<market::Admitted>(&effect)) {
        world.admitted(*market.FindAttempt(admitted->attempt));
      }
      if (const auto* not_drawn = std::get_if<market::NotDrawn>(&effect)) world.not_drawn(*not_drawn);
      if (const auto* revealed = std::get_if<market::NeedsVerdict>(&effect)) {
        const market::Attempt& attempt = *market.FindAttempt(revealed->attempt);
        const auto proof = owner_.stored_->ReadProof(attempt.proof_leaf);
        PL_CHECK(proof.ok() && *proof);
        world.revealed(attempt, **proof);
      }
    }
  }

 private:
  Coordinator& owner_;
};

Coordinator::Coordinator(World world, uint64_t seed, std::string database)
    : world_(std::move(world)),
      random_(seed),
      database_(std::move(database)),
      disk_(std::make_unique<Disk>(*this)),
      verifier_(std::make_unique<Verifier>(*this)),
      telling_(std::make_unique<Telling>(*this)),
      rules_(DrawRules(world_.draw)) {
  keys_.push_back(SigningKey::FromSeed({}));
}

Coordinator::~Coordinator() = default;

// Whatever a process finds when it starts: the database is closed and opened again.
void Coordinator::OpenStore() {
  if (database_.empty()) {
    if (stored_ == nullptr) stored_ = std::make_unique<engine::MemoryStore>();
    return;
  }
  stored_.reset();
  const auto owner = store::SqliteStore::FindCoordinator(database_);
  PL_CHECK(owner.ok());
  auto opened = store::SqliteStore::Open(database_, owner->value_or(keys_.front().public_key()),
                                         {.skip_sync_for_test = true}, metrics_);
  PL_CHECK(opened.ok());
  stored_ = *std::move(opened);
}

// The operator makes a new key now and then, and names the old one until the log was handed over.
const SigningKey* Coordinator::RetiringKey() {
  const auto handovers = stored_->LoadHandovers();
  PL_CHECK(handovers.ok());
  const PublicKey owner = handovers->empty() ? keys_.front().public_key() : handovers->back().successor;
  const bool settled = owner == keys_.back().public_key();
  if (settled && !healed_ && world_.judge.history().size() > 0 && world_.draw.Chance(world_.plan.new_keys)) {
    keys_.push_back(
        SigningKey::FromSeed({static_cast<uint8_t>(keys_.size()), static_cast<uint8_t>(keys_.size() >> 8)}));
    return &keys_[keys_.size() - 2];
  }
  return settled ? nullptr : &keys_[keys_.size() - 2];
}

void Coordinator::Offer(const market::Job& job) { world_.offer(job, job.deadline_at - engine_->Now()); }

Coordinator::Fate Coordinator::DrawFate() {
  if (healed_) return Fate::kLives;
  const CoordinatorFaults& faults = world_.plan.coordinator;
  Draw& draw = world_.draw;
  if (draw.Chance(faults.dies_before_write)) return Fate::kDiesBeforeWrite;
  if (draw.Chance(faults.dies_in_write)) return Fate::kDiesInWrite;
  if (draw.Chance(faults.dies_after_write)) return Fate::kDiesAfterWrite;
  if (draw.Chance(faults.dies_telling)) return Fate::kDiesTelling;
  if (draw.Chance(faults.disk_error)) return Fate::kDiskError;
  return Fate::kLives;
}

void Coordinator::Start() {
  if (engine_ != nullptr) return;
  ++process_;
  OpenStore();
  dead_ = false;
  fate_ = DrawFate();
  if (fate_ == Fate::kDiesTelling) fate_ = Fate::kLives;
  if (process_ > 1 && world_.plan.rules_change && world_.draw.Chance(300)) rules_ = DrawRules(world_.draw);
  const SigningKey* retiring = RetiringKey();
  engine_ = std::make_unique<engine::Engine>(
      rules_, world_.plan.engine,
      engine::EngineParts{*disk_, *verifier_, *telling_, world_.clock, random_, metrics_, keys_.back(),
                          [](const Status&) {}, retiring});
  const Status status = engine_->Load();
  if (!status.ok()) {
    if (fate_ == Fate::kLives) {
      world_.judge.findings().Add("recovery", "does not start: " + std::string(FromSv(status.message())));
    }
    return Buried();
  }
  world_.judge.EndTurn();
  world_.judge.Note("start");
  world_.judge.history().CheckStored(
      *stored_, [this](uint64_t leaf) { return world_.judge.model().MayProofBeGone(leaf); });
  PL_CHECK(engine_
               ->Query([this](const market::Market& market) {
                 world_.judge.CompareAll(market);
                 for (const auto& [id, job] : market.jobs()) {
                   if (job.state == market::JobState::kOpen) Offer(job);
                 }
               })
               .ok());
  PlanTurn(Micros{});
}

void Coordinator::Receive(const Request& request, Told told) {
  if (!up()) return;
  engine_->Offer(request.origin, request.command, request.content,
                 [this, request, told = std::move(told)](const StatusOr<engine::Answered>& answer) {
                   if (dead_) return;
                   if (fate_ == Fate::kDiesTelling && told_left_-- == 0) return Die();
                   world_.judge.OnTold(request, answer, engine_->Now());
                   told(answer);
                 });
  PlanTurn(Micros{static_cast<int64_t>(world_.draw.Below(3000))});
}

void Coordinator::Look(const Id& job, std::function<void(const market::Job*)> then) {
  if (!up()) return;
  const auto look = [this, job, then = std::move(then)](const market::Market& market) {
    if (dead_) return;
    world_.judge.EndTurn();
    world_.judge.CompareJob(market, job);
    then(market.FindJob({job}));
  };
  (void)(world_.draw.Chance(500) ? engine_->Read(look) : engine_->Query(look));
  PlanTurn(Micros{});
}

void Coordinator::PlanTurn(Micros delay) {
  const Micros at = world_.events.now() + delay;
  if (turn_planned_ && turn_at_ <= at) return;
  turn_planned_ = true;
  turn_at_ = at;
  world_.events.After(delay, [this, turn = ++turn_] {
    if (turn == turn_) Turn();
  });
}

void Coordinator::Turn() {
  turn_planned_ = false;
  if (!up()) return;
  fate_ = DrawFate();
  told_left_ = fate_ == Fate::kDiesTelling ? world_.draw.Below(4) : 0;
  due_.reset();
  // After this turn: what needs the engine next, and when.
  bool looked = false;
  const auto look = [this, &looked](const market::Market& market) {
    looked = true;
    due_ = market.NextDue();
  };
  const bool queued = engine_->Query(look).ok();
  const bool runs = engine_->RunOnce(std::chrono::microseconds(0));
  world_.judge.EndTurn();
  if (!runs && !dead_ && fate_ != Fate::kDiskError) {
    world_.judge.findings().Add("engine", "stopped although nothing failed");
  }
  if (dead_ || !runs) return Buried();
  fate_ = Fate::kLives;
  // More than a batch waits, and `look` with it: it must not outlive this call.
  while (queued && !looked && up()) {
    if (!engine_->RunOnce(std::chrono::microseconds(0))) return Buried();
    world_.judge.EndTurn();
  }
  if (!queued) return PlanTurn(Micros{});
  if (due_) PlanTurn(std::max(*due_ - engine_->Now(), Millis(1)));
}

void Coordinator::Die() { dead_ = true; }

// The process is gone, with all that it held in memory.
void Coordinator::Buried() {
  ++crashes_;
  dead_ = true;
  engine_.reset();
  world_.judge.EndTurn();
  world_.judge.Note("down");
  turn_planned_ = false;
  ++turn_;
  const Micros down = world_.draw.Time(Millis(1), world_.plan.coordinator.down);
  world_.events.After(down, [this] { Start(); });
}

void Coordinator::PassSecond() {
  if (healed_) return;
  if (up() && world_.draw.Chance(world_.plan.coordinator.dies_idle)) Buried();
  if (up() && world_.draw.Chance(world_.plan.coordinator.silent_holders)) LoseAHolder();
  if (up() && world_.draw.Chance(world_.plan.proof_sweeps)) DeleteProofs();
  if (world_.draw.Chance(world_.plan.coordinator.clock_jumps)) {
    const Micros by = world_.draw.Time(Millis(1), Seconds(3600));
    world_.clock.Jump(world_.draw.Chance(500) ? by : Micros{} - by);
  }
}

// What the part that hears heartbeats says of a miner that it has not heard.
void Coordinator::LoseAHolder() {
  std::vector<Id> holders;
  for (const auto& [id, attempt] : world_.judge.model().attempts()) {
    if (attempt.phase == kAdmitted) holders.push_back(id);
  }
  if (holders.empty()) return;
  engine_->Offer({}, market::HolderSilent{{world_.draw.Pick(holders)}}, {}, [](const auto&) {});
  PlanTurn(Micros{});
}

void Coordinator::DeleteProofs() {
  (void)engine_->Query([this](const market::Market& market) {
    if (dead_) return;
    const engine::ExpiredProofs expired = engine::FindExpiredProofs(market, engine_->Now(), Micros{});
    if (!expired.proofs.empty()) PL_CHECK(disk_->DeleteProofs(expired.kept_from, expired.Leaves()).ok());
  });
  PlanTurn(Micros{});
}

void Coordinator::Heal() {
  healed_ = true;
  fate_ = Fate::kLives;
  Start();
}

void Coordinator::CheckLog() {
  const auto report = engine::CheckByReplay(*disk_);
  if (!report.ok()) {
    world_.judge.findings().Add("replay", std::string(FromSv(report.status().message())));
  } else if (report->leaf_count != world_.judge.history().size()) {
    world_.judge.findings().Add("replay", "the log has another length");
  }
  if (engine_ == nullptr) return;
  PL_CHECK(engine_->Query([this](const market::Market& market) { world_.judge.CompareAll(market); }).ok());
  engine_->RunOnce(std::chrono::microseconds(0));
}

}  // namespace prooflode::sim
