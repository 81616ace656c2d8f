#include "cli/outputs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/files.h"

namespace prooflode::cli {
namespace {

Status CheckOutput(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
    return access(path.c_str(), W_OK) == 0 ? absl::OkStatus() : ErrnoStatus(errno, path);
  }
  return FileReplacement::Open(path).status();  // removes what it made
}

}  // namespace

Status CheckOutputs(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (!path.empty()) PL_RETURN_IF_ERROR(CheckOutput(path));
  }
  return absl::OkStatus();
}

}  // namespace prooflode::cli
