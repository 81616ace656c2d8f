#include "client/url.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace prooflode::client {
namespace {

Status BadUrl(std::string_view url, std::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("coordinator URL \"", Sv(url), "\": ", Sv(problem), "; want https://HOST:PORT"));
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

}  // namespace prooflode::client
