// Keys and witnesses on this machine, by SHA-256: a private folder (0700) with a quota, from which the
// longest unused files are deleted to make room. Nothing comes out that does not have its digest: downloads
// are checked as they end, files of an earlier run at their first use. Workers are only ever given files of
// this folder, as open descriptors, which stay good when a file is deleted meanwhile.
//
// Witnesses are strangers' secrets: they are named `<digest>.witness`, are of use to this process alone, and
// are deleted when the cache opens (a killed miner left them) and when it closes or its process ends at once.
// A transfer of a key that was cut leaves `<digest>.partial`, counts for the quota and is resumed.
//
// Room is what the quota and the disk allow, less what is to stay free of it; it is measured before every
// fetch and by Measure(). Thread-safe; hashing happens outside the lock. docs/miner.md says what lies where.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/files.h"
#include "base/mutex.h"
#include "base/status.h"

namespace prooflode::miner {

enum class ArtifactKind { kKey, kWitness };

struct CacheOptions {
  uint64_t quota_bytes = 0;
  uint64_t free_bytes_min = 0;  // what is left to others of the disk
  // How much of the disk that holds the folder is free; the system is asked unless this is given.
  std::function<StatusOr<uint64_t>()> disk_free;
};

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
    Reservation(ArtifactCache& cache, const Digest& digest, ArtifactKind kind, uint64_t size)
        : cache_(cache), digest_(digest), kind_(kind), size_(size) {}

    ArtifactCache& cache_;
    const Digest digest_;
    const ArtifactKind kind_;
    const uint64_t size_;
    bool finished_ = false;
  };

  // kInvalidArgument when no file can be made in the folder.
  static StatusOr<std::unique_ptr<ArtifactCache>> Open(const std::string& folder, CacheOptions options);
  // No reservation may be left.
  ~ArtifactCache();

  // The file, open for reading; nullopt when it is not here (or was damaged and had to be deleted).
  StatusOr<std::optional<UniqueFd>> Find(const Digest& digest);

  // Whether it was complete when last looked at. Cost: no look at the disk.
  bool Has(const Digest& digest) const;

  // Makes room for a file. kResourceExhausted when quota or disk have less than `size`, kAborted while the
  // same file is being fetched already.
  StatusOr<std::unique_ptr<Reservation>> Reserve(const Digest& digest, ArtifactKind kind, uint64_t size);

  // Deletes a file and what was fetched of it; nothing happens when there is none.
  void Remove(const Digest& digest);

  struct Space {
    uint64_t disk_free = 0;
    uint64_t room = 0;     // what the cache may hold now
    uint64_t deleted = 0;  // bytes of files that had to go
  };
  // Looks at the disk anew and deletes what no longer fits. An error is that of asking the disk.
  StatusOr<Space> Measure();

  // Deletes every witness from the folder, for a process that is about to end without closing the cache.
  // Takes no lock, so nothing that hangs can hold it up.
  Status DeleteWitnesses() const;

  // Of complete and partial files.
  uint64_t bytes() const;
  const CacheOptions& options() const { return options_; }

 private:
  struct Entry {
    uint64_t bytes = 0;  // while fetching: the whole size
    uint64_t used = 0;   // order of use
    ArtifactKind kind = ArtifactKind::kKey;
    bool complete = false;
    bool verified = false;  // by this process
    bool fetching = false;
  };

  ArtifactCache(UniqueFd folder, std::string path, CacheOptions options)
      : folder_(std::move(folder)), path_(std::move(path)), options_(std::move(options)) {}
  Status Scan();
  StatusOr<UniqueFd> OpenFile(const std::string& name) const;
  void Erase(const Digest& digest) PL_REQUIRES(mutex_);
  void DeleteFiles(const Digest& digest, ArtifactKind kind);
  std::optional<uint64_t> PartialBytes(const Digest& digest, ArtifactKind kind) const;
  StatusOr<Space> MeasureRoom() const PL_REQUIRES(mutex_);
  Status TooFull(const Space& space) const PL_REQUIRES(mutex_);
  void FetchOver(const Digest& digest) PL_REQUIRES(mutex_);
  // Deletes the longest unused until no more than `room` is taken or wanted; how many bytes went.
  uint64_t Shrink(uint64_t room) PL_REQUIRES(mutex_);
  uint64_t Total() const PL_REQUIRES(mutex_);
  void FetchEnded(const Digest& digest);
  void Fetched(const Digest& digest, ArtifactKind kind, uint64_t bytes);

  const UniqueFd folder_;
  const std::string path_;
  const CacheOptions options_;
  mutable Mutex mutex_;
  std::map<Digest, Entry> entries_ PL_GUARDED_BY(mutex_);
  uint64_t uses_ PL_GUARDED_BY(mutex_) = 0;
};

}  // namespace prooflode::miner
