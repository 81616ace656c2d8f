// URLs of coordinators, as users write them and strangers name them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace prooflode::client {

struct Endpoint {
  std::string host;  // without brackets
  uint16_t port = 0;
  bool tls = false;
  // 127.0.0.0/8, ::1 and localhost.
  bool IsLoopback() const;
  std::string Target() const;  // host:port as gRPC wants it
};

// "https://host:port" or "http://host:port", IPv6 hosts in brackets, and nothing behind the port but one
// slash. kInvalidArgument says what is wrong.
StatusOr<Endpoint> ParseUrl(std::string_view url);

}  // namespace prooflode::client
