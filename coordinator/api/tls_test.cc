// TLS and mTLS with certificates made on the spot.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "coordinator/api/api_fixture_test.h"

namespace prooflode::api {
namespace {

using CertPtr = std::unique_ptr<X509, decltype(&X509_free)>;
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

struct Certificate {
  CertPtr cert{nullptr, X509_free};
  KeyPtr key{nullptr, EVP_PKEY_free};

  std::string CertPem() const {
    return Pem([&](BIO* out) { return PEM_write_bio_X509(out, cert.get()); });
  }
  std::string KeyPem() const {
    return Pem([&](BIO* out) {
      return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }

 private:
  template <typename WriteFunction>
  static std::string Pem(WriteFunction write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
    EXPECT_EQ(write(out.get()), 1);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return std::string(data, static_cast<size_t>(size));
  }
};

void AddExtension(X509* cert, int nid, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
  ASSERT_NE(extension, nullptr);
  X509_add_ext(cert, extension, -1);
  X509_EXTENSION_free(extension);
}

// Signed by `issuer`, or by itself and then an authority.
Certificate Make(const std::string& name, const Certificate* issuer) {
  Certificate made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.cert.reset(X509_new());
  X509* cert = made.cert.get();
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), issuer == nullptr ? 1 : 2);
  X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
  X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
  X509_set_pubkey(cert, made.key.get());
  X509_NAME* subject = X509_get_subject_name(cert);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(cert, issuer == nullptr ? subject : X509_get_subject_name(issuer->cert.get()));
  if (issuer == nullptr) {
    AddExtension(cert, NID_basic_constraints, "critical,CA:TRUE");
  } else {
    AddExtension(cert, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
  }
  EXPECT_GT(X509_sign(cert, (issuer == nullptr ? made : *issuer).key.get(), EVP_sha256()), 0);
  return made;
}

class TlsTest : public ApiTest {
 protected:
  std::unique_ptr<Server> Serve(const std::string& client_ca) {
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.tls_cert_pem = server_cert_.CertPem();
    options.tls_key_pem = server_cert_.KeyPem();
    options.client_ca_pem = client_ca;
    auto server = Server::Start(options, Parts());
    EXPECT_TRUE(server.ok()) << server.status();
    return server.ok() ? *std::move(server) : nullptr;
  }
  // One try of a login and a call.
  absl::StatusCode Try(client::ChannelOptions channel) {
    client::ConnectionOptions options;
    options.channel = std::move(channel);
    options.call_timeout = Seconds(5);
    options.retry_for = Micros{0};
    const auto connection = client::Connection::Create(options, caller_, clock_, random_);
    if (!connection.ok()) return connection.status().code();
    return client::MarketClient(**connection).GetAccount({}).status().code();
  }

  Certificate authority_ = Make("authority", nullptr);
  Certificate other_authority_ = Make("other", nullptr);
  Certificate server_cert_ = Make("server", &authority_);
  SigningKey caller_ = SigningKey::FromSeed({1});
};

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
  const Certificate strange = Make("client", &other_authority_);
  channel.client_cert_pem = strange.CertPem();
  channel.client_key_pem = strange.KeyPem();
  EXPECT_EQ(Try(channel), absl::StatusCode::kUnavailable);
  const Certificate good = Make("client", &authority_);
  channel.client_cert_pem = good.CertPem();
  channel.client_key_pem = good.KeyPem();
  EXPECT_EQ(Try(channel), absl::StatusCode::kOk);
}

TEST_F(TlsTest, ACertificateNeedsItsKey) {
  ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.tls_cert_pem = server_cert_.CertPem();
  EXPECT_EQ(Server::Start(options, Parts()).status().code(), absl::StatusCode::kInvalidArgument);
  options.tls_cert_pem.clear();
  options.client_ca_pem = authority_.CertPem();
  EXPECT_EQ(Server::Start(options, Parts()).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace prooflode::api
