#include "miner/work/artifact_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/crypto.h"
#include "miner/work/private_folder.h"

namespace prooflode::miner {
namespace {

constexpr std::string_view kPartial = ".partial";
constexpr size_t kHashChunk = 1 << 20;

std::string Name(const Digest& digest) { return HexEncode(digest); }
std::string PartialName(const Digest& digest) { return absl::StrCat(HexEncode(digest), Sv(kPartial)); }

// Hashes the first `bytes` of an open file.
Status HashFile(int fd, uint64_t bytes, std::string_view name, Sha256Stream& hash) {
  std::vector<uint8_t> chunk(std::min<uint64_t>(bytes, kHashChunk));
  for (uint64_t offset = 0; offset < bytes;) {
    const std::span<uint8_t> part(chunk.data(), std::min<uint64_t>(bytes - offset, chunk.size()));
    PL_RETURN_IF_ERROR(ReadExactly(fd, offset, part, name));
    hash.Update(part);
    offset += part.size();
  }
  return absl::OkStatus();
}

}  // namespace

// --- Reservation ---

ArtifactCache::Reservation::~Reservation() {
  if (!finished_) cache_.FetchEnded(digest_);
}

std::string ArtifactCache::Reservation::path() const {
  return absl::StrCat(cache_.path_, "/", Name(digest_));
}

StatusOr<UniqueFd> ArtifactCache::Reservation::Finish() {
  PL_ASSIGN_OR_RETURN(UniqueFd fd, cache_.OpenFile(Name(digest_)));
  PL_ASSIGN_OR_RETURN(const uint64_t size, FileSize(fd.get(), Name(digest_)));
  if (size != size_) {
    return absl::DataLossError(absl::StrCat("artifact ", Name(digest_), ": ", size, " bytes, want ", size_));
  }
  finished_ = true;
  cache_.Fetched(digest_, size);
  return fd;
}

// --- Cache ---

StatusOr<std::unique_ptr<ArtifactCache>> ArtifactCache::Open(const std::string& folder,
                                                             uint64_t quota_bytes) {
  PL_ASSIGN_OR_RETURN(UniqueFd fd, OpenPrivateFolder(folder));
  std::unique_ptr<ArtifactCache> cache(new ArtifactCache(std::move(fd), folder, quota_bytes));
  PL_RETURN_IF_ERROR(cache->Scan());
  return cache;
}

Status ArtifactCache::Scan() {
  struct Found {
    Digest digest;
    Entry entry;
    timespec modified;
  };
  std::vector<Found> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(path_.c_str()), closedir);
  if (!dir) return ErrnoStatus(errno, path_);
  while (const dirent* entry = readdir(dir.get())) {
    std::string_view name = entry->d_name;
    const bool complete = !name.ends_with(kPartial);
    if (!complete) name.remove_suffix(kPartial.size());
    const auto digest = DigestFromHex(name);
    struct stat info;
    if (!digest || fstatat(folder_.get(), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISREG(info.st_mode)) continue;
    found.push_back(
        {*digest, {.bytes = static_cast<uint64_t>(info.st_size), .complete = complete}, info.st_mtim});
  }
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return std::pair(a.modified.tv_sec, a.modified.tv_nsec) <
           std::pair(b.modified.tv_sec, b.modified.tv_nsec);
  });
  MutexLock lock(mutex_);
  for (Found& file : found) {
    file.entry.used = ++uses_;
    Entry& entry = entries_[file.digest];
    // A complete file makes a partial one of the same name useless; it goes with the file.
    if (!entry.complete) entry = file.entry;
  }
  return MakeRoom();
}

StatusOr<UniqueFd> ArtifactCache::OpenFile(const std::string& name) const {
  UniqueFd fd(openat(folder_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return ErrnoStatus(errno, name);
  return fd;
}

StatusOr<std::optional<UniqueFd>> ArtifactCache::Find(const Digest& digest) {
  Entry entry;
  {
    MutexLock lock(mutex_);
    const auto it = entries_.find(digest);
    if (it == entries_.end() || !it->second.complete) return std::nullopt;
    it->second.used = ++uses_;
    entry = it->second;
  }
  const std::string name = Name(digest);
  StatusOr<UniqueFd> fd = OpenFile(name);
  Status good = fd.status();
  if (good.ok() && !entry.verified) {
    Sha256Stream hash;
    good = HashFile(fd->get(), entry.bytes, name, hash);
    if (good.ok() && hash.Finish() != digest) good = absl::DataLossError("damaged");
  }
  MutexLock lock(mutex_);
  if (!good.ok()) {
    Erase(digest);
    return std::nullopt;
  }
  // For the order of use after a restart.
  futimens(fd->get(), nullptr);
  if (const auto it = entries_.find(digest); it != entries_.end()) it->second.verified = true;
  return std::optional<UniqueFd>(std::move(*fd));
}

StatusOr<std::unique_ptr<ArtifactCache::Reservation>> ArtifactCache::Reserve(const Digest& digest,
                                                                             uint64_t size) {
  MutexLock lock(mutex_);
  Entry& entry = entries_[digest];
  if (entry.fetching) {
    return absl::AbortedError(absl::StrCat("artifact ", Name(digest), " is being fetched already"));
  }
  // Counted with its whole size from now on, and not evicted.
  entry = Entry{.bytes = size, .used = ++uses_, .fetching = true};
  if (const Status room = MakeRoom(); !room.ok()) {
    Erase(digest);
    return room;
  }
  return std::unique_ptr<Reservation>(new Reservation(*this, digest, size));
}

void ArtifactCache::Fetched(const Digest& digest, uint64_t bytes) {
  MutexLock lock(mutex_);
  entries_[digest] = Entry{.bytes = bytes, .used = ++uses_, .complete = true, .verified = true};
}

void ArtifactCache::FetchEnded(const Digest& digest) {
  MutexLock lock(mutex_);
  const auto it = entries_.find(digest);
  if (it == entries_.end()) return;  // removed meanwhile
  struct stat info;
  if (fstatat(folder_.get(), PartialName(digest).c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    Erase(digest);
    return;
  }
  it->second = Entry{.bytes = static_cast<uint64_t>(info.st_size), .used = ++uses_};
}

void ArtifactCache::Remove(const Digest& digest) {
  MutexLock lock(mutex_);
  Erase(digest);
}

uint64_t ArtifactCache::bytes() const {
  MutexLock lock(mutex_);
  uint64_t total = 0;
  for (const auto& [digest, entry] : entries_) total += entry.bytes;
  return total;
}

void ArtifactCache::Erase(const Digest& digest) {
  unlinkat(folder_.get(), Name(digest).c_str(), 0);
  unlinkat(folder_.get(), PartialName(digest).c_str(), 0);
  entries_.erase(digest);
}

Status ArtifactCache::MakeRoom() {
  uint64_t total = 0;
  for (const auto& [digest, entry] : entries_) total += entry.bytes;
  while (total > quota_bytes_) {
    auto oldest = entries_.end();
    for (auto it = entries_.begin(); it != entries_.end(); ++it) {
      if (it->second.fetching) continue;
      if (oldest == entries_.end() || it->second.used < oldest->second.used) oldest = it;
    }
    if (oldest == entries_.end()) {
      return absl::ResourceExhaustedError(
          absl::StrCat("cache ", path_, ": wants ", total, " bytes, quota is ", quota_bytes_));
    }
    total -= oldest->second.bytes;
    Erase(oldest->first);
  }
  return absl::OkStatus();
}

}  // namespace prooflode::miner
