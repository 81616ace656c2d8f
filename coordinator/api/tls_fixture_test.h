// A server with TLS from files that tests replace, and clients that try it once.
#pragma once

#include <memory>
#include <string>

#include "base/certificates_test.h"
#include "coordinator/api/api_fixture_test.h"

namespace prooflode::api {

class TlsTest : public ApiTest {
 protected:
  std::unique_ptr<Server> Serve(const std::string& client_ca) {
    Put(TlsFiles{server_cert_.CertPem(), server_cert_.KeyPem(), client_ca});
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.handshake_timeout = handshake_timeout_;
    options.tls = [this] {
      MutexLock lock(mutex_);
      ++loads_;
      return files_now_;
    };
    auto server = Server::Start(options, Parts());
    EXPECT_TRUE(server.ok()) << server.status();
    return server.ok() ? *std::move(server) : nullptr;
  }
  // What the server's files hold from now on.
  void Put(StatusOr<TlsFiles> files) {
    MutexLock lock(mutex_);
    files_now_ = std::move(files);
    loads_ = 0;
  }
  // Until the server has looked at what was put, and is through with it.
  void WaitUntilSeen() {
    for (int i = 0; i < 600; ++i) {
      {
        MutexLock lock(mutex_);
        if (loads_ >= 2) return;
      }
      clock_.Sleep(Millis(100));
    }
    FAIL() << "the server does not look at its files";
  }
  // One try of a login and a call.
  absl::StatusCode Try(client::ChannelOptions channel) {
    client::ConnectionOptions options;
    options.channel = std::move(channel);
    options.call_timeout = Seconds(60);  // for a machine that is busy; what is refused is told at once
    options.retry_for = Micros{0};
    const auto connection = client::Connection::Create(options, caller_, clock_, random_);
    if (!connection.ok()) return connection.status().code();
    return client::MarketClient(**connection).GetAccount({}).status().code();
  }

  Micros handshake_timeout_ = ServerOptions().handshake_timeout;
  Mutex mutex_;
  StatusOr<TlsFiles> files_now_ PL_GUARDED_BY(mutex_) = TlsFiles();
  int loads_ PL_GUARDED_BY(mutex_) = 0;  // since Put
  TestCertificate authority_ = MakeCertificate("authority", nullptr);
  TestCertificate other_authority_ = MakeCertificate("other", nullptr);
  TestCertificate server_cert_ = MakeCertificate("server", &authority_);
  SigningKey caller_ = SigningKey::FromSeed({1});
};

}  // namespace prooflode::api
