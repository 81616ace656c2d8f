#include "miner/work/private_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_format.h"

namespace prooflode::miner {

StatusOr<UniqueFd> OpenPrivateFolder(const std::string& path) {
  PL_RETURN_IF_ERROR(MakeDirectory(path));
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, path);
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, path);
  if (info.st_uid != geteuid()) {
    return absl::PermissionDeniedError(
        absl::StrFormat("%s: belongs to user %d, want %d", path, info.st_uid, geteuid()));
  }
  if ((info.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(
        absl::StrFormat("%s: mode is %04o, want 0700 (chmod 0700 it)", path, info.st_mode & 07777));
  }
  return fd;
}

}  // namespace prooflode::miner
