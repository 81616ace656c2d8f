// The coordinator under test: the real engine and market over a simulated disk and verifier, in a process
// that dies at the worst moments and is started again. What a dead process would have said is never said.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "base/metrics.h"
#include "coordinator/engine/memory_store.h"
#include "coordinator/store/sqlite_store.h"
#include "tests/sim/events.h"
#include "tests/sim/judge.h"
#include "tests/sim/plan.h"

namespace prooflode::sim {

using Told = std::function<void(const StatusOr<engine::Answered>&)>;

class Coordinator {
 public:
  // All must outlive it. `offer`: tells the miners of a job that is open, and for how long; `ended`: a miner
  // of its attempt; `revealed`: whoever listens where it should not, of a proof.
  struct World {
    const Plan& plan;
    Draw& draw;
    WorldClock& clock;
    Events& events;
    Judge& judge;
    std::function<void(const market::Job&, Micros left)> offer;
    std::function<void(const market::Attempt&)> ended;
    std::function<void(const market::Attempt&, const std::string& proof)> revealed;
    std::function<void(const market::Attempt&)> admitted;  // by a draw
    std::function<void(const market::NotDrawn&)> not_drawn;
  };

  // `database`: a path for a SQLite database, which there is none of yet; empty: what is durable is kept in
  // memory.
  Coordinator(World world, uint64_t seed, std::string database);
  ~Coordinator();

  void Start();
  bool up() const { return engine_ != nullptr && !dead_; }
  // A request arrives. `told` is called when the process answers; a process that is down says nothing.
  void Receive(const Request& request, Told told);
  // A read of a job, or of everything, compared with the log. `then` gets the job, if there is one.
  void Look(const Id& job, std::function<void(const market::Job*)> then);
  // The next second of a calendar that may jump, and of a process that may die.
  void PassSecond();
  // No more faults; comes up for good.
  void Heal();
  // What an operator's check says at the end.
  void CheckLog();
  uint64_t crashes() const { return crashes_; }

 private:
  // What will happen to the process in this turn.
  enum class Fate { kLives, kDiesBeforeWrite, kDiesInWrite, kDiesAfterWrite, kDiesTelling, kDiskError };

  class Disk;
  class Verifier;
  class Telling;

  void OpenStore();
  const SigningKey* RetiringKey();
  Fate DrawFate();
  void LoseAHolder();
  void DeleteProofs();
  void Offer(const market::Job& job);
  void PlanTurn(Micros delay);
  void Turn();
  void Die();
  void Buried();

  World world_;
  SimRandom random_;
  InertMetrics metrics_;
  const std::string database_;
  std::deque<SigningKey> keys_;  // the last one signs, or is about to
  std::unique_ptr<engine::Store> stored_;
  std::unique_ptr<Disk> disk_;
  std::unique_ptr<Verifier> verifier_;
  std::unique_ptr<Telling> telling_;
  std::unique_ptr<engine::Engine> engine_;
  market::Rules rules_;
  Fate fate_ = Fate::kLives;
  uint64_t told_left_ = 0;  // how many more are told before the process dies
  uint64_t process_ = 0;    // counts the processes there have been
  bool dead_ = false;       // this process does nothing any more that others see
  bool healed_ = false;
  bool turn_planned_ = false;
  Micros turn_at_{};
  uint64_t turn_ = 0;  // the planned turn; others are outdated
  std::optional<Micros> due_;
  uint64_t crashes_ = 0;
};

}  // namespace prooflode::sim
