// What readers look up without asking the engine: circuits, which never change, and the order of jobs. Both
// hold durable facts only: they are filled from the engine's answers and effects. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "coordinator/market/types.h"

namespace prooflode::api {

using CircuitPtr = std::shared_ptr<const market::Circuit>;

class CircuitDirectory {
 public:
  void Put(const market::Circuit& circuit);
  // nullptr when there is none.
  CircuitPtr Find(const market::CircuitId& id) const;
  CircuitPtr FindByName(const std::string& name) const;
  // The one that was registered with these files.
  CircuitPtr FindByFiles(const Digest& zkey, const std::optional<Digest>& r1cs) const;
  // By name, those after `after`, at most `count`.
  std::vector<CircuitPtr> List(const std::string& after, size_t count) const;
  size_t CountOf(const market::Identity& owner) const;
  // Whether a registered circuit has this file.
  bool IsCircuitFile(const Digest& digest) const;

 private:
  mutable Mutex mutex_;
  std::map<market::CircuitId, CircuitPtr> by_id_ PL_GUARDED_BY(mutex_);
  std::map<std::string, CircuitPtr> by_name_ PL_GUARDED_BY(mutex_);
  std::map<std::pair<Digest, std::optional<Digest>>, CircuitPtr> by_files_ PL_GUARDED_BY(mutex_);
  std::set<Digest> files_ PL_GUARDED_BY(mutex_);
  std::map<market::Identity, size_t> count_of_ PL_GUARDED_BY(mutex_);
};

class JobDirectory {
 public:
  // A position in the list of jobs: time of posting, then id.
  using Place = std::pair<Micros, market::JobId>;

  void Put(const market::Job& job);
  // Newest first, those before `before` (from the newest when there is none), of one requester when given.
  std::vector<Place> List(const std::optional<Place>& before,
                          const std::optional<market::Identity>& requester, size_t count) const;
  // Of a job that is not over.
  std::optional<market::CircuitId> CircuitOf(const market::JobId& job) const;
  // Whether this requester has posted a job with this witness.
  bool HasPosted(const market::Identity& requester, const Digest& witness) const;

 private:
  mutable Mutex mutex_;
  std::map<market::JobId, market::CircuitId> circuit_of_ PL_GUARDED_BY(mutex_);
  std::set<Place> all_ PL_GUARDED_BY(mutex_);
  std::map<market::Identity, std::set<Place>> by_requester_ PL_GUARDED_BY(mutex_);
  std::set<std::pair<market::Identity, Digest>> witnesses_ PL_GUARDED_BY(mutex_);
};

}  // namespace prooflode::api
