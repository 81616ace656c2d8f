// An HTTP server on loopback that does as a test tells it, misbehaviour included.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/files.h"
#include "base/mutex.h"

namespace prooflode {

struct TestAnswer {
  std::vector<std::string> pieces;  // head and body, as they go over the line
  int pause_ms = 0;                 // between pieces
  bool hold = false;                // the connection stays open, and silent, as long as the server
};

inline TestAnswer Answer(const std::string& status, const std::string& body, const std::string& more = "") {
  return {.pieces = {absl::StrCat("HTTP/1.1 ", status, "\r\n", more, "Content-Length: ", body.size(),
                                  "\r\nConnection: close\r\n\r\n", body)}};
}

class TestHttpServer {
 public:
  // Called on the server's thread, for one request after the other, with the request's head.
  using Handler = std::function<TestAnswer(const std::string& request)>;

  explicit TestHttpServer(Handler handler) : handler_(std::move(handler)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(listener_.get(), plain, size), 0);
    EXPECT_EQ(listen(listener_.get(), 8), 0);
    EXPECT_EQ(getsockname(listener_.get(), plain, &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~TestHttpServer() {
    eventfd_write(stop_.get(), 1);
    thread_.join();
  }

  uint16_t port() const { return port_; }
  std::string Url(const std::string& path) const { return absl::StrCat("http://127.0.0.1:", port_, path); }
  std::vector<std::string> requests() const {
    MutexLock lock(mutex_);
    return requests_;
  }

 private:
  // Whether the server is to stop, within that time; -1 waits for a connection as well.
  bool Stopped(int wait_ms) const {
    pollfd fds[] = {{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    poll(fds, wait_ms < 0 ? 2 : 1, wait_ms);
    return fds[0].revents != 0;
  }

  void Serve() {
    std::vector<UniqueFd> held;
    while (!Stopped(-1)) {
      UniqueFd fd(accept(listener_.get(), nullptr, nullptr));
      const timeval limit{2, 0};
      setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
      std::string request;
      char byte;
      while (!request.ends_with("\r\n\r\n") && recv(fd.get(), &byte, 1, 0) == 1) request += byte;
      if (!request.ends_with("\r\n\r\n")) continue;
      {
        MutexLock lock(mutex_);
        requests_.push_back(request);
      }
      const TestAnswer answer = handler_(request);
      for (const std::string& piece : answer.pieces) {
        if (send(fd.get(), piece.data(), piece.size(), MSG_NOSIGNAL) < 0) break;  // it hung up
        if (answer.pause_ms > 0 && Stopped(answer.pause_ms)) return;
      }
      if (answer.hold) held.push_back(std::move(fd));
    }
  }

  const Handler handler_;
  const UniqueFd listener_{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const UniqueFd stop_{eventfd(0, EFD_CLOEXEC)};
  uint16_t port_ = 0;
  mutable Mutex mutex_;
  std::vector<std::string> requests_ PL_GUARDED_BY(mutex_);
  std::thread thread_;
};

// Serves `content`, and the rest of it where that is asked for.
inline TestHttpServer::Handler ServeFile(const std::string& content) {
  return [content](const std::string& request) {
    constexpr std::string_view kRange = "Range: bytes=";
    const size_t at = request.find(kRange);
    if (at == request.npos) return Answer("200 OK", content);
    const size_t offset = std::stoul(request.substr(at + kRange.size()));
    return Answer(
        "206 Partial Content", content.substr(offset),
        absl::StrCat("Content-Range: bytes ", offset, "-", content.size() - 1, "/", content.size(), "\r\n"));
  };
}

}  // namespace prooflode
