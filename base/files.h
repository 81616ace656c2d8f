// Whole small files, with limits and durable replacement.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"

namespace prooflode {

// A system error as a status: `what` names the file or call.
Status ErrnoStatus(int error, std::string_view what);

// Owns a file descriptor.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~UniqueFd() { reset(); }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

// Opens for reading: regular files only (a directory, a pipe or a device is kInvalidArgument).
StatusOr<UniqueFd> OpenForReading(const std::string& path);
StatusOr<uint64_t> FileSize(int fd, std::string_view name);
// Fills `out` from `offset`; a short file is kDataLoss.
Status ReadExactly(int fd, uint64_t offset, std::span<uint8_t> out, std::string_view name);
Status WriteAll(int fd, ByteSpan data, std::string_view name);

// The content of a regular file of at most `bytes_max` bytes; a larger one is kResourceExhausted.
StatusOr<std::string> ReadFile(const std::string& path, uint64_t bytes_max);

// Creates `path` with `mode`, writes, fsyncs file and folder; kAlreadyExists when there is one.
Status CreateFileDurably(const std::string& path, ByteSpan data, unsigned mode);
// The same through a temporary file and a rename, so that a reader sees the old content or the new, never a
// part.
Status ReplaceFileDurably(const std::string& path, ByteSpan data, unsigned mode = 0644);
Status SyncDirectory(const std::string& path);
// Creates one folder with mode 0700 unless it exists.
Status MakeDirectory(const std::string& path);

}  // namespace prooflode
