#include "miner/worker/channel.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace prooflode::miner {
namespace {

constexpr size_t kControlBytes = CMSG_SPACE(kAttachedFilesMax * sizeof(int));

void TakeFiles(msghdr& header, std::vector<UniqueFd>* files) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
      UniqueFd owned(fd);
      if (files != nullptr) files->push_back(std::move(owned));
    }
  }
}

}  // namespace

Status SendMessage(int socket, ByteSpan message, const std::vector<int>& files) {
  PL_CHECK(files.size() <= kAttachedFilesMax);
  iovec part{const_cast<uint8_t*>(message.data()), message.size()};
  alignas(cmsghdr) char control[kControlBytes] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!files.empty()) {
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(files.size() * sizeof(int));
    cmsghdr* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(files.size() * sizeof(int));
    std::memcpy(CMSG_DATA(c), files.data(), files.size() * sizeof(int));
  }
  while (sendmsg(socket, &header, MSG_NOSIGNAL) < 0) {
    if (errno == EINTR) continue;
    if (errno == EPIPE || errno == ECONNRESET) return absl::UnavailableError("the worker process is gone");
    return ErrnoStatus(errno, "sendmsg to worker");
  }
  return absl::OkStatus();
}

StatusOr<bool> ReceiveMessage(int socket, std::span<uint8_t> out, std::vector<UniqueFd>* files) {
  iovec part{out.data(), out.size()};
  alignas(cmsghdr) char control[kControlBytes];
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  ssize_t n;
  do {
    n = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n < 0 && errno == ECONNRESET) return false;
  if (n < 0) return ErrnoStatus(errno, "recvmsg");
  TakeFiles(header, files);
  if (n == 0) return false;
  if (static_cast<size_t>(n) != out.size() || (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    return absl::DataLossError(absl::StrCat("message of ", n, " bytes, want ", out.size()));
  }
  return true;
}

}  // namespace prooflode::miner
