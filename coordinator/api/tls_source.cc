#include "coordinator/api/tls_source.h"

#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/pem.h"

namespace prooflode::api {
namespace {

// gRPC's C++ layer has no credentials that fetch; its C layer does.
class FetchingCredentials final : public grpc::ServerCredentials {
 public:
  explicit FetchingCredentials(grpc_server_credentials* credentials) : credentials_(credentials) {}
  ~FetchingCredentials() override { grpc_server_credentials_release(credentials_); }
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {
    PL_CHECK(false);  // nobody here has one
  }

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  grpc_server_credentials* const credentials_;
};

}  // namespace

Status CheckTlsFiles(const TlsFiles& files) {
  PL_RETURN_IF_ERROR(Annotate(CheckCertificatePem(files.cert_pem), "tls certificate"));
  PL_RETURN_IF_ERROR(Annotate(CheckPrivateKeyPem(files.key_pem, files.cert_pem), "tls key"));
  if (files.client_ca_pem.empty()) return absl::OkStatus();
  return Annotate(CheckCertificatePem(files.client_ca_pem), "tls client authorities");
}

TlsSource::TlsSource(TlsLoader load, TlsFiles files, MetricFactory& metrics)
    : load_(std::move(load)),
      expiry_(metrics.GetGauge("prooflode_coordinator_tls_certificate_expiry_timestamp_seconds",
                               "When the certificate that is served ends, since the Unix epoch")),
      ask_clients_(!files.client_ca_pem.empty()),
      files_(std::move(files)) {}

void TlsSource::ShowExpiry(const std::string& cert_pem) {
  const StatusOr<int64_t> seconds = CertificateExpirySeconds(cert_pem);
  if (seconds.ok()) expiry_.Set(static_cast<double>(*seconds));
}

StatusOr<std::unique_ptr<TlsSource>> TlsSource::Create(TlsLoader load, MetricFactory& metrics) {
  PL_ASSIGN_OR_RETURN(TlsFiles files, load());
  PL_RETURN_IF_ERROR(CheckTlsFiles(files));
  const std::string cert_pem = files.cert_pem;
  std::unique_ptr<TlsSource> source(new TlsSource(std::move(load), std::move(files), metrics));
  source->ShowExpiry(cert_pem);
  return source;
}

std::shared_ptr<grpc::ServerCredentials> TlsSource::Credentials() {
  auto* options = grpc_ssl_server_credentials_create_options_using_config_fetcher(
      ask_clients_ ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                   : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
      &TlsSource::Fetch, this);
  return std::make_shared<FetchingCredentials>(grpc_ssl_server_credentials_create_with_options(options));
}

// Called by gRPC when it starts to listen and before every handshake, under its own lock.
grpc_ssl_certificate_config_reload_status TlsSource::Fetch(void* source,
                                                           grpc_ssl_server_certificate_config** config) {
  auto* const self = static_cast<TlsSource*>(source);
  MutexLock lock(self->mutex_);
  if (!self->fresh_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  const TlsFiles& files = self->files_;
  const grpc_ssl_pem_key_cert_pair pair{files.key_pem.c_str(), files.cert_pem.c_str()};
  // gRPC wants roots here even where it asks clients for nothing; it does not use them then.
  const std::string& roots = self->ask_clients_ ? files.client_ca_pem : files.cert_pem;
  *config = grpc_ssl_server_certificate_config_create(roots.c_str(), &pair, 1);
  self->fresh_ = false;
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

void TlsSource::Refresh() {
  const Status status = Reload();
  const std::string problem(FromSv(status.message()));
  if (!status.ok() && problem != problem_) {
    LogError("api", "TLS files were replaced by what cannot be used, serving the old ones: %s", problem);
  }
  problem_ = problem;
}

Status TlsSource::Reload() {
  PL_ASSIGN_OR_RETURN(TlsFiles files, load_());
  {
    MutexLock lock(mutex_);
    if (files == files_) return absl::OkStatus();
  }
  PL_RETURN_IF_ERROR(CheckTlsFiles(files));
  if (files.client_ca_pem.empty() == ask_clients_) {
    return absl::InvalidArgumentError("tls client authorities: want some or none, as at the start");
  }
  ShowExpiry(files.cert_pem);
  MutexLock lock(mutex_);
  files_ = std::move(files);
  fresh_ = true;
  LogInfo("api", "serving the TLS files that were put in place");
  return absl::OkStatus();
}

}  // namespace prooflode::api
