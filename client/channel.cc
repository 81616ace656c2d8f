#include "client/channel.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "client/call_timer.h"

namespace prooflode::client {
namespace {

grpc::ChannelArguments Arguments(const Endpoint& endpoint) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // Despite its name no pause but how long TCP's and TLS's handshakes may take together.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 20'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5'000);
  arguments.SetInt(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1);  // identity alone
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // retries are ours: they keep the request id
  if (endpoint.IsLoopback()) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return arguments;
}

}  // namespace

void NoticeConnectionsSoon() {
  setenv("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "100", /*overwrite=*/0);
}

StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options) {
  PL_ASSIGN_OR_RETURN(const Endpoint endpoint, ParseUrl(options.url));
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  if (endpoint.tls) {
    grpc::SslCredentialsOptions ssl;
    ssl.pem_root_certs = options.ca_pem;
    ssl.pem_cert_chain = options.client_cert_pem;
    ssl.pem_private_key = options.client_key_pem;
    credentials = grpc::SslCredentials(ssl);
  } else {
    if (!endpoint.IsLoopback() && !options.insecure) {
      return absl::FailedPreconditionError(absl::StrCat(
          "coordinator URL \"", options.url,
          "\": http to another machine would send tokens and witnesses in the clear; use https, or allow it "
          "by name with the option `insecure`"));
    }
    credentials = grpc::InsecureChannelCredentials();
  }
  InterceptorFactories interceptors;
  if (options.observer) {
    PL_CHECK(options.clock != nullptr);
    interceptors = TimeCalls(options.observer, *options.clock);
  }
  return grpc::experimental::CreateCustomChannelWithInterceptors(
      endpoint.Target(), credentials, Arguments(endpoint), std::move(interceptors));
}

}  // namespace prooflode::client
