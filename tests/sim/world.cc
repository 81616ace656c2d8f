#include "tests/sim/world.h"

#include <filesystem>
#include <memory>
#include <vector>

#include "tests/sim/miner.h"
#include "tests/sim/requester.h"

namespace prooflode::sim {
namespace {

// After the faults: the longest deadline, grace and reveal window, a calendar that is slewed, and a second.
constexpr Micros kTimeToEnd = Seconds(75);

class World {
 public:
  World(uint64_t seed, const std::string& database)
      : draw_(seed),
        plan_(DrawPlan(draw_)),
        events_(clock_),
        coordinator_(
            {plan_, draw_, clock_, events_, judge_,
             [this](const market::Job& job, Micros left) { OfferToAll(job, left); },
             [this](const market::Attempt& attempt) { TellEnded(attempt); },
             [this](const market::Attempt& attempt, const std::string& proof) { Leak(attempt, proof); },
             [this](const market::Attempt& attempt) { TellAdmitted(attempt); },
             [this](const market::NotDrawn& not_drawn) { TellNotDrawn(not_drawn); }},
            seed + 0x5eed, database),
        stage_{plan_, draw_, events_, coordinator_, judge_.model()},
        operator_(stage_) {
    for (uint32_t i = 0; i < plan_.requesters; ++i) {
      requesters_.push_back(std::make_unique<Requester>(stage_, i, operator_));
    }
    for (uint32_t i = 0; i < plan_.miners; ++i) {
      miners_.push_back(std::make_unique<Miner>(stage_, i, DrawCharacter(draw_, plan_.mix)));
    }
  }

  RunReport Run(uint64_t seed) {
    coordinator_.Start();
    operator_.Begin();
    for (const auto& requester : requesters_) requester->Begin();
    for (const auto& miner : miners_) {
      if (draw_.Chance(800)) operator_.Deposit(miner->key());  // for collateral
    }
    PassSecond();
    const Micros start = events_.now();
    RunUntil(start + plan_.horizon);
    Heal();
    RunUntil(start + plan_.horizon + kTimeToEnd);
    if (judge_.findings().empty()) judge_.AtEnd();
    if (judge_.findings().empty()) CheckCalls();
    if (judge_.findings().empty()) coordinator_.CheckLog();
    RunReport report{.seed = seed,
                     .steps = events_.happened(),
                     .leaves = judge_.history().size(),
                     .crashes = coordinator_.crashes(),
                     .jobs = judge_.model().jobs().size(),
                     .finding = judge_.findings().first()};
    for (const auto& [id, job] : judge_.model().jobs()) report.won += job.phase == kWon ? 1 : 0;
    judge_.Note(std::to_string(draw_.Below(uint64_t{1} << 62)) + " " + std::to_string(report.steps));
    report.digest = judge_.FinishDigest();
    return report;
  }

 private:
  void RunUntil(Micros end) {
    while (judge_.findings().empty() && !events_.empty() && events_.next() <= end) events_.Step();
  }

  void PassSecond() {
    if (stage_.healed) return;
    coordinator_.PassSecond();
    for (const auto& miner : miners_) {
      miner->PassSecond();
      if (draw_.Chance(plan_.network.partitions)) miner->CutFor(draw_.Time(Millis(100), Seconds(20)));
    }
    for (const auto& requester : requesters_) {
      if (draw_.Chance(plan_.network.partitions)) requester->CutFor(draw_.Time(Millis(100), Seconds(20)));
    }
    events_.After(Seconds(1), [this] { PassSecond(); });
  }

  void Heal() {
    stage_.healed = true;
    coordinator_.Heal();
    for (const auto& miner : miners_) miner->Heal();
  }

  // Offers go out in an order of their own: each over a connection with another delay.
  void OfferToAll(const market::Job& job, Micros left) {
    const bool alone = job.policy.lease && !job.policy.lease->hedged;
    const Offer offer{job.id.bytes, job.public_inputs, events_.now() + left, alone};
    for (const auto& miner : miners_) {
      miner->Carry([&miner, offer] { miner->OnOffer(offer); });
    }
  }

  Miner* MinerOf(const Key& key) {
    const auto number = LoadLe<uint32_t>(key.data() + 1);
    return number < miners_.size() ? miners_[number].get() : nullptr;
  }
  void TellEnded(const market::Attempt& attempt) {
    Miner* miner = MinerOf(attempt.miner);
    if (miner == nullptr) return;
    miner->Carry([miner, job = attempt.job.bytes, id = attempt.id.bytes] { miner->OnEnded(job, id); });
  }
  void TellAdmitted(const market::Attempt& attempt) {
    Miner* miner = MinerOf(attempt.miner);
    if (miner == nullptr) return;
    miner->Carry([miner, attempt] { miner->OnAdmitted(attempt.job.bytes, attempt.id.bytes, attempt.fence); });
  }
  void TellNotDrawn(const market::NotDrawn& not_drawn) {
    Miner* miner = MinerOf(not_drawn.miner);
    if (miner == nullptr) return;
    miner->Carry([miner, job = not_drawn.job.bytes] { miner->OnNotDrawn(job); });
  }

  // Copiers see proofs, and liars attempts, that are not theirs.
  void Leak(const market::Attempt& attempt, const std::string& proof) {
    for (const auto& miner : miners_) {
      if (miner->character() == Character::kCopying) {
        miner->Carry([&miner, job = attempt.job.bytes, proof] { miner->OnSeen(job, proof); });
      } else if (miner->character() == Character::kLying) {
        miner->Carry([&miner, attempt] { miner->OnAttempt(attempt.id.bytes, attempt.fence); });
      }
    }
  }

  void CheckCalls() {
    uint64_t open = operator_.open_calls();
    for (const auto& miner : miners_) open += miner->open_calls();
    for (const auto& requester : requesters_) open += requester->open_calls();
    if (open > 0) judge_.findings().Add("liveness", std::to_string(open) + " calls were never answered");
  }

  Draw draw_;
  Plan plan_;
  WorldClock clock_;
  Events events_;
  Judge judge_;
  Coordinator coordinator_;
  Stage stage_;
  Operator operator_;
  std::vector<std::unique_ptr<Requester>> requesters_;
  std::vector<std::unique_ptr<Miner>> miners_;
};

}  // namespace

RunReport RunSeed(uint64_t seed, const std::string& database) {
  const auto remove = [&] {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      if (!database.empty()) std::filesystem::remove(database + suffix);
    }
  };
  remove();
  RunReport report = World(seed, database).Run(seed);
  remove();
  return report;
}

}  // namespace prooflode::sim
