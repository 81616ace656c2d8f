// Receipts on disk, for as long as their files hold them: what a miner can prove later. Two files in one
// folder, receipts.jsonl and, once that is full, the one before it, receipts.1.jsonl; a line each
// (docs/formats/receipt.md). Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/mutex.h"
#include "base/status.h"
#include "transparency/receipt.h"

namespace prooflode::client {

class ReceiptBook {
 public:
  // Some 4,000 receipts a file.
  static constexpr uint64_t kFileBytes = uint64_t{8} << 20;

  // `folder` exists. A last line that a crash has cut is dropped; other damage is kDataLoss.
  static StatusOr<std::unique_ptr<ReceiptBook>> Open(const std::string& folder,
                                                     uint64_t file_bytes = kFileBytes);

  // Durable when OK.
  Status Append(const transparency::Receipt& receipt);
  // Of those at hand when it was opened, the one over the largest tree for each market and coordinator.
  const std::vector<transparency::Receipt>& largest_at_opening() const { return largest_; }

 private:
  ReceiptBook(std::string folder, uint64_t file_bytes)
      : folder_(std::move(folder)), file_bytes_(file_bytes) {}
  Status OpenFile() PL_REQUIRES(mutex_);

  const std::string folder_;
  const uint64_t file_bytes_;
  std::vector<transparency::Receipt> largest_;
  Mutex mutex_;
  UniqueFd file_ PL_GUARDED_BY(mutex_);
  uint64_t size_ PL_GUARDED_BY(mutex_) = 0;
};

// Calls `take` with each receipt of a file, or of both files of a folder, and where it stands ("FILE:7"). A
// cut last line is passed over; kInvalidArgument names the line that is no receipt.
Status ReadReceipts(const std::string& path,
                    const std::function<void(const transparency::Receipt&, const std::string& where)>& take);

// Appends what contradicts each other to a file, one JSON line with `why`, `first` and `second`; durable.
Status KeepContradiction(const std::string& path, const std::string& why, const std::string& first,
                         const std::string& second);

}  // namespace prooflode::client
