#include "base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace prooflode {

Status ErrnoStatus(int error, std::string_view what) { return absl::ErrnoToStatus(error, Sv(what)); }

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) close(fd_);
  fd_ = fd;
}

StatusOr<UniqueFd> OpenForReading(const std::string& path) {
  // Non-blocking, so that a pipe in the place of a file cannot hang us.
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return ErrnoStatus(errno, path);
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, path);
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError(absl::StrCat(path, ": not a regular file"));
  return fd;
}

StatusOr<uint64_t> FileSize(int fd, std::string_view name) {
  struct stat info;
  if (fstat(fd, &info) != 0) return ErrnoStatus(errno, name);
  return static_cast<uint64_t>(info.st_size);
}

Status ReadExactly(int fd, uint64_t offset, std::span<uint8_t> out, std::string_view name) {
  while (!out.empty()) {
    const size_t chunk = std::min<size_t>(out.size(), 1u << 30);
    const ssize_t n = pread(fd, out.data(), chunk, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, name);
    if (n == 0) {
      return absl::DataLossError(
          absl::StrCat(Sv(name), ": file ends at byte ", offset, ", want ", out.size(), " more"));
    }
    offset += static_cast<uint64_t>(n);
    out = out.subspan(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

Status WriteAll(int fd, ByteSpan data, std::string_view name) {
  while (!data.empty()) {
    const ssize_t n = write(fd, data.data(), std::min<size_t>(data.size(), 1u << 30));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, name);
    data = data.subspan(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

StatusOr<std::string> ReadFile(const std::string& path, uint64_t bytes_max) {
  PL_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForReading(path));
  PL_ASSIGN_OR_RETURN(const uint64_t size, FileSize(fd.get(), path));
  if (size > bytes_max) {
    return absl::ResourceExhaustedError(absl::StrCat(path, ": ", size, " bytes, want at most ", bytes_max));
  }
  std::string content(size, '\0');
  PL_RETURN_IF_ERROR(
      ReadExactly(fd.get(), 0, {reinterpret_cast<uint8_t*>(content.data()), content.size()}, path));
  return content;
}

namespace {

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status WriteNewFile(const std::string& path, ByteSpan data, unsigned mode) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd.valid()) return ErrnoStatus(errno, path);
  PL_RETURN_IF_ERROR(WriteAll(fd.get(), data, path));
  if (fsync(fd.get()) != 0) return ErrnoStatus(errno, path);
  return absl::OkStatus();
}

}  // namespace

Status CreateFileDurably(const std::string& path, ByteSpan data, unsigned mode) {
  PL_RETURN_IF_ERROR(WriteNewFile(path, data, mode));
  return SyncDirectory(DirectoryOf(path));
}

Status ReplaceFileDurably(const std::string& path, ByteSpan data, unsigned mode) {
  const std::string temporary = absl::StrCat(path, ".tmp.", getpid());
  unlink(temporary.c_str());
  if (Status status = WriteNewFile(temporary, data, mode); !status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    unlink(temporary.c_str());
    return ErrnoStatus(error, path);
  }
  return SyncDirectory(DirectoryOf(path));
}

Status SyncDirectory(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, path);
  if (fsync(fd.get()) != 0) return ErrnoStatus(errno, path);
  return absl::OkStatus();
}

Status MakeDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return ErrnoStatus(errno, path);
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, path);
  if (!S_ISDIR(info.st_mode)) return absl::InvalidArgumentError(absl::StrCat(path, ": not a directory"));
  return absl::OkStatus();
}

}  // namespace prooflode
