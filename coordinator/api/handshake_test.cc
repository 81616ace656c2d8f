// Connections that come to nothing (strangers, scanners, stalled peers, slow networks) and those beside them.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "base/files.h"
#include "coordinator/api/tls_fixture_test.h"

namespace prooflode::api {
namespace {

// The head of a ClientHello that announces more than comes.
constexpr std::string_view kBegun("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

UniqueFd ConnectTo(int port) {
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = Loopback(port);
  EXPECT_EQ(connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return socket;
}

UniqueFd ConnectAndSay(int port, std::string_view text) {
  UniqueFd socket = ConnectTo(port);
  EXPECT_EQ(send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  return socket;
}

// A far-away server: whatever comes over one connection is handed on late. Serves connections in turn.
class SlowWay {
 public:
  SlowWay(int server_port, Micros delay, Clock& clock)
      : server_port_(server_port), delay_(delay), clock_(clock) {
    listener_ = UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = Loopback(0);
    EXPECT_EQ(bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(listener_.get(), 16), 0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~SlowWay() {
    stop_ = true;
    thread_.join();
  }
  int port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void Serve() {
    while (!stop_) {
      pollfd wanted{listener_.get(), POLLIN, 0};
      if (poll(&wanted, 1, 20) <= 0) continue;
      const UniqueFd client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      ++connections_;
      const UniqueFd server = ConnectTo(server_port_);
      while (!stop_ && Relay(client.get(), server.get())) continue;
    }
  }
  // False when one end has closed.
  bool Relay(int client, int server) const {
    std::array<pollfd, 2> wanted{pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
    if (poll(wanted.data(), wanted.size(), 20) <= 0) return true;
    const bool from_client = wanted[0].revents != 0;
    std::array<char, 16384> data;
    const ssize_t got = recv(from_client ? client : server, data.data(), data.size(), 0);
    if (got <= 0) return false;
    clock_.Sleep(delay_);
    return send(from_client ? server : client, data.data(), static_cast<size_t>(got), MSG_NOSIGNAL) == got;
  }

  const int server_port_;
  const Micros delay_;
  Clock& clock_;
  UniqueFd listener_;
  int port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class HandshakeTest : public TlsTest {
 protected:
  client::ChannelOptions With(int port, const TestCertificate& certificate) const {
    return {.url = absl::StrCat("https://127.0.0.1:", port),
            .ca_pem = authority_.CertPem(),
            .client_cert_pem = certificate.CertPem(),
            .client_key_pem = certificate.KeyPem()};
  }

  TestCertificate good_ = MakeCertificate("client", &authority_);
};

TEST_F(HandshakeTest, ThoseThatFailDisturbNoGoodClient) {
  const auto server = Serve(authority_.CertPem());
  const client::ChannelOptions good = With(server->port(), good_);
  const client::ChannelOptions none{.url = good.url, .ca_pem = good.ca_pem};
  client::ChannelOptions unknown_server = good;
  unknown_server.ca_pem = other_authority_.CertPem();
  const TestCertificate stranger = MakeCertificate("client", &other_authority_);
  for (int round = 0; round < 8; ++round) {
    for (const auto& bad : {none, unknown_server, With(server->port(), stranger)}) {
      EXPECT_EQ(Try(bad), absl::StatusCode::kUnavailable);
    }
    for (int i = 0; i < 4; ++i) ConnectAndSay(server->port(), "GET / HTTP/1.1\r\nHost: here\r\n\r\n");
    EXPECT_EQ(Try(good), absl::StatusCode::kOk) << "round " << round;
  }
}

TEST_F(HandshakeTest, ThoseThatStandStillDisturbNoGoodClient) {
  const auto server = Serve(authority_.CertPem());
  std::vector<UniqueFd> open;
  for (int i = 0; i < 100; ++i) {
    open.push_back(ConnectTo(server->port()));
    open.push_back(ConnectAndSay(server->port(), kBegun));
  }
  EXPECT_EQ(Try(With(server->port(), good_)), absl::StatusCode::kOk);
}

TEST_F(HandshakeTest, ThoseThatStandStillEnd) {
  handshake_timeout_ = Millis(100);
  const auto server = Serve(authority_.CertPem());
  for (const UniqueFd& silent : {ConnectTo(server->port()), ConnectAndSay(server->port(), kBegun)}) {
    pollfd wanted{silent.get(), POLLIN, 0};
    ASSERT_EQ(poll(&wanted, 1, 60'000), 1) << "the server keeps the connection";
    char byte;
    EXPECT_LE(recv(silent.get(), &byte, 1, 0), 0);
  }
}

TEST_F(HandshakeTest, AFarServerIsReachedAtTheFirstTry) {
  const auto server = Serve(authority_.CertPem());
  SlowWay way(server->port(), Millis(250), clock_);
  EXPECT_EQ(Try(With(way.port(), good_)), absl::StatusCode::kOk);
  EXPECT_EQ(way.connections(), 1);
}

}  // namespace
}  // namespace prooflode::api
