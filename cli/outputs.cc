#include "cli/outputs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/files.h"
#include "cli/session.h"

namespace prooflode::cli {
namespace {

Status CheckOutput(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
    return access(path.c_str(), W_OK) == 0 ? absl::OkStatus() : ErrnoStatus(errno, path);
  }
  return FileReplacement::Open(path).status();  // removes what it made
}

// Whether writing to `a` replaces what `b` names. A hard link is another file here: results take the place of
// a name, and what other names refer to stays.
bool SameFile(const std::string& a, const std::string& b) {
  std::error_code error;
  if (std::filesystem::exists(a, error) && !std::filesystem::is_regular_file(a, error)) return false;
  const auto resolved = [&](const std::string& path) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
  };
  return resolved(a) == resolved(b);
}

// How a message calls two names of one file.
std::string Both(const std::string& a, const std::string& b) {
  return a == b ? a : absl::StrCat(a, " (the same file as ", b, ")");
}

}  // namespace

Status CheckOutputs(const std::vector<std::string>& outputs, const std::vector<std::string>& inputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].empty()) continue;
    for (size_t j = 0; j < i; ++j) {
      if (outputs[j].empty() || !SameFile(outputs[i], outputs[j])) continue;
      return Usage(absl::InvalidArgumentError(
          absl::StrCat(Both(outputs[i], outputs[j]), ": two results cannot go to one file")));
    }
    for (const std::string& input : inputs) {
      if (input.empty() || !SameFile(outputs[i], input)) continue;
      return Usage(absl::InvalidArgumentError(
          absl::StrCat(Both(outputs[i], input), ": is read by this command, a result would replace it")));
    }
  }
  for (const std::string& output : outputs) {
    if (!output.empty()) PL_RETURN_IF_ERROR(CheckOutput(output));
  }
  return absl::OkStatus();
}

}  // namespace prooflode::cli
