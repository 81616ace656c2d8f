// Fits the artifact store and the checks of files to what the services ask for (coordinator/api/ports.h).
// Thread-safe; what they are made with must outlive them.
#pragma once

#include "base/env.h"
#include "base/metrics.h"
#include "base/thread_pool.h"
#include "coordinator/api/ports.h"
#include "coordinator/artifacts/artifact_store.h"
#include "coordinator/verify/file_checks.h"

namespace prooflode::coordinator {

class ArtifactAdapter final : public api::ArtifactPort {
 public:
  ArtifactAdapter(artifacts::ArtifactStore& store, MetricFactory& metrics);

  StatusOr<api::ArtifactState> Find(const market::Identity& uploader, const Digest& digest) override;
  StatusOr<std::unique_ptr<api::ArtifactUpload>> BeginUpload(const market::Identity& uploader,
                                                             const api::ArtifactHeader& header) override;
  bool HasUploaded(const market::Identity& uploader, const Digest& digest) const override {
    return store_.HasUploaded(uploader, digest);
  }
  StatusOr<std::unique_ptr<api::ArtifactReader>> Open(const Digest& digest) override;

 private:
  artifacts::ArtifactStore& store_;
  Counter& downloaded_bytes_;
};

class FileCheckAdapter final : public api::FileChecker {
 public:
  // `random` must be thread-safe.
  FileCheckAdapter(artifacts::ArtifactStore& store, const verify::FileLimits& limits, Random& random,
                   ThreadPool& pool)
      : store_(store), limits_(limits), random_(random), pool_(pool) {}

  StatusOr<market::Circuit> CheckCircuit(const std::string& name, const Digest& zkey,
                                         const std::optional<Digest>& r1cs,
                                         bool allow_insecure_setup) override;
  StatusOr<api::CheckedWitness> CheckWitness(const market::Circuit& circuit, const Digest& witness) override;

 private:
  artifacts::ArtifactStore& store_;
  const verify::FileLimits limits_;
  Random& random_;
  ThreadPool& pool_;
};

}  // namespace prooflode::coordinator
