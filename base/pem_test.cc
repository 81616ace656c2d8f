#include "base/pem.h"

#include <gtest/gtest.h>

#include "base/certificates_test.h"

namespace prooflode {
namespace {

TEST(PemTest, CertificatesAndTheirKeysAreToldFromEverythingElse) {
  const TestCertificate authority = MakeCertificate("authority", nullptr);
  const TestCertificate leaf = MakeCertificate("leaf", &authority);
  EXPECT_TRUE(CheckCertificatePem(authority.CertPem()).ok());
  EXPECT_TRUE(CheckCertificatePem("# a comment\n" + leaf.CertPem() + authority.CertPem()).ok());
  EXPECT_TRUE(CheckPrivateKeyPem(leaf.KeyPem(), leaf.CertPem() + authority.CertPem()).ok());

  const auto bad = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(CheckCertificatePem("").code(), bad);
  EXPECT_EQ(CheckCertificatePem(leaf.KeyPem()).code(), bad);
  EXPECT_EQ(CheckCertificatePem(leaf.CertPem().substr(0, 100)).code(), bad);
  EXPECT_EQ(CheckPrivateKeyPem(leaf.CertPem(), leaf.CertPem()).code(), bad);
  EXPECT_EQ(CheckPrivateKeyPem(authority.KeyPem(), leaf.CertPem()).code(), bad);
  EXPECT_EQ(CheckPrivateKeyPem(leaf.KeyPem(), "").code(), bad);
}

TEST(PemTest, NobodyIsAskedForAPassphrase) {
  const TestCertificate leaf = MakeCertificate("leaf", nullptr);
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  unsigned char passphrase[] = "secret";
  ASSERT_EQ(
      PEM_write_bio_PrivateKey(out.get(), leaf.key.get(), EVP_aes_256_cbc(), passphrase, 6, nullptr, nullptr),
      1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  const Status status = CheckPrivateKeyPem({data, static_cast<size_t>(size)}, leaf.CertPem());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("passphrase"), absl::string_view::npos);
}

}  // namespace
}  // namespace prooflode
