// Miners of a simulated world: most race as they should, others crash, flood, copy, keep silent or lie.
#pragma once

#include <map>
#include <optional>

#include "tests/sim/client.h"

namespace prooflode::sim {

enum class Character { kHonest, kSlow, kCrashing, kFlooding, kCopying, kSilent, kLying };
Character DrawCharacter(Draw& draw, const MinerMix& mix);

// What an offer tells.
struct Offer {
  Id job{};
  std::string inputs;
  Micros deadline{};   // by the world's clock, not the market's
  bool alone = false;  // a lease that nobody else gets meanwhile
};

class Miner final : public Client {
 public:
  Miner(Stage& stage, uint32_t number, Character character);

  Character character() const { return character_; }
  void OnOffer(const Offer& offer);
  void OnEnded(const Id& job, const Id& attempt);
  void OnAdmitted(const Id& job, const Id& attempt, uint64_t fence);
  void OnNotDrawn(const Id& job);
  // A proof of this job became known; copiers use it.
  void OnSeen(const Id& job, const std::string& proof);
  // Somebody's attempt became known; liars use it.
  void OnAttempt(const Id& attempt, uint64_t fence);
  // The next second of a miner's life.
  void PassSecond();
  void Heal();

 private:
  // What a miner keeps on disk is here from the commit on; what is here before is lost in a crash.
  struct Race {
    std::string inputs;
    Micros deadline{};
    Id attempt{};
    uint64_t fence = 0;
    std::string proof;
    Digest nonce{};
    std::string commit_request;  // empty before there is a commit
    bool alone = false;
    bool opened = false;    // the commit shows the proof
    bool answered = false;  // its acceptance
  };

  void Accept(const Id& job);
  void Prove(const Id& job);
  void Proven(const Id& job);
  void Commit(const Id& job, bool again);
  void Reveal(const Id& job);
  void Lie(const Id& job, const Race& race);
  void Flood(const Id& job, const Race& race);
  void Crash();
  void Return();
  market::CommitProof CommitFor(const Id& job, const Race& race) const;
  market::RevealProof RevealFor(const Id& job, const Race& race, const std::string& proof) const;

  Character character_;
  uint32_t capacity_ = 1;
  bool down_ = false;
  std::map<Id, Race> races_;                        // by job
  std::optional<std::pair<Id, uint64_t>> foreign_;  // another's attempt
};

}  // namespace prooflode::sim
