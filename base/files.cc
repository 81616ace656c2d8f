#include "base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

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

StatusOr<UniqueFd> OpenNewFile(const std::string& path, unsigned mode, const std::string& name) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd.valid()) return ErrnoStatus(errno, name);
  return fd;
}

// `path`, an existing file, without symbolic links.
StatusOr<std::string> Resolve(const std::string& path) {
  const std::unique_ptr<char, decltype(&free)> resolved(realpath(path.c_str(), nullptr), &free);
  if (resolved == nullptr) return ErrnoStatus(errno, path);
  return std::string(resolved.get());
}

}  // namespace

Status CreateFileDurably(const std::string& path, ByteSpan data, unsigned mode) {
  PL_ASSIGN_OR_RETURN(const UniqueFd fd, OpenNewFile(path, mode, path));
  PL_RETURN_IF_ERROR(WriteAll(fd.get(), data, path));
  if (fsync(fd.get()) != 0) return ErrnoStatus(errno, path);
  return SyncDirectory(DirectoryOf(path));
}

StatusOr<FileReplacement> FileReplacement::Open(const std::string& path, unsigned mode) {
  FileReplacement file;
  file.target_ = path;
  struct stat info;
  if (lstat(path.c_str(), &info) == 0) {
    PL_ASSIGN_OR_RETURN(file.target_, Resolve(path));
    if (stat(file.target_.c_str(), &info) != 0) return ErrnoStatus(errno, path);
    if (!S_ISREG(info.st_mode)) {
      file.fd_.reset(open(file.target_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
      if (!file.fd_.valid()) return ErrnoStatus(errno, path);
      return file;
    }
  }
  const std::string temporary = absl::StrCat(file.target_, ".tmp.", getpid());
  unlink(temporary.c_str());
  auto fd = OpenNewFile(temporary, mode, path);  // errors name what was asked for
  PL_RETURN_IF_ERROR(fd.status());
  file.fd_ = *std::move(fd);
  file.temporary_ = temporary;
  return file;
}

FileReplacement::~FileReplacement() {
  if (fd_.valid() && !temporary_.empty()) unlink(temporary_.c_str());
}

bool FileReplacement::Holds(ByteSpan data) const {
  if (temporary_.empty()) return false;
  const StatusOr<std::string> content = ReadFile(target_, data.size());
  return content.ok() && *content == AsChars(data);
}

Status FileReplacement::Sync() {
  if (!temporary_.empty() && fsync(fd_.get()) != 0) return ErrnoStatus(errno, target_);
  return absl::OkStatus();
}

Status FileReplacement::RemoveTarget() {
  if (temporary_.empty()) return absl::OkStatus();
  if (unlink(target_.c_str()) != 0) {
    return errno == ENOENT ? absl::OkStatus() : ErrnoStatus(errno, target_);
  }
  return SyncDirectory(DirectoryOf(target_));
}

Status FileReplacement::Commit() {
  PL_RETURN_IF_ERROR(Sync());
  if (temporary_.empty()) {
    fd_.reset();
    return absl::OkStatus();
  }
  if (rename(temporary_.c_str(), target_.c_str()) != 0) return ErrnoStatus(errno, target_);
  fd_.reset();
  return SyncDirectory(DirectoryOf(target_));
}

Status ReplaceFileDurably(const std::string& path, ByteSpan data, unsigned mode) {
  PL_ASSIGN_OR_RETURN(FileReplacement file, FileReplacement::Open(path, mode));
  PL_RETURN_IF_ERROR(WriteAll(file.fd(), data, path));
  return file.Commit();
}

Status ReplacePairDurably(const std::string& first, ByteSpan first_data, const std::string& second,
                          ByteSpan second_data) {
  PL_ASSIGN_OR_RETURN(FileReplacement new_first, FileReplacement::Open(first));
  PL_RETURN_IF_ERROR(WriteAll(new_first.fd(), first_data, first));
  PL_RETURN_IF_ERROR(new_first.Sync());
  // Whoever reads a pipe may wait for its end before turning to the other.
  if (!new_first.renames()) {
    PL_RETURN_IF_ERROR(new_first.Commit());
    return ReplaceFileDurably(second, second_data);
  }
  PL_ASSIGN_OR_RETURN(FileReplacement new_second, FileReplacement::Open(second));
  PL_RETURN_IF_ERROR(WriteAll(new_second.fd(), second_data, second));
  PL_RETURN_IF_ERROR(new_second.Sync());
  if (!new_first.Holds(first_data)) PL_RETURN_IF_ERROR(new_second.RemoveTarget());
  PL_RETURN_IF_ERROR(new_first.Commit());
  return new_second.Commit();
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
