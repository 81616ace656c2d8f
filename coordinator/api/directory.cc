#include "coordinator/api/directory.h"

namespace prooflode::api {

void CircuitDirectory::Put(const market::Circuit& circuit) {
  auto copy = std::make_shared<const market::Circuit>(circuit);
  MutexLock lock(mutex_);
  if (!by_id_.contains(circuit.id)) ++count_of_[circuit.owner];
  by_name_[circuit.name] = copy;
  by_files_[{circuit.zkey_digest, circuit.r1cs_digest}] = copy;
  files_.insert(circuit.zkey_digest);
  if (circuit.r1cs_digest) files_.insert(*circuit.r1cs_digest);
  by_id_[circuit.id] = std::move(copy);
}

CircuitPtr CircuitDirectory::Find(const market::CircuitId& id) const {
  MutexLock lock(mutex_);
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : it->second;
}

CircuitPtr CircuitDirectory::FindByName(const std::string& name) const {
  MutexLock lock(mutex_);
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

CircuitPtr CircuitDirectory::FindByFiles(const Digest& zkey, const std::optional<Digest>& r1cs) const {
  MutexLock lock(mutex_);
  const auto it = by_files_.find({zkey, r1cs});
  return it == by_files_.end() ? nullptr : it->second;
}

size_t CircuitDirectory::CountOf(const market::Identity& owner) const {
  MutexLock lock(mutex_);
  const auto it = count_of_.find(owner);
  return it == count_of_.end() ? 0 : it->second;
}

std::vector<CircuitPtr> CircuitDirectory::List(const std::string& after, size_t count) const {
  std::vector<CircuitPtr> found;
  MutexLock lock(mutex_);
  for (auto it = by_name_.upper_bound(after); it != by_name_.end() && found.size() < count; ++it) {
    found.push_back(it->second);
  }
  return found;
}

bool CircuitDirectory::IsCircuitFile(const Digest& digest) const {
  MutexLock lock(mutex_);
  return files_.contains(digest);
}

void JobDirectory::Put(const market::Job& job) {
  const Place place{job.posted_at, job.id};
  MutexLock lock(mutex_);
  if (market::IsFinal(job.state)) {
    circuit_of_.erase(job.id);
  } else {
    circuit_of_[job.id] = job.circuit;
  }
  if (!all_.insert(place).second) return;
  by_requester_[job.requester].insert(place);
  witnesses_.insert({job.requester, job.witness_digest});
}

std::vector<JobDirectory::Place> JobDirectory::List(const std::optional<Place>& before,
                                                    const std::optional<market::Identity>& requester,
                                                    size_t count) const {
  std::vector<Place> found;
  MutexLock lock(mutex_);
  const std::set<Place>* places = &all_;
  if (requester) {
    const auto it = by_requester_.find(*requester);
    if (it == by_requester_.end()) return found;
    places = &it->second;
  }
  auto it = before ? places->lower_bound(*before) : places->end();
  while (it != places->begin() && found.size() < count) found.push_back(*--it);
  return found;
}

std::optional<market::CircuitId> JobDirectory::CircuitOf(const market::JobId& job) const {
  MutexLock lock(mutex_);
  const auto it = circuit_of_.find(job);
  return it == circuit_of_.end() ? std::nullopt : std::optional(it->second);
}

bool JobDirectory::HasPosted(const market::Identity& requester, const Digest& witness) const {
  MutexLock lock(mutex_);
  return witnesses_.contains({requester, witness});
}

}  // namespace prooflode::api
