// Holds what clients are told, and what they can read, against what is durable: the checkers' side of a
// simulated world. Time: each call costs what it looks at, a full comparison the whole state.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "coordinator/engine/engine.h"
#include "tests/sim/findings.h"
#include "tests/sim/history.h"
#include "tests/sim/model.h"

namespace prooflode::sim {

// What a client asks; a retry is the same request once more.
struct Request {
  market::Origin origin;
  market::Command command;
  Digest content{};
};

class Judge {
 public:
  Judge() : history_(findings_), model_(findings_) {}

  Findings& findings() { return findings_; }
  const Model& model() const { return model_; }
  const History& history() const { return history_; }

  // In the order of a coordinator's turn: leaves became durable; callers are told, in the order they asked;
  // the world is told; the rest of the turn passes.
  void OnDurable(const std::vector<transparency::Leaf>& leaves);
  void OnTold(const Request& request, const StatusOr<engine::Answered>& answer, Micros now);
  void OnPublished(const market::Market& market, const std::vector<market::Effect>& effects);
  void EndTurn();

  // A read, or a restart: everything there is must be what the log says.
  void CompareAll(const market::Market& market);
  void CompareJob(const market::Market& market, const Id& id);
  // The simulated verifier was given this proof.
  void OnCheck(const engine::ProofChecker::Request& request);
  // Faults ended long ago.
  void AtEnd();

  // What is said in this run, in order, for its digest.
  void Note(const std::string& text);
  Digest FinishDigest();

 private:
  using RequestKey = std::pair<Key, std::string>;
  struct Told {
    Digest content{};
    std::string answer;
  };

  void FoldNext();
  // Lets the coordinator's own leaves pass until `holds`; false when it never does.
  bool EventuallyHolds(const std::function<bool()>& holds);
  void OnRefused(const Request& request, const market::Refusal& refusal, Micros now);
  bool IsTrue(const Request& request, const engine::Answered& answered) const;
  void CompareAttempt(const market::Market& market, const Id& id);

  Findings findings_;
  History history_;
  Model model_;
  uint64_t folded_ = 0;
  std::map<RequestKey, uint64_t> leaf_of_;
  std::map<RequestKey, Told> told_;
  Sha256Stream digest_;
};

// refusals.cc: whether the rules allow to refuse this now.
bool MayRefuse(const Model& model, const Request& request, Micros now);
// One line that says all of an answer that a repeat has to say again.
std::string InWords(const market::Answer& answer);

}  // namespace prooflode::sim
