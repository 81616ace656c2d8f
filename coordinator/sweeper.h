// Deletes what is no longer needed, now and then: artifacts, and proofs whose time is over.
#pragma once

#include <thread>

#include "base/metrics.h"
#include "coordinator/artifacts/artifact_store.h"
#include "coordinator/config.h"
#include "coordinator/engine/engine.h"
#include "coordinator/engine/expired_proofs.h"
#include "coordinator/retention.h"

namespace prooflode::coordinator {

// Works on a thread of its own from construction to destruction, at once and every ten minutes. What it asks
// of the engine may still run when it is gone, so the parts must outlive the engine's last turn.
class Sweeper {
 public:
  struct Parts {
    engine::Engine& engine;
    engine::Store& store;  // proofs are deleted on the engine's thread, a few hundred at a time
    artifacts::ArtifactStore& artifacts;
    MetricFactory& metrics;
  };
  Sweeper(const Config::Retention& retention, const Parts& parts);
  ~Sweeper();
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

 private:
  struct State;
  struct Needs;

  void Work();
  bool Pause();
  void SweepArtifacts(const std::map<Digest, Micros>& keep);
  void SweepProofs(engine::ExpiredProofs expired);
  template <typename Answer, typename Question>
  std::optional<Answer> Ask(Question question);

  const Config::Retention retention_;
  const Parts parts_;
  Counter& deleted_proofs_;
  Micros proofs_swept_{};  // of jobs that ended before
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace prooflode::coordinator
