#include "client/tls_files.h"

#include "base/files.h"
#include "base/pem.h"

namespace prooflode::client {
namespace {

constexpr uint64_t kPemBytesMax = 1 << 20;

Status ReadCertificates(const std::string& path, std::string& pem) {
  if (path.empty()) return absl::OkStatus();
  PL_ASSIGN_OR_RETURN(pem, ReadFile(path, kPemBytesMax));
  return Annotate(CheckCertificatePem(pem), path);
}

}  // namespace

Status LoadTlsFiles(const TlsFiles& files, ChannelOptions& channel) {
  if (files.client_cert.empty() != files.client_key.empty()) {
    const std::string& given = files.client_cert.empty() ? files.client_key : files.client_cert;
    return absl::InvalidArgumentError(
        absl::StrCat(given, ": client certificate and client key go together, one of them is not given"));
  }
  PL_ASSIGN_OR_RETURN(const Endpoint endpoint, ParseUrl(channel.url));
  const std::string& any = files.ca.empty() ? files.client_cert : files.ca;
  if (!any.empty() && !endpoint.tls) {
    return absl::InvalidArgumentError(
        absl::StrCat(any, ": is for https, but the coordinator's URL is ", channel.url));
  }
  PL_RETURN_IF_ERROR(ReadCertificates(files.ca, channel.ca_pem));
  PL_RETURN_IF_ERROR(ReadCertificates(files.client_cert, channel.client_cert_pem));
  if (files.client_key.empty()) return absl::OkStatus();
  PL_ASSIGN_OR_RETURN(channel.client_key_pem, ReadFile(files.client_key, kPemBytesMax));
  return Annotate(CheckPrivateKeyPem(channel.client_key_pem, channel.client_cert_pem), files.client_key);
}

}  // namespace prooflode::client
