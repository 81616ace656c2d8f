// Certificates and their keys as PEM text: whether they are what they should be, before a library that only
// logs what is wrong gets them.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"

namespace prooflode {

// kInvalidArgument unless the text holds an X.509 certificate, anything else before and behind it. Dates and
// issuers are not looked at: that is for the handshake.
Status CheckCertificatePem(std::string_view pem);

// When the first certificate of the text ceases to be valid, in seconds since the Unix epoch.
StatusOr<int64_t> CertificateExpirySeconds(std::string_view pem);

// kInvalidArgument unless `key_pem` holds the private key of the first certificate of `certificate_pem`. Keys
// under a passphrase are refused: nobody is asked for one.
Status CheckPrivateKeyPem(std::string_view key_pem, std::string_view certificate_pem);

}  // namespace prooflode
