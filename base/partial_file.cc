#include "base/partial_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/check.h"
#include "base/hash_file.h"

namespace prooflode {

StatusOr<PartialFile> PartialFile::Open(const std::string& path, uint64_t size, const CancelToken* cancel) {
  PartialFile file(path, size);
  const std::string& name = file.partial_;
  file.fd_ = UniqueFd(open(name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  const int fd = file.fd_.get();
  if (!file.fd_.valid()) return ErrnoStatus(errno, name);
  struct stat info;
  if (fstat(fd, &info) != 0) return ErrnoStatus(errno, name);
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError(name + ": not a regular file");
  const auto here = static_cast<uint64_t>(info.st_size);
  if (here > size) {
    PL_RETURN_IF_ERROR(file.Restart());
    return file;
  }
  PL_RETURN_IF_ERROR(HashFile(fd, here, name, cancel, file.hash_));
  if (lseek(fd, static_cast<off_t>(here), SEEK_SET) < 0) return ErrnoStatus(errno, name);
  file.done_ = here;
  return file;
}

Status PartialFile::Append(ByteSpan bytes) {
  if (bytes.size() > size_ - done_) {
    return absl::DataLossError(absl::StrCat(partial_, ": more than the ", size_, " bytes expected"));
  }
  PL_RETURN_IF_ERROR(WriteAll(fd_.get(), bytes, partial_));
  hash_.Update(bytes);
  done_ += bytes.size();
  return absl::OkStatus();
}

Status PartialFile::Restart() {
  if (ftruncate(fd_.get(), 0) != 0 || lseek(fd_.get(), 0, SEEK_SET) < 0) return ErrnoStatus(errno, partial_);
  hash_ = Sha256Stream();
  done_ = 0;
  return absl::OkStatus();
}

Status PartialFile::Finish(const Digest& digest) {
  PL_CHECK(done_ == size_);
  const Digest found = hash_.Finish();
  if (found != digest) {
    return absl::DataLossError(
        absl::StrCat(path_, ": SHA-256 of what came is ", HexEncode(found), ", want ", HexEncode(digest)));
  }
  if (fsync(fd_.get()) != 0) return ErrnoStatus(errno, partial_);
  if (std::rename(partial_.c_str(), path_.c_str()) != 0) return ErrnoStatus(errno, path_);
  const std::string folder = std::filesystem::path(path_).parent_path().string();
  return SyncDirectory(folder.empty() ? "." : folder);
}

void PartialFile::Remove() { unlink(partial_.c_str()); }

}  // namespace prooflode
