// Large files by their SHA-256: keys, constraint systems, witnesses. A file appears under its digest only
// whole, verified and durable; what an upload brought before it broke off stays for a later one to go on
// from.
//
// DIR/complete/<hex digest>, DIR/partial/<hex identity>-<hex digest>, DIR/owners (owners.h). Names are made
// of digests alone, files are opened without following links, and nothing of a stranger's choosing becomes a
// path. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/crypto.h"
#include "base/env.h"
#include "base/files.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/status.h"
#include "coordinator/artifacts/owners.h"

namespace prooflode::artifacts {

struct Limits {
  uint64_t artifact_bytes_max = uint64_t{8} << 30;
  uint64_t store_bytes_max = uint64_t{64} << 30;  // complete and partial together
  uint64_t free_bytes_min = uint64_t{1} << 30;    // of the file system: below it nothing is taken
  uint32_t uploads_per_identity_max = 16;         // partial files, whether being written or not
  uint64_t unfinished_bytes_per_identity_max = uint64_t{16} << 30;  // of these, as announced
};

struct Found {
  bool complete = false;
  uint64_t size_bytes = 0;     // of a complete one
  uint64_t partial_bytes = 0;  // what an upload by this identity may go on from
};

class ArtifactStore;

// An upload under way; one thread at a time. Destroyed without Finish it leaves what came.
class Upload {
 public:
  ~Upload();
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;
  // kInvalidArgument past the announced size, kResourceExhausted when the disk is full.
  Status Append(ByteSpan chunk);
  // Once. Durable under its digest, and the uploader known to have it, when OK; kInvalidArgument when bytes
  // are missing (they may come later); kDataLoss when the digest differs: the partial file is gone then.
  Status Finish();

 private:
  friend class ArtifactStore;
  Upload() = default;

  ArtifactStore* store_ = nullptr;
  std::string partial_name_;
  PublicKey uploader_{};
  Digest digest_{};
  uint64_t size_ = 0;
  uint64_t written_ = 0;
  UniqueFd fd_;
  Sha256Stream hash_;
  bool finished_ = false;
};

// A complete artifact, open for reading; stays readable when it is deleted meanwhile.
struct OpenArtifact {
  UniqueFd fd;
  uint64_t size_bytes = 0;
};

class ArtifactStore {
 public:
  // Creates the folders; forgets what is neither a complete nor a partial file of ours.
  static StatusOr<std::unique_ptr<ArtifactStore>> Open(const std::string& directory, const Limits& limits,
                                                       Clock& clock, MetricFactory& metrics);

  Found Find(const PublicKey& uploader, const Digest& digest) const;
  // Whether this identity has uploaded all of it, since it was last deleted here.
  bool HasUploaded(const PublicKey& uploader, const Digest& digest) const {
    return owners_->Has(uploader, digest);
  }
  // kFailedPrecondition unless `offset` is Find's partial_bytes; kInvalidArgument for a size of 0 or over the
  // limit; kResourceExhausted over a quota, below the free-space mark, or while this identity is uploading
  // the same digest. A complete artifact may be uploaded again. Cost: hashes what is there already.
  StatusOr<std::unique_ptr<Upload>> BeginUpload(const PublicKey& uploader, const Digest& digest,
                                                uint64_t size_bytes, uint64_t offset);
  // kNotFound unless complete. Counts as use: Sweep spares it for `unreferenced_kept` from now.
  StatusOr<OpenArtifact> OpenForUse(const Digest& digest);
  // Of a complete artifact, for readers that want a name.
  std::string PathOf(const Digest& digest) const { return PathIn(directory_, digest); }
  // The same without a store, for those that only look.
  static std::string PathIn(const std::string& directory, const Digest& digest);
  uint64_t used_bytes() const;

  // Deletes complete artifacts that were not used for `unreferenced_kept` and whose time in `keep_until`, if
  // they are in it, has passed; and partial files as old. So what was uploaded again for a new job is there
  // until that is posted. Returns how many files went.
  size_t Sweep(const std::map<Digest, Micros>& keep_until, Micros unreferenced_kept);

 private:
  friend class Upload;
  struct Complete {
    uint64_t size = 0;
    Micros used_at{};
  };
  struct Partial {
    uint64_t written = 0;
    uint64_t reserved = 0;  // counts against the quota
    bool active = false;
    Micros used_at{};
  };

  ArtifactStore(std::string directory, std::unique_ptr<Owners> owners, const Limits& limits, Clock& clock,
                MetricFactory& metrics);
  Status Scan();
  Status Admit(const PublicKey& uploader, const std::string& name, uint64_t size_bytes, uint64_t offset)
      PL_REQUIRES(mutex_);
  StatusOr<std::unique_ptr<Upload>> OpenPartial(const PublicKey& uploader, const Digest& digest,
                                                uint64_t size_bytes, uint64_t offset);
  void LeavePartial(const std::string& name, uint64_t written);
  void DropPartial(const std::string& name);
  void Completed(const std::string& name, const Digest& digest, uint64_t size);
  void Account() PL_REQUIRES(mutex_);
  std::string PartialPath(const std::string& name) const { return directory_ + "/partial/" + name; }

  const std::string directory_;
  const std::unique_ptr<Owners> owners_;
  const Limits limits_;
  Clock& clock_;
  Gauge& stored_bytes_;
  Counter& uploaded_bytes_;

  mutable Mutex mutex_;
  std::map<Digest, Complete> complete_ PL_GUARDED_BY(mutex_);
  std::map<std::string, Partial> partial_ PL_GUARDED_BY(mutex_);  // by file name
  uint64_t used_bytes_ PL_GUARDED_BY(mutex_) = 0;
};

}  // namespace prooflode::artifacts
