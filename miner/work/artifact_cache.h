// Keys and witnesses on this machine, by SHA-256: a private folder (0700) with a quota, from which the
// longest unused files are deleted to make room. Nothing comes out that does not have its digest: downloads
// are checked as they end, files of an earlier run at their first use. Workers are only ever given files of
// this folder, as open descriptors, which stay good when a file is deleted meanwhile.
//
// A transfer that was cut leaves `<digest>.partial`, counts for the quota and is resumed. Thread-safe;
// hashing happens outside the lock. docs/miner.md says what lies where.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/files.h"
#include "base/mutex.h"
#include "base/status.h"

namespace prooflode::miner {

class ArtifactCache {
 public:
  // Room for one file that is being fetched. Destroyed before Finish() it leaves what came for the next time.
  class Reservation {
   public:
    ~Reservation();
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;

    // Where a verified download has to put the file, durably; on the way it may write path() + ".partial".
    std::string path() const;
    // Once it is there: opens it. kDataLoss when it has another size.
    StatusOr<UniqueFd> Finish();

   private:
    friend class ArtifactCache;
    Reservation(ArtifactCache& cache, const Digest& digest, uint64_t size)
        : cache_(cache), digest_(digest), size_(size) {}

    ArtifactCache& cache_;
    const Digest digest_;
    const uint64_t size_;
    bool finished_ = false;
  };

  static StatusOr<std::unique_ptr<ArtifactCache>> Open(const std::string& folder, uint64_t quota_bytes);

  // The file, open for reading; nullopt when it is not here (or was damaged and had to be deleted).
  StatusOr<std::optional<UniqueFd>> Find(const Digest& digest);

  // Makes room for a file. kResourceExhausted when `size` exceeds the quota, kAborted while the same file is
  // being fetched already.
  StatusOr<std::unique_ptr<Reservation>> Reserve(const Digest& digest, uint64_t size);

  // Deletes a file and what was fetched of it; nothing happens when there is none.
  void Remove(const Digest& digest);

  // Of complete and partial files.
  uint64_t bytes() const;
  uint64_t quota_bytes() const { return quota_bytes_; }

 private:
  struct Entry {
    uint64_t bytes = 0;  // while fetching: the whole size
    uint64_t used = 0;   // order of use
    bool complete = false;
    bool verified = false;  // by this process
    bool fetching = false;
  };

  ArtifactCache(UniqueFd folder, std::string path, uint64_t quota_bytes)
      : folder_(std::move(folder)), path_(std::move(path)), quota_bytes_(quota_bytes) {}
  Status Scan();
  StatusOr<UniqueFd> OpenFile(const std::string& name) const;
  void Erase(const Digest& digest) PL_REQUIRES(mutex_);
  Status MakeRoom() PL_REQUIRES(mutex_);
  void FetchEnded(const Digest& digest);
  void Fetched(const Digest& digest, uint64_t bytes);

  const UniqueFd folder_;
  const std::string path_;
  const uint64_t quota_bytes_;
  mutable Mutex mutex_;
  std::map<Digest, Entry> entries_ PL_GUARDED_BY(mutex_);
  uint64_t uses_ PL_GUARDED_BY(mutex_) = 0;
};

}  // namespace prooflode::miner
