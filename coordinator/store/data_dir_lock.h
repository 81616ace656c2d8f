// One coordinator a data directory: the holder of DIR/lock. Two would pay twice.
#pragma once

#include <string>

#include "base/files.h"
#include "base/status.h"

namespace prooflode::store {

// Holds the lock while it lives; the system lets go of it when the process ends, however that happens.
class DataDirLock {
 public:
  // FAILED_PRECONDITION when another process holds it.
  static StatusOr<DataDirLock> Acquire(const std::string& data_dir);

 private:
  explicit DataDirLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace prooflode::store
