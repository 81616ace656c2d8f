#include "coordinator/adapters.h"

#include <utility>

namespace prooflode::coordinator {
namespace {

class UploadAdapter final : public api::ArtifactUpload {
 public:
  explicit UploadAdapter(std::unique_ptr<artifacts::Upload> upload) : upload_(std::move(upload)) {}
  Status Append(ByteSpan chunk) override { return upload_->Append(chunk); }
  Status Finish() override { return upload_->Finish(); }

 private:
  std::unique_ptr<artifacts::Upload> upload_;
};

class ReaderAdapter final : public api::ArtifactReader {
 public:
  ReaderAdapter(artifacts::OpenArtifact artifact, Counter& bytes)
      : artifact_(std::move(artifact)), bytes_(bytes) {}
  uint64_t size_bytes() const override { return artifact_.size_bytes; }
  Status Read(uint64_t offset, std::span<uint8_t> out) override {
    bytes_.Increment(static_cast<double>(out.size()));
    return ReadExactly(artifact_.fd.get(), offset, out, "artifact");
  }

 private:
  artifacts::OpenArtifact artifact_;
  Counter& bytes_;
};

verify::OpenFile Named(const artifacts::OpenArtifact& file, const Digest& digest, std::string name) {
  return {file.fd.get(), digest, file.size_bytes, std::move(name)};
}

// The r1cs, if there is one.
std::optional<verify::OpenFile> SystemOf(const artifacts::OpenArtifact& file,
                                         const std::optional<Digest>& digest) {
  if (!digest) return std::nullopt;
  return Named(file, *digest, "r1cs");
}

}  // namespace

ArtifactAdapter::ArtifactAdapter(artifacts::ArtifactStore& store, MetricFactory& metrics)
    : store_(store),
      downloaded_bytes_(metrics.GetCounter("prooflode_coordinator_artifact_bytes_total",
                                           "Bytes of artifacts transferred", {{"direction", "download"}})) {}

StatusOr<api::ArtifactState> ArtifactAdapter::Find(const market::Identity& uploader, const Digest& digest) {
  const artifacts::Found found = store_.Find(uploader, digest);
  return api::ArtifactState{found.complete, found.size_bytes, found.partial_bytes};
}

StatusOr<std::unique_ptr<api::ArtifactUpload>> ArtifactAdapter::BeginUpload(
    const market::Identity& uploader, const api::ArtifactHeader& header) {
  PL_ASSIGN_OR_RETURN(std::unique_ptr<artifacts::Upload> upload,
                      store_.BeginUpload(uploader, header.digest, header.size_bytes, header.offset));
  return std::make_unique<UploadAdapter>(std::move(upload));
}

StatusOr<std::unique_ptr<api::ArtifactReader>> ArtifactAdapter::Open(const Digest& digest) {
  PL_ASSIGN_OR_RETURN(artifacts::OpenArtifact artifact, store_.OpenForUse(digest));
  return std::make_unique<ReaderAdapter>(std::move(artifact), downloaded_bytes_);
}

StatusOr<market::Circuit> FileCheckAdapter::CheckCircuit(const std::string& name, const Digest& zkey,
                                                         const std::optional<Digest>& r1cs,
                                                         bool allow_insecure_setup) {
  PL_ASSIGN_OR_RETURN(const artifacts::OpenArtifact file, store_.OpenForUse(zkey));
  artifacts::OpenArtifact system;
  if (r1cs) {
    PL_ASSIGN_OR_RETURN(system, store_.OpenForUse(*r1cs));
  }
  PL_ASSIGN_OR_RETURN(market::Circuit circuit,
                      verify::CheckCircuit(Named(file, zkey, "zkey"), SystemOf(system, r1cs),
                                           allow_insecure_setup, limits_, random_, pool_));
  circuit.name = name;
  return circuit;
}

StatusOr<api::CheckedWitness> FileCheckAdapter::CheckWitness(const market::Circuit& circuit,
                                                             const Digest& witness) {
  PL_ASSIGN_OR_RETURN(const artifacts::OpenArtifact file, store_.OpenForUse(witness));
  artifacts::OpenArtifact system;
  if (circuit.r1cs_digest) {
    PL_ASSIGN_OR_RETURN(system, store_.OpenForUse(*circuit.r1cs_digest));
  }
  PL_ASSIGN_OR_RETURN(
      verify::WitnessFacts facts,
      verify::CheckWitness(circuit, Named(file, witness, "witness"), SystemOf(system, circuit.r1cs_digest)));
  return api::CheckedWitness{file.size_bytes, std::move(facts.public_inputs), facts.statement};
}

}  // namespace prooflode::coordinator
