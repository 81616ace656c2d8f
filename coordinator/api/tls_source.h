// TLS for the server, from files that may be replaced while it runs: connections made after a replacement get
// the new ones, those that exist stay as they are. What cannot be used is logged and changes nothing.
#pragma once

#include <grpc/grpc_security.h>
#include <grpcpp/security/server_credentials.h>

#include <functional>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/mutex.h"
#include "base/status.h"

namespace prooflode::api {

// What the files hold, in PEM: a chain, the private key of its first certificate, and the authorities that
// clients' certificates must come from (empty: clients need none).
struct TlsFiles {
  std::string cert_pem;
  std::string key_pem;
  std::string client_ca_pem;
  friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
};

// Gives the files as they are now; may block on disk.
using TlsLoader = std::function<StatusOr<TlsFiles>()>;

// kInvalidArgument for files that do not fit each other.
Status CheckTlsFiles(const TlsFiles& files);

class TlsSource {
 public:
  // The loader's errors; kInvalidArgument for files that do not fit each other. Whether clients must show
  // certificates is decided here, once.
  static StatusOr<std::unique_ptr<TlsSource>> Create(TlsLoader load, MetricFactory& metrics);

  // For one listening port; the source must outlive the server.
  std::shared_ptr<grpc::ServerCredentials> Credentials();
  // Loads the files once more. Not to be called from two threads at once.
  void Refresh();

 private:
  TlsSource(TlsLoader load, TlsFiles files, MetricFactory& metrics);
  Status Reload();
  static grpc_ssl_certificate_config_reload_status Fetch(void* source,
                                                         grpc_ssl_server_certificate_config** config);

  void ShowExpiry(const std::string& cert_pem);

  const TlsLoader load_;
  Gauge& expiry_;
  const bool ask_clients_;
  std::string problem_;  // the last one logged; Refresh's
  Mutex mutex_;
  TlsFiles files_ PL_GUARDED_BY(mutex_);
  bool fresh_ PL_GUARDED_BY(mutex_) = true;  // gRPC has not fetched them
};

}  // namespace prooflode::api
