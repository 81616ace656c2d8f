// Artifacts to and from the coordinator: resumed after a lost connection, verified by SHA-256, and a download
// appears under its name only when it is whole and durable.
#pragma once

#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "client/connection.h"
#include "prooflode/v1/artifact_service.grpc.pb.h"

namespace prooflode::client {

struct TransferOptions {
  // Bytes done so far of all; called about once a chunk (1 MiB).
  std::function<void(uint64_t done_bytes, uint64_t size_bytes)> progress;
  uint64_t* received = nullptr;         // bytes that came over the network are added, those thrown away too
  const CancelToken* cancel = nullptr;  // looked at between chunks; ends with kCancelled
};

struct UploadedArtifact {
  Digest digest{};
  uint64_t size_bytes = 0;
};

// Reads the file twice: for its digest, and for what the coordinator lacks. Does nothing more where the
// coordinator has it from us already.
StatusOr<UploadedArtifact> Upload(Connection& connection, const std::string& path, v1::ArtifactKind kind,
                                  const TransferOptions& options = {});

// Downloads into `path` + ".partial", goes on where an earlier download stopped, checks the digest, fsyncs,
// renames. `size_bytes` is what the caller expects (a circuit or job says it): a larger answer is refused
// before it fills the disk. kDataLoss when size or digest of what the coordinator gave differ; the partial
// file is then removed. What was in it before, from anywhere, can only cost a second download. One download a
// path at a time.
Status Download(Connection& connection, const Digest& digest, uint64_t size_bytes, const std::string& path,
                const TransferOptions& options = {});

}  // namespace prooflode::client
