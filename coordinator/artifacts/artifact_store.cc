#include "coordinator/artifacts/artifact_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/check.h"
#include "base/failpoint.h"

namespace prooflode::artifacts {
namespace {

constexpr size_t kHexDigest = 64;
constexpr size_t kPartialName = kHexDigest + 1 + kHexDigest;
constexpr size_t kHashChunk = 1 << 20;

std::string PartialName(const PublicKey& uploader, const Digest& digest) {
  return HexEncode(uploader) + "-" + HexEncode(digest);
}

StatusOr<std::vector<std::string>> NamesIn(const std::string& path) {
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return ErrnoStatus(errno, path);
  std::vector<std::string> names;
  while (const dirent* entry = readdir(directory)) names.emplace_back(entry->d_name);
  closedir(directory);
  return names;
}

std::optional<uint64_t> RegularFileSize(const std::string& path) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  return static_cast<uint64_t>(info.st_size);
}

// Feeds the first `size` bytes of a file to `hash`.
Status HashPrefix(int fd, uint64_t size, Sha256Stream& hash, const std::string& name) {
  std::vector<uint8_t> buffer(std::min<uint64_t>(size, kHashChunk));
  for (uint64_t offset = 0; offset < size;) {
    const std::span<uint8_t> part(buffer.data(), std::min<uint64_t>(buffer.size(), size - offset));
    PL_RETURN_IF_ERROR(ReadExactly(fd, offset, part, name));
    hash.Update(part);
    offset += part.size();
  }
  return absl::OkStatus();
}

}  // namespace

Upload::~Upload() {
  if (finished_) return;
  fd_.reset();
  store_->LeavePartial(partial_name_, written_);
}

Status Upload::Append(ByteSpan chunk) {
  PL_CHECK(!finished_);
  if (chunk.size() > size_ - written_) {
    return absl::InvalidArgumentError(
        absl::StrCat("chunk: ", chunk.size(), " bytes, want at most the ", size_ - written_, " announced"));
  }
  if (Status status = WriteAll(fd_.get(), chunk, "artifact"); !status.ok()) {
    // What was written of it is not counted: the next upload starts at what was.
    if (ftruncate(fd_.get(), static_cast<off_t>(written_)) != 0) return ErrnoStatus(errno, "artifact");
    return absl::ResourceExhaustedError(absl::StrCat("artifact store: ", status.message()));
  }
  hash_.Update(chunk);
  written_ += chunk.size();
  store_->uploaded_bytes_.Increment(static_cast<double>(chunk.size()));
  return absl::OkStatus();
}

Status Upload::Finish() {
  PL_CHECK(!finished_);
  if (written_ != size_) {
    return absl::InvalidArgumentError(
        absl::StrCat("artifact: ", written_, " bytes came, ", size_, " were announced"));
  }
  finished_ = true;
  if (hash_.Finish() != digest_) {
    store_->DropPartial(partial_name_);
    return absl::DataLossError(
        absl::StrCat("artifact: its SHA-256 is not ", HexEncode(digest_), "; send it again"));
  }
  const std::string target = store_->PathOf(digest_);
  Failpoint("artifacts.before_rename");
  if (fsync(fd_.get()) != 0 || rename(store_->PartialPath(partial_name_).c_str(), target.c_str()) != 0) {
    const Status status = ErrnoStatus(errno, "artifact store");
    store_->DropPartial(partial_name_);
    return status;
  }
  if (const Status status = SyncDirectory(store_->directory_ + "/complete"); !status.ok()) {
    // Not known as complete: it may be gone after a crash. Whoever uploads it again replaces it.
    store_->DropPartial(partial_name_);
    return status;
  }
  Failpoint("artifacts.after_rename");
  store_->Completed(partial_name_, digest_, size_);
  return store_->owners_->Add(uploader_, digest_);
}

ArtifactStore::ArtifactStore(std::string directory, std::unique_ptr<Owners> owners, const Limits& limits,
                             Clock& clock, MetricFactory& metrics)
    : directory_(std::move(directory)),
      owners_(std::move(owners)),
      limits_(limits),
      clock_(clock),
      stored_bytes_(metrics.GetGauge("prooflode_coordinator_artifact_store_bytes",
                                     "Bytes of artifacts, uploads under way included")),
      uploaded_bytes_(metrics.GetCounter("prooflode_coordinator_artifact_bytes_total",
                                         "Bytes of artifacts transferred", {{"direction", "upload"}})) {}

StatusOr<std::unique_ptr<ArtifactStore>> ArtifactStore::Open(const std::string& directory,
                                                             const Limits& limits, Clock& clock,
                                                             MetricFactory& metrics) {
  for (const char* part : {"", "/complete", "/partial"}) PL_RETURN_IF_ERROR(MakeDirectory(directory + part));
  PL_ASSIGN_OR_RETURN(std::unique_ptr<Owners> owners, Owners::Open(directory + "/owners"));
  auto store =
      std::unique_ptr<ArtifactStore>(new ArtifactStore(directory, std::move(owners), limits, clock, metrics));
  PL_RETURN_IF_ERROR(store->Scan());
  return store;
}

Status ArtifactStore::Scan() {
  const Micros now = clock_.WallNow();
  PL_ASSIGN_OR_RETURN(const std::vector<std::string> complete, NamesIn(directory_ + "/complete"));
  PL_ASSIGN_OR_RETURN(const std::vector<std::string> partial, NamesIn(directory_ + "/partial"));
  MutexLock lock(mutex_);
  for (const std::string& name : complete) {
    const std::optional<Digest> digest = DigestFromHex(name);
    const auto size = RegularFileSize(directory_ + "/complete/" + name);
    if (digest && size) complete_[*digest] = {*size, now};
  }
  for (const std::string& name : partial) {
    const auto size = RegularFileSize(PartialPath(name));
    if (name.size() == kPartialName && size) partial_[name] = {*size, *size, false, now};
  }
  Account();
  return absl::OkStatus();
}

void ArtifactStore::Account() {
  used_bytes_ = 0;
  for (const auto& [digest, file] : complete_) used_bytes_ += file.size;
  for (const auto& [name, file] : partial_) used_bytes_ += file.reserved;
  stored_bytes_.Set(static_cast<double>(used_bytes_));
}

Found ArtifactStore::Find(const PublicKey& uploader, const Digest& digest) const {
  MutexLock lock(mutex_);
  Found found;
  if (const auto file = complete_.find(digest); file != complete_.end()) {
    found.complete = true;
    found.size_bytes = file->second.size;
  }
  const auto partial = partial_.find(PartialName(uploader, digest));
  if (partial != partial_.end() && !partial->second.active) found.partial_bytes = partial->second.written;
  return found;
}

Status ArtifactStore::Admit(const PublicKey& uploader, const std::string& name, uint64_t size_bytes,
                            uint64_t offset) {
  if (size_bytes == 0 || size_bytes > limits_.artifact_bytes_max) {
    return absl::InvalidArgumentError(
        absl::StrCat("size_bytes: ", size_bytes, ", want 1 to ", limits_.artifact_bytes_max));
  }
  const auto known = partial_.find(name);
  if (known != partial_.end() && known->second.active) {
    return absl::ResourceExhaustedError("artifact: another upload of it by this identity is under way");
  }
  const uint64_t present = known == partial_.end() ? 0 : known->second.written;
  if (offset != present) {
    return absl::FailedPreconditionError(absl::StrCat("offset: ", offset, ", want ", present));
  }
  if (offset > size_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("size_bytes: ", size_bytes, ", but ", offset, " bytes are here already"));
  }
  const std::string prefix = HexEncode(uploader);
  uint32_t uploads = 0;
  uint64_t unfinished = 0;
  for (auto it = partial_.lower_bound(prefix); it != partial_.end() && it->first.starts_with(prefix); ++it) {
    ++uploads;
    if (it != known) unfinished += it->second.reserved;
  }
  if (known == partial_.end() && uploads >= limits_.uploads_per_identity_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("uploads: ", uploads, " unfinished by this identity, want fewer; finish some or wait"));
  }
  if (unfinished + size_bytes > limits_.unfinished_bytes_per_identity_max) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "uploads: ", unfinished, " bytes unfinished by this identity, with this one want at most ",
        limits_.unfinished_bytes_per_identity_max, "; finish some or wait"));
  }
  const uint64_t reserved = known == partial_.end() ? 0 : known->second.reserved;
  if (used_bytes_ - reserved + size_bytes > limits_.store_bytes_max) {
    return absl::ResourceExhaustedError("artifact store: its quota is used up, retry later");
  }
  struct statvfs disk;
  if (statvfs(directory_.c_str(), &disk) != 0) return ErrnoStatus(errno, "artifact store");
  const uint64_t free_bytes = uint64_t{disk.f_bavail} * disk.f_frsize;
  if (free_bytes < limits_.free_bytes_min + (size_bytes - offset)) {
    return absl::ResourceExhaustedError("artifact store: too little free space on its disk, retry later");
  }
  return absl::OkStatus();
}

StatusOr<std::unique_ptr<Upload>> ArtifactStore::BeginUpload(const PublicKey& uploader, const Digest& digest,
                                                             uint64_t size_bytes, uint64_t offset) {
  const std::string name = PartialName(uploader, digest);
  {
    MutexLock lock(mutex_);
    PL_RETURN_IF_ERROR(Admit(uploader, name, size_bytes, offset));
    Partial& partial = partial_[name];
    partial.active = true;
    partial.reserved = size_bytes;
    partial.used_at = clock_.WallNow();
    Account();
  }
  auto upload = OpenPartial(uploader, digest, size_bytes, offset);
  if (!upload.ok()) DropPartial(name);
  return upload;
}

StatusOr<std::unique_ptr<Upload>> ArtifactStore::OpenPartial(const PublicKey& uploader, const Digest& digest,
                                                             uint64_t size_bytes, uint64_t offset) {
  const std::string name = PartialName(uploader, digest);
  const std::string path = PartialPath(name);
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return ErrnoStatus(errno, "artifact store");
  // A crash may have left more than was counted.
  if (ftruncate(fd.get(), static_cast<off_t>(offset)) != 0) return ErrnoStatus(errno, "artifact store");
  Sha256Stream hash;
  PL_RETURN_IF_ERROR(HashPrefix(fd.get(), offset, hash, "artifact store"));
  if (lseek(fd.get(), static_cast<off_t>(offset), SEEK_SET) < 0) return ErrnoStatus(errno, "artifact store");
  std::unique_ptr<Upload> upload(new Upload());
  upload->store_ = this;
  upload->partial_name_ = name;
  upload->uploader_ = uploader;
  upload->digest_ = digest;
  upload->size_ = size_bytes;
  upload->written_ = offset;
  upload->fd_ = std::move(fd);
  upload->hash_ = std::move(hash);
  return upload;
}

void ArtifactStore::LeavePartial(const std::string& name, uint64_t written) {
  MutexLock lock(mutex_);
  partial_[name] = {written, written, false, clock_.WallNow()};
  Account();
}

void ArtifactStore::DropPartial(const std::string& name) {
  unlink(PartialPath(name).c_str());
  MutexLock lock(mutex_);
  partial_.erase(name);
  Account();
}

void ArtifactStore::Completed(const std::string& name, const Digest& digest, uint64_t size) {
  MutexLock lock(mutex_);
  partial_.erase(name);
  complete_[digest] = {size, clock_.WallNow()};
  Account();
}

StatusOr<OpenArtifact> ArtifactStore::OpenForUse(const Digest& digest) {
  MutexLock lock(mutex_);
  const auto found = complete_.find(digest);
  if (found == complete_.end()) {
    return absl::NotFoundError(absl::StrCat("artifact ", HexEncode(digest), ": not here, upload it first"));
  }
  OpenArtifact artifact;
  artifact.fd = UniqueFd(open(PathOf(digest).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!artifact.fd.valid()) return ErrnoStatus(errno, "artifact store");
  found->second.used_at = clock_.WallNow();
  artifact.size_bytes = found->second.size;
  return artifact;
}

std::string ArtifactStore::PathIn(const std::string& directory, const Digest& digest) {
  return directory + "/complete/" + HexEncode(digest);
}

uint64_t ArtifactStore::used_bytes() const {
  MutexLock lock(mutex_);
  return used_bytes_;
}

size_t ArtifactStore::Sweep(const std::map<Digest, Micros>& keep_until, Micros unreferenced_kept) {
  const Micros now = clock_.WallNow();
  MutexLock lock(mutex_);
  size_t count = 0;
  for (auto it = complete_.begin(); it != complete_.end();) {
    const auto wanted = keep_until.find(it->first);
    Micros until = it->second.used_at + unreferenced_kept;
    if (wanted != keep_until.end()) until = std::max(until, wanted->second);
    if (now < until) {
      ++it;
      continue;
    }
    unlink(PathOf(it->first).c_str());
    owners_->Forget(it->first);
    it = complete_.erase(it);
    ++count;
  }
  for (auto it = partial_.begin(); it != partial_.end();) {
    if (it->second.active || now < it->second.used_at + unreferenced_kept) {
      ++it;
      continue;
    }
    unlink(PartialPath(it->first).c_str());
    it = partial_.erase(it);
    ++count;
  }
  Account();
  return count;
}

}  // namespace prooflode::artifacts
