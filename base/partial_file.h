// A file on its way to this machine, whose size and SHA-256 are known beforehand. What has come lies beside
// its place as PATH.partial, is hashed as it comes, and survives the process; the file appears under PATH
// only when it is whole, is what was wanted, and is durable.
//
// What an earlier opening left may have come from anybody. So a wrong digest is the fault of a source only
// when that source gave every byte: otherwise Restart() and ask it for the whole.
#pragma once

#include <string>

#include "base/crypto.h"
#include "base/files.h"
#include "base/status.h"
#include "base/thread_pool.h"

namespace prooflode {

// Not thread-safe; one opening of a path at a time.
class PartialFile {
 public:
  // Opens or creates PATH.partial (0600, no symbolic link is followed) and hashes what it has; what is longer
  // than `size` is thrown away. kCancelled when `cancel`, which may be nullptr, says so meanwhile.
  static StatusOr<PartialFile> Open(const std::string& path, uint64_t size, const CancelToken* cancel);

  uint64_t size() const { return size_; }
  // How much is here: where the next byte belongs.
  uint64_t done() const { return done_; }
  // Of the file on the disk, for messages.
  const std::string& name() const { return partial_; }

  // kDataLoss, and nothing is written, when that is more than the size.
  Status Append(ByteSpan bytes);
  // Throws away all that is here.
  Status Restart();
  // Once done() == size(): puts the file in its place, durably. kDataLoss when it is not `digest`: nothing
  // but Restart and Remove make sense then.
  Status Finish(const Digest& digest);
  // Deletes PATH.partial.
  void Remove();

 private:
  PartialFile(const std::string& path, uint64_t size)
      : path_(path), partial_(path + ".partial"), size_(size) {}

  std::string path_;
  std::string partial_;
  uint64_t size_;
  UniqueFd fd_;
  Sha256Stream hash_;
  uint64_t done_ = 0;
};

}  // namespace prooflode
