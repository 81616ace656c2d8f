#include "miner/work/artifact_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/hash_file.h"
#include "miner/work/private_folder.h"

namespace prooflode::miner {
namespace {

constexpr std::string_view kPartial = ".partial";
constexpr std::string_view kWitness = ".witness";

std::string Name(const Digest& digest, ArtifactKind kind) {
  return absl::StrCat(HexEncode(digest), kind == ArtifactKind::kWitness ? Sv(kWitness) : "");
}
std::string PartialName(const Digest& digest, ArtifactKind kind) {
  return absl::StrCat(Name(digest, kind), Sv(kPartial));
}

StatusOr<uint64_t> DiskFree(const std::string& folder) {
  struct statvfs disk {};
  if (statvfs(folder.c_str(), &disk) != 0) return ErrnoStatus(errno, folder);
  return static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
}

// Before anything is accepted whose files could then not be kept. A full disk is no error here: it is
// measured.
Status ProbeWriting(int folder, const std::string& path) {
  constexpr char kProbe[] = ".probe";
  unlinkat(folder, kProbe, 0);
  const UniqueFd file(openat(folder, kProbe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid() && errno != ENOSPC && errno != EDQUOT) {
    const Status error = ErrnoStatus(errno, path);
    return absl::InvalidArgumentError(absl::StrCat("the cache folder cannot be written: ", error.message()));
  }
  unlinkat(folder, kProbe, 0);
  return absl::OkStatus();
}

// Whether a file is a witness or what came of one.
bool IsWitnessName(std::string_view name) {
  if (name.ends_with(kPartial)) name.remove_suffix(kPartial.size());
  if (!name.ends_with(kWitness)) return false;
  name.remove_suffix(kWitness.size());
  return DigestFromHex(name).has_value();
}

}  // namespace

// --- Reservation ---

ArtifactCache::Reservation::~Reservation() {
  if (!finished_) cache_.FetchEnded(digest_);
}

std::string ArtifactCache::Reservation::path() const {
  return absl::StrCat(cache_.path_, "/", Name(digest_, kind_));
}

StatusOr<UniqueFd> ArtifactCache::Reservation::Finish() {
  const std::string name = Name(digest_, kind_);
  PL_ASSIGN_OR_RETURN(UniqueFd fd, cache_.OpenFile(name));
  PL_ASSIGN_OR_RETURN(const uint64_t size, FileSize(fd.get(), name));
  if (size != size_) {
    return absl::DataLossError(absl::StrCat("artifact ", name, ": ", size, " bytes, want ", size_));
  }
  finished_ = true;
  cache_.Fetched(digest_, kind_, size);
  return fd;
}

// --- Cache ---

StatusOr<std::unique_ptr<ArtifactCache>> ArtifactCache::Open(const std::string& folder,
                                                             CacheOptions options) {
  PL_ASSIGN_OR_RETURN(UniqueFd fd, OpenPrivateFolder(folder));
  PL_RETURN_IF_ERROR(ProbeWriting(fd.get(), folder));
  if (!options.disk_free) options.disk_free = [folder] { return DiskFree(folder); };
  std::unique_ptr<ArtifactCache> cache(new ArtifactCache(std::move(fd), folder, std::move(options)));
  PL_RETURN_IF_ERROR(cache->Scan());
  PL_RETURN_IF_ERROR(cache->Measure().status());
  return cache;
}

ArtifactCache::~ArtifactCache() {
  MutexLock lock(mutex_);
  for (const auto& [digest, entry] : entries_) {
    if (entry.kind == ArtifactKind::kWitness) DeleteFiles(digest, entry.kind);
  }
}

Status ArtifactCache::DeleteWitnesses() const {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(path_.c_str()), closedir);
  if (!dir) return ErrnoStatus(errno, path_);
  Status status;
  while (const dirent* entry = readdir(dir.get())) {
    if (!IsWitnessName(entry->d_name)) continue;
    // ENOENT: whoever was at work deleted it.
    if (unlinkat(folder_.get(), entry->d_name, 0) != 0 && errno != ENOENT) {
      status.Update(ErrnoStatus(errno, entry->d_name));
    }
  }
  return status;
}

Status ArtifactCache::Scan() {
  PL_RETURN_IF_ERROR(DeleteWitnesses());
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
  return absl::OkStatus();
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
  const std::string name = Name(digest, entry.kind);
  StatusOr<UniqueFd> fd = OpenFile(name);
  Status good = fd.status();
  if (good.ok() && !entry.verified) {
    Sha256Stream hash;
    good = HashFile(fd->get(), entry.bytes, name, nullptr, hash);
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

bool ArtifactCache::Has(const Digest& digest) const {
  MutexLock lock(mutex_);
  const auto it = entries_.find(digest);
  return it != entries_.end() && it->second.complete;
}

StatusOr<std::unique_ptr<ArtifactCache::Reservation>> ArtifactCache::Reserve(const Digest& digest,
                                                                             ArtifactKind kind,
                                                                             uint64_t size) {
  MutexLock lock(mutex_);
  if (const auto it = entries_.find(digest); it != entries_.end() && it->second.fetching) {
    return absl::AbortedError(absl::StrCat("artifact ", Name(digest, kind), " is being fetched already"));
  }
  // Counted with its whole size from now on, and not evicted.
  entries_[digest] = Entry{.bytes = size, .used = ++uses_, .kind = kind, .fetching = true};
  StatusOr<Space> space = MeasureRoom();
  if (space.ok()) Shrink(space->room);
  if (!space.ok() || Total() > space->room) {
    const Status full = space.ok() ? TooFull(*space) : space.status();
    FetchOver(digest);
    return full;
  }
  return std::unique_ptr<Reservation>(new Reservation(*this, digest, kind, size));
}

void ArtifactCache::Fetched(const Digest& digest, ArtifactKind kind, uint64_t bytes) {
  MutexLock lock(mutex_);
  entries_[digest] = Entry{.bytes = bytes, .used = ++uses_, .kind = kind, .complete = true, .verified = true};
}

void ArtifactCache::FetchEnded(const Digest& digest) {
  MutexLock lock(mutex_);
  FetchOver(digest);
}

void ArtifactCache::FetchOver(const Digest& digest) {
  const auto it = entries_.find(digest);
  if (it == entries_.end()) return;  // removed meanwhile
  const std::optional<uint64_t> partial = PartialBytes(digest, it->second.kind);
  // Nobody comes back for a witness: its job is another's by then.
  if (!partial || it->second.kind == ArtifactKind::kWitness) return Erase(digest);
  it->second = Entry{.bytes = *partial, .used = ++uses_};
}

void ArtifactCache::Remove(const Digest& digest) {
  MutexLock lock(mutex_);
  Erase(digest);
}

StatusOr<ArtifactCache::Space> ArtifactCache::Measure() {
  MutexLock lock(mutex_);
  PL_ASSIGN_OR_RETURN(Space space, MeasureRoom());
  space.deleted = Shrink(space.room);
  return space;
}

StatusOr<ArtifactCache::Space> ArtifactCache::MeasureRoom() const {
  PL_ASSIGN_OR_RETURN(const uint64_t free, options_.disk_free());
  uint64_t ours = 0;  // on the disk; of what is being fetched more is expected
  for (const auto& [digest, entry] : entries_) {
    ours += entry.fetching ? PartialBytes(digest, entry.kind).value_or(0) : entry.bytes;
  }
  const uint64_t disk = free + ours;
  const uint64_t left = disk - std::min(disk, options_.free_bytes_min);
  return Space{.disk_free = free, .room = std::min(options_.quota_bytes, left)};
}

Status ArtifactCache::TooFull(const Space& space) const {
  return absl::ResourceExhaustedError(absl::StrCat(
      "cache ", path_, ": wants ", Total(), " bytes, may hold ", space.room, " (quota ", options_.quota_bytes,
      "; disk has ", space.disk_free, " free, ", options_.free_bytes_min, " of them stay free)"));
}

uint64_t ArtifactCache::bytes() const {
  MutexLock lock(mutex_);
  return Total();
}

uint64_t ArtifactCache::Total() const {
  uint64_t total = 0;
  for (const auto& [digest, entry] : entries_) total += entry.bytes;
  return total;
}

std::optional<uint64_t> ArtifactCache::PartialBytes(const Digest& digest, ArtifactKind kind) const {
  struct stat info;
  const std::string name = PartialName(digest, kind);
  if (fstatat(folder_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  return static_cast<uint64_t>(info.st_size);
}

void ArtifactCache::DeleteFiles(const Digest& digest, ArtifactKind kind) {
  unlinkat(folder_.get(), Name(digest, kind).c_str(), 0);
  unlinkat(folder_.get(), PartialName(digest, kind).c_str(), 0);
}

void ArtifactCache::Erase(const Digest& digest) {
  const auto it = entries_.find(digest);
  if (it == entries_.end()) return;
  DeleteFiles(digest, it->second.kind);
  entries_.erase(it);
}

uint64_t ArtifactCache::Shrink(uint64_t room) {
  const uint64_t before = Total();
  uint64_t total = before;
  while (total > room) {
    auto oldest = entries_.end();
    for (auto it = entries_.begin(); it != entries_.end(); ++it) {
      if (it->second.fetching) continue;
      if (oldest == entries_.end() || it->second.used < oldest->second.used) oldest = it;
    }
    if (oldest == entries_.end()) break;
    total -= oldest->second.bytes;
    Erase(oldest->first);
  }
  return before - total;
}

}  // namespace prooflode::miner
