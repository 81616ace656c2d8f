// Keys and witnesses on this machine, by SHA-256: a private folder (0700) with a quota, from which the
// longest unused files are deleted to make room. Nothing comes out that does not have its digest: files are
// hashed as they come in, and those of an earlier run at their first use. Workers are only ever given files
// of this folder, as open descriptors, which stay good when a file is deleted meanwhile.
//
// A download that was cut keeps its bytes and is resumed. Thread-safe; hashing and writing happen outside the
// lock. docs/miner.md says what lies where.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/files.h"
#include "base/mutex.h"
#include "base/status.h"

namespace prooflode::miner {

class ArtifactCache {
 public:
  // A file that is being fetched. Destroyed before Finish() it leaves its bytes for the next attempt.
  class Download {
   public:
    ~Download();
    Download(const Download&) = delete;
    Download& operator=(const Download&) = delete;

    // How many bytes are here already: where the transfer goes on.
    uint64_t offset() const { return offset_; }
    // kInvalidArgument past the announced size.
    Status Append(ByteSpan chunk);
    // kDataLoss, and the bytes thrown away, when size or digest differ.
    StatusOr<UniqueFd> Finish();

   private:
    friend class ArtifactCache;
    Download(ArtifactCache& cache, const Digest& digest, uint64_t size);
    Status Resume();

    ArtifactCache& cache_;
    const Digest digest_;
    const uint64_t size_;
    uint64_t offset_ = 0;
    Sha256Stream hash_;
    UniqueFd fd_;
  };

  static StatusOr<std::unique_ptr<ArtifactCache>> Open(const std::string& folder, uint64_t quota_bytes);

  // The file, open for reading; nullopt when it is not here (or was damaged and had to be deleted).
  StatusOr<std::optional<UniqueFd>> Find(const Digest& digest);

  // Makes room and begins or resumes. kResourceExhausted when `size` exceeds the quota, kAborted while
  // another download of the same file is under way.
  StatusOr<std::unique_ptr<Download>> Begin(const Digest& digest, uint64_t size);

  // Deletes a file and what was fetched of it; nothing happens when there is none.
  void Remove(const Digest& digest);

  // Of complete and partial files.
  uint64_t bytes() const;
  uint64_t quota_bytes() const { return quota_bytes_; }

 private:
  struct Entry {
    uint64_t bytes = 0;  // for a download: reserved, the whole size
    uint64_t used = 0;   // order of use
    bool complete = false;
    bool verified = false;  // by this process
    bool downloading = false;
  };

  ArtifactCache(UniqueFd folder, std::string path, uint64_t quota_bytes)
      : folder_(std::move(folder)), path_(std::move(path)), quota_bytes_(quota_bytes) {}
  Status Scan();
  StatusOr<UniqueFd> OpenFile(const std::string& name) const;
  void Erase(const Digest& digest) PL_REQUIRES(mutex_);
  Status MakeRoom() PL_REQUIRES(mutex_);
  void DownloadEnded(const Digest& digest, bool complete, uint64_t bytes);

  const UniqueFd folder_;
  const std::string path_;
  const uint64_t quota_bytes_;
  mutable Mutex mutex_;
  std::map<Digest, Entry> entries_ PL_GUARDED_BY(mutex_);
  uint64_t uses_ PL_GUARDED_BY(mutex_) = 0;
};

}  // namespace prooflode::miner
