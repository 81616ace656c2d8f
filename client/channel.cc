#include "client/channel.h"

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "client/call_timer.h"

namespace prooflode::client {
namespace {

Status BadUrl(std::string_view url, std::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("coordinator URL \"", Sv(url), "\": ", Sv(problem), "; want https://HOST:PORT"));
}

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

bool Endpoint::IsLoopback() const {
  return host == "localhost" || host == "::1" ||
         (absl::StartsWith(host, "127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

std::string Endpoint::Target() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  return ipv6 ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

StatusOr<Endpoint> ParseUrl(std::string_view url) {
  Endpoint endpoint;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    endpoint.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return BadUrl(url, "no https:// or http:// in front");
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos) return BadUrl(url, "no port");
  std::string_view host = rest.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) {
      return BadUrl(url, "what is in brackets is no IPv6 address");
    }
  } else if (host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") !=
             std::string_view::npos) {
    return BadUrl(url, "bad character in the host name");
  }
  if (host.empty()) return BadUrl(url, "no host");
  uint32_t port = 0;
  if (!absl::SimpleAtoi(Sv(rest.substr(colon + 1)), &port) || port == 0 || port > 65535) {
    return BadUrl(url, "the port is not a number from 1 to 65535");
  }
  endpoint.host = std::string(host);
  endpoint.port = static_cast<uint16_t>(port);
  return endpoint;
}

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
