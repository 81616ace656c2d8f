// TLS and mTLS with certificates made on the spot.
#include "coordinator/api/tls_fixture_test.h"

namespace prooflode::api {
namespace {

TEST_F(TlsTest, TheServersCertificateIsChecked) {
  const auto server = Serve("");
  const std::string url = absl::StrCat("https://127.0.0.1:", server->port());
  EXPECT_EQ(Try({.url = url, .ca_pem = authority_.CertPem()}), absl::StatusCode::kOk);
  EXPECT_EQ(Try({.url = url, .ca_pem = other_authority_.CertPem()}), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Try({.url = absl::StrCat("http://127.0.0.1:", server->port())}), absl::StatusCode::kUnavailable);
}

TEST_F(TlsTest, ClientsMustShowACertificateWhereOneIsAskedFor) {
  const auto server = Serve(authority_.CertPem());
  client::ChannelOptions channel{.url = absl::StrCat("https://127.0.0.1:", server->port()),
                                 .ca_pem = authority_.CertPem()};
  EXPECT_EQ(Try(channel), absl::StatusCode::kUnavailable);
  const TestCertificate strange = MakeCertificate("client", &other_authority_);
  channel.client_cert_pem = strange.CertPem();
  channel.client_key_pem = strange.KeyPem();
  EXPECT_EQ(Try(channel), absl::StatusCode::kUnavailable);
  const TestCertificate good = MakeCertificate("client", &authority_);
  channel.client_cert_pem = good.CertPem();
  channel.client_key_pem = good.KeyPem();
  EXPECT_EQ(Try(channel), absl::StatusCode::kOk);
}

TEST_F(TlsTest, ACertificateNeedsItsKey) {
  ServerOptions options;
  options.listen = "127.0.0.1:0";
  for (const TlsFiles& files :
       {TlsFiles{server_cert_.CertPem(), "", ""}, TlsFiles{server_cert_.CertPem(), authority_.KeyPem(), ""},
        TlsFiles{"", "", authority_.CertPem()}}) {
    options.tls = [&] { return files; };
    EXPECT_EQ(Server::Start(options, Parts()).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(TlsTest, ReplacedFilesAreServedAndBrokenOnesAreNot) {
  const auto server = Serve("");
  const std::string url = absl::StrCat("https://127.0.0.1:", server->port());
  const client::ChannelOptions old_roots{.url = url, .ca_pem = authority_.CertPem()};
  const client::ChannelOptions new_roots{.url = url, .ca_pem = other_authority_.CertPem()};
  const TestCertificate renewed = MakeCertificate("server", &other_authority_);
  const StatusOr<TlsFiles> broken[] = {
      TlsFiles{renewed.CertPem(), server_cert_.KeyPem(), ""},
      TlsFiles{renewed.CertPem().substr(0, 100), renewed.KeyPem(), ""},
      TlsFiles{renewed.CertPem(), renewed.KeyPem(), other_authority_.CertPem()},
      absl::NotFoundError("cert.pem: no such file")};
  for (const StatusOr<TlsFiles>& files : broken) {
    Put(files);
    WaitUntilSeen();
    EXPECT_EQ(Try(old_roots), absl::StatusCode::kOk);
    EXPECT_EQ(Try(new_roots), absl::StatusCode::kUnavailable);
  }
  Put(TlsFiles{renewed.CertPem(), renewed.KeyPem(), ""});
  WaitUntilSeen();
  EXPECT_EQ(Try(new_roots), absl::StatusCode::kOk);
  EXPECT_EQ(Try(old_roots), absl::StatusCode::kUnavailable);
}

TEST_F(TlsTest, ReplacedClientAuthoritiesCountFromThenOn) {
  const auto server = Serve(authority_.CertPem());
  const auto with = [&](const TestCertificate& cert) {
    return client::ChannelOptions{.url = absl::StrCat("https://127.0.0.1:", server->port()),
                                  .ca_pem = authority_.CertPem(),
                                  .client_cert_pem = cert.CertPem(),
                                  .client_key_pem = cert.KeyPem()};
  };
  const TestCertificate first = MakeCertificate("client", &authority_);
  const TestCertificate second = MakeCertificate("client", &other_authority_);
  EXPECT_EQ(Try(with(first)), absl::StatusCode::kOk);
  Put(TlsFiles{server_cert_.CertPem(), server_cert_.KeyPem(), ""});  // nobody is let in without one
  WaitUntilSeen();
  EXPECT_EQ(Try({.url = with(first).url, .ca_pem = authority_.CertPem()}), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Try(with(first)), absl::StatusCode::kOk);
  Put(TlsFiles{server_cert_.CertPem(), server_cert_.KeyPem(), other_authority_.CertPem()});
  WaitUntilSeen();
  EXPECT_EQ(Try(with(second)), absl::StatusCode::kOk);
  EXPECT_EQ(Try(with(first)), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace prooflode::api
