#include "miner/http_get.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <memory>

#include "base/files.h"

namespace prooflode::miner {
namespace {

constexpr size_t kAnswerBytesMax = 1 << 20;

StatusOr<UniqueFd> ConnectTo(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  if (colon == listen.npos) return absl::InvalidArgumentError(absl::StrCat(listen, ": want HOST:PORT"));
  std::string host = listen.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), listen.c_str() + colon + 1, &hints, &found); error != 0) {
    return absl::InvalidArgumentError(absl::StrCat(listen, ": ", gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, freeaddrinfo);
  UniqueFd fd(socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return ErrnoStatus(errno, "socket");
  const timeval limit{2, 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  if (connect(fd.get(), found->ai_addr, found->ai_addrlen) != 0) {
    return absl::UnavailableError(absl::StrCat(listen, ": ", ErrnoStatus(errno, "connect").message()));
  }
  return fd;
}

}  // namespace

StatusOr<std::string> HttpGet(const std::string& listen, const std::string& path) {
  PL_ASSIGN_OR_RETURN(const UniqueFd fd, ConnectTo(listen));
  const std::string request = absl::StrCat("GET ", path, " HTTP/1.0\r\nHost: ", listen, "\r\n\r\n");
  if (send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    return absl::UnavailableError(absl::StrCat(listen, ": request could not be sent"));
  }
  std::string answer;
  char chunk[4096];
  ssize_t n;
  while ((n = recv(fd.get(), chunk, sizeof(chunk), 0)) > 0 && answer.size() < kAnswerBytesMax) {
    answer.append(chunk, static_cast<size_t>(n));
  }
  const size_t head = answer.find("\r\n\r\n");
  if (n < 0 || head == answer.npos) return absl::UnavailableError(absl::StrCat(listen, ": no answer"));
  if (answer.substr(0, 7) != "HTTP/1." || answer.substr(8, 5) != " 200 ") {
    return absl::UnknownError(absl::StrCat(listen, ": ", answer.substr(0, answer.find("\r\n"))));
  }
  return answer.substr(head + 4);
}

}  // namespace prooflode::miner
