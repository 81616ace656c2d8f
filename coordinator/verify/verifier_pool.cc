#include "coordinator/verify/verifier_pool.h"

#include "base/check.h"
#include "base/log.h"
#include "prover/format/json.h"

namespace prooflode::verify {

VerifierPool::VerifierPool(const PoolOptions& options, Clock& clock, MetricFactory& metrics)
    : options_(options),
      clock_(clock),
      duration_(metrics.GetHistogram("prooflode_coordinator_verify_duration_seconds", "Verifying one proof",
                                     {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1},
                                     {{"proof_system", "groth16"}, {"curve", "bn254"}})),
      malformed_(metrics.GetCounter("prooflode_coordinator_malformed_proofs_total",
                                    "Revealed proofs that were refused before any pairing")) {
  PL_CHECK(options.threads >= 1 && options.prepared_keys_max >= 1);
  for (unsigned i = 0; i < options.threads; ++i) threads_.emplace_back([this] { Work(); });
}

VerifierPool::~VerifierPool() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    ready_.NotifyAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

void VerifierPool::Check(Request request, std::function<void(bool valid)> done) {
  const market::LeafIndex order = request.commit_leaf;
  MutexLock lock(mutex_);
  PL_CHECK(queue_.size() < options_.queue_limit);
  queue_.emplace(order, Waiting{std::move(request), std::move(done)});
  ready_.NotifyOne();
}

void VerifierPool::Work() {
  while (true) {
    Waiting next;
    {
      MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) ready_.Wait(mutex_);
      if (stopping_) return;
      next = std::move(queue_.begin()->second);
      queue_.erase(queue_.begin());
    }
    next.done(Verify(next.request));
  }
}

bool VerifierPool::Verify(const Request& request) {
  const Micros start = clock_.MonotonicNow();
  const StatusOr<groth16::Proof> proof = DecodeProof(AsBytes(request.proof));
  if (!proof.ok()) {
    malformed_.Increment();
    return false;
  }
  // The coordinator's own: they were checked when the job was posted.
  const StatusOr<std::vector<Fr>> inputs = DecodePublicInputs(AsBytes(request.public_inputs));
  PL_CHECK(inputs.ok());
  const std::shared_ptr<const groth16::Verifier> verifier = VerifierOf(request);
  PL_CHECK(verifier != nullptr);
  const bool valid = verifier->Verify(*inputs, *proof);
  duration_.Observe(ToSeconds(clock_.MonotonicNow() - start));
  return valid;
}

std::shared_ptr<const groth16::Verifier> VerifierPool::VerifierOf(const Request& request) {
  {
    MutexLock lock(keys_mutex_);
    if (const auto found = prepared_.find(request.verifying_key_digest); found != prepared_.end()) {
      used_.splice(used_.begin(), used_, found->second.used);
      return found->second.verifier;
    }
  }
  // Insecure setups are judged when a circuit is registered, not here.
  const auto key = ParseVerifyingKeyJson(request.verification_key_json, "verification key", true);
  if (!key.ok()) {
    LogError("verify", "stored verification key: %s", std::string(key.status().message()));
    return nullptr;
  }
  auto verifier = std::make_shared<const groth16::Verifier>(*key);
  MutexLock lock(keys_mutex_);
  if (prepared_.contains(request.verifying_key_digest)) return verifier;  // another thread was as quick
  used_.push_front(request.verifying_key_digest);
  prepared_[request.verifying_key_digest] = {verifier, used_.begin()};
  if (prepared_.size() > options_.prepared_keys_max) {
    prepared_.erase(used_.back());
    used_.pop_back();
  }
  return verifier;
}

}  // namespace prooflode::verify
