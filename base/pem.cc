#include "base/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <climits>
#include <ctime>
#include <memory>

namespace prooflode {
namespace {

using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using CertPtr = std::unique_ptr<X509, decltype(&X509_free)>;
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// Instead of OpenSSL's, which would ask at the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

BioPtr Reader(std::string_view text) {
  const int size = text.size() > INT_MAX ? 0 : static_cast<int>(text.size());
  return BioPtr(BIO_new_mem_buf(text.data(), size), BIO_free);
}

CertPtr FirstCertificate(std::string_view pem) {
  const BioPtr in = Reader(pem);
  CertPtr certificate(in ? PEM_read_bio_X509(in.get(), nullptr, NoPassphrase, nullptr) : nullptr, X509_free);
  ERR_clear_error();
  return certificate;
}

}  // namespace

Status CheckCertificatePem(std::string_view pem) {
  if (FirstCertificate(pem)) return absl::OkStatus();
  return absl::InvalidArgumentError("holds no certificate in PEM");
}

StatusOr<int64_t> CertificateExpirySeconds(std::string_view pem) {
  const CertPtr certificate = FirstCertificate(pem);
  if (!certificate) return absl::InvalidArgumentError("holds no certificate in PEM");
  tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
    return absl::InvalidArgumentError("a certificate without a readable end");
  }
  return static_cast<int64_t>(timegm(&end));
}

Status CheckPrivateKeyPem(std::string_view key_pem, std::string_view certificate_pem) {
  const CertPtr certificate = FirstCertificate(certificate_pem);
  if (!certificate) return absl::InvalidArgumentError("there is no certificate for it");
  const BioPtr in = Reader(key_pem);
  const KeyPtr key(in ? PEM_read_bio_PrivateKey(in.get(), nullptr, NoPassphrase, nullptr) : nullptr,
                   EVP_PKEY_free);
  const bool matches = key && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!key) return absl::InvalidArgumentError("holds no private key in PEM without a passphrase");
  if (!matches) return absl::InvalidArgumentError("is not the key of the certificate");
  return absl::OkStatus();
}

}  // namespace prooflode
