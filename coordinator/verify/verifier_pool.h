// Verifies revealed proofs on threads of its own: cheap checks (decoding, curve, subgroup) before pairings,
// lowest commit leaf first among those at hand, prepared keys kept for the circuits used last. Thread-safe.
//
// The engine bounds how many requests are out; what exceeds `queue_limit` here all the same is a broken
// invariant.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "base/env.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "coordinator/engine/ports.h"
#include "coordinator/verify/verifier_version.h"
#include "prover/groth16/verify.h"

namespace prooflode::verify {

struct PoolOptions {
  unsigned threads = 1;
  size_t queue_limit = 1024;
  size_t prepared_keys_max = 64;
};

class VerifierPool final : public engine::ProofChecker {
 public:
  VerifierPool(const PoolOptions& options, Clock& clock, MetricFactory& metrics);
  // Ends after the proofs under way; what waits is dropped without a verdict (a restart asks again).
  ~VerifierPool() override;

  uint32_t version() const override { return kVerifierVersion; }
  void Check(Request request, std::function<void(bool valid)> done) override;

 private:
  struct Waiting {
    Request request;
    std::function<void(bool)> done;
  };
  struct Prepared {
    std::shared_ptr<const groth16::Verifier> verifier;
    std::list<Digest>::iterator used;  // in used_
  };

  void Work();
  bool Verify(const Request& request);
  // The request's key, prepared; nullptr when it does not parse, which no registered one does.
  std::shared_ptr<const groth16::Verifier> VerifierOf(const Request& request);

  const PoolOptions options_;
  Clock& clock_;
  Histogram& duration_;
  Counter& malformed_;

  Mutex mutex_;
  CondVar ready_;
  std::multimap<market::LeafIndex, Waiting> queue_ PL_GUARDED_BY(mutex_);
  bool stopping_ PL_GUARDED_BY(mutex_) = false;

  Mutex keys_mutex_;
  // By the digest of the verifying key.
  std::map<Digest, Prepared> prepared_ PL_GUARDED_BY(keys_mutex_);
  std::list<Digest> used_ PL_GUARDED_BY(keys_mutex_);  // latest first

  std::vector<std::thread> threads_;
};

}  // namespace prooflode::verify
