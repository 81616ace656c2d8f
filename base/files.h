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

// New content for a path. What is written goes into a temporary file beside the target, which Commit renames
// over it, so that a reader sees the old content or the new, never a part; without Commit nothing changes. A
// symbolic link stays, and what it points to is replaced. A pipe, a terminal or a device is written to as it
// is: there is nothing to rename over.
class FileReplacement {
 public:
  // A symbolic link to nothing is kNotFound. Opening a pipe waits for its reader.
  static StatusOr<FileReplacement> Open(const std::string& path, unsigned mode = 0644);
  FileReplacement(FileReplacement&&) noexcept = default;
  FileReplacement& operator=(FileReplacement&&) = delete;
  ~FileReplacement();

  int fd() const { return fd_.get(); }
  // Whether there is a temporary file; false for a pipe, a terminal or a device.
  bool renames() const { return !temporary_.empty(); }
  // Whether the target is a regular file that holds `data` already.
  bool Holds(ByteSpan data) const;
  // Makes what has been written durable where it is, beside the target.
  Status Sync();
  // Removes the target where it is a regular file; durable.
  Status RemoveTarget();
  // Makes the content durable and puts it in its place. Called once at most.
  Status Commit();

 private:
  FileReplacement() = default;

  std::string target_;
  std::string temporary_;  // empty where the target itself is open
  UniqueFd fd_;
};

// The content of a regular file of at most `bytes_max` bytes; a larger one is kResourceExhausted.
StatusOr<std::string> ReadFile(const std::string& path, uint64_t bytes_max);

// Creates `path` with `mode`, writes, fsyncs file and folder; kAlreadyExists when there is one.
Status CreateFileDurably(const std::string& path, ByteSpan data, unsigned mode);
// The same for what may exist already; see FileReplacement.
Status ReplaceFileDurably(const std::string& path, ByteSpan data, unsigned mode = 0644);
// Two files of which the second has a meaning only beside its first (a proof and its public inputs): both are
// complete and durable before either takes its place, the first one first, and where the first changes the
// second is gone meanwhile. So no crash leaves a second beside a first that is not its own. (Of regular
// files; pipes and the like are written to one after the other.)
Status ReplacePairDurably(const std::string& first, ByteSpan first_data, const std::string& second,
                          ByteSpan second_data);
Status SyncDirectory(const std::string& path);
// Creates one folder with mode 0700 unless it exists.
Status MakeDirectory(const std::string& path);

}  // namespace prooflode
