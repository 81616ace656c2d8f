#include "miner/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "miner/work/private_folder.h"

namespace prooflode::miner {
namespace {

constexpr uint64_t kLockBytesMax = 64;

std::string LockPath(const std::string& folder) { return folder + "/miner.lock"; }

}  // namespace

StatusOr<UniqueFd> LockDataFolder(const std::string& folder) {
  PL_RETURN_IF_ERROR(OpenPrivateFolder(folder).status());
  const std::string path = LockPath(folder);
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return ErrnoStatus(errno, path);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return ErrnoStatus(errno, path);
    const auto holder = ReadFile(path, kLockBytesMax);
    return absl::FailedPreconditionError(
        absl::StrCat(folder, ": another miner runs there, process ", holder.ok() ? *holder : "unknown"));
  }
  const std::string pid = absl::StrCat(getpid(), "\n");
  if (ftruncate(fd.get(), 0) != 0) return ErrnoStatus(errno, path);
  PL_RETURN_IF_ERROR(WriteAll(fd.get(), AsBytes(pid), path));
  return fd;
}

StatusOr<pid_t> RunningMiner(const std::string& folder) {
  const std::string path = LockPath(folder);
  const Status nobody = absl::NotFoundError(absl::StrCat(folder, ": no miner runs there"));
  const StatusOr<UniqueFd> fd = OpenForReading(path);
  if (absl::IsNotFound(fd.status())) return nobody;
  PL_RETURN_IF_ERROR(fd.status());
  if (flock(fd->get(), LOCK_SH | LOCK_NB) == 0) return nobody;
  PL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kLockBytesMax));
  pid_t pid = 0;
  if (!absl::SimpleAtoi(absl::StripSuffix(text, "\n"), &pid) || pid <= 1) {
    return absl::DataLossError(absl::StrCat(path, ": holds no process id"));
  }
  return pid;
}

}  // namespace prooflode::miner
