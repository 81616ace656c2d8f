// What the services need beside the engine: artifacts and the checks of strangers' files. Implemented
// elsewhere and handed in by main(). Thread-safe; calls may block on disk and are never made on gRPC threads.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/status.h"
#include "coordinator/market/types.h"

namespace prooflode::api {

// Values of prooflode.v1.ArtifactKind.
enum class ArtifactKind : uint8_t { kZkey = 1, kR1cs = 2, kWitness = 3 };

struct ArtifactState {
  bool complete = false;
  uint64_t size_bytes = 0;     // of a complete one
  uint64_t partial_bytes = 0;  // what an upload by this identity may go on from, complete or not
};

// An upload under way. Destroyed without Finish it leaves what came for a later upload to go on from.
class ArtifactUpload {
 public:
  virtual ~ArtifactUpload() = default;
  // The next bytes in order. kInvalidArgument past the announced size; kResourceExhausted when the disk or a
  // quota is full.
  virtual Status Append(ByteSpan chunk) = 0;
  // Once, at the end: durable under its digest, and HasUploaded, when OK. kInvalidArgument when bytes are
  // missing (they may come later), kDataLoss when the digest differs; the partial file is thrown away then.
  virtual Status Finish() = 0;
};

class ArtifactReader {
 public:
  virtual ~ArtifactReader() = default;
  virtual uint64_t size_bytes() const = 0;
  // Fills `out` from `offset`; offset + out.size() <= size_bytes().
  virtual Status Read(uint64_t offset, std::span<uint8_t> out) = 0;
};

struct ArtifactHeader {
  Digest digest{};
  uint64_t size_bytes = 0;
  ArtifactKind kind = ArtifactKind::kZkey;
  uint64_t offset = 0;
};

class ArtifactPort {
 public:
  virtual ~ArtifactPort() = default;
  virtual StatusOr<ArtifactState> Find(const market::Identity& uploader, const Digest& digest) = 0;
  // kFailedPrecondition unless `header.offset` is Find's partial_bytes (a complete one is taken again, which
  // proves that the uploader has it), kResourceExhausted over a quota or while another upload of
  // the same digest by the same identity is under way.
  virtual StatusOr<std::unique_ptr<ArtifactUpload>> BeginUpload(const market::Identity& uploader,
                                                                const ArtifactHeader& header) = 0;
  // Whether this identity has uploaded all of it. Knowing a digest is not enough to use a witness in a job:
  // digests of others' witnesses are public.
  virtual bool HasUploaded(const market::Identity& uploader, const Digest& digest) const = 0;
  // kNotFound unless complete.
  virtual StatusOr<std::unique_ptr<ArtifactReader>> Open(const Digest& digest) = 0;
};

struct CheckedWitness {
  uint64_t witness_bytes = 0;
  std::string public_inputs;  // 32 bytes big-endian each
  Digest statement{};
};

class FileChecker {
 public:
  virtual ~FileChecker() = default;
  // Reads and checks everything; seconds to minutes. The circuit as it will be registered, but for owner and
  // registered_at. kNotFound: artifact missing; kFailedPrecondition: insecure setup; kInvalidArgument: what
  // is wrong with the file.
  virtual StatusOr<market::Circuit> CheckCircuit(const std::string& name, const Digest& zkey,
                                                 const std::optional<Digest>& r1cs,
                                                 bool allow_insecure_setup) = 0;
  // The same for a witness of this circuit; checks the constraints where the r1cs is registered.
  virtual StatusOr<CheckedWitness> CheckWitness(const market::Circuit& circuit, const Digest& witness) = 0;
};

}  // namespace prooflode::api
