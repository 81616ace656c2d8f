// Fetches a file of known size from an HTTP server that nobody vouches for, at a URL that a stranger named.
// libcurl stays behind this header, and within limits that hold against the worst of servers:
//
// - http and https alone, also where a redirect leads; no user names, cookies, stored credentials
//   or proxies, whatever the environment says; TLS from 1.2 on, certificates checked against the system's
//   roots
// - the address is judged when the connection is made, by what it is and not by its name, after redirects too
// - never more bytes than the file has; a server that is silent or slow is given up
//
// What came is checked for its size alone: the caller knows the digest (base/partial_file.h).
#pragma once

#include <sys/socket.h>

#include <functional>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/http/public_address.h"
#include "base/partial_file.h"
#include "base/thread_pool.h"
#include "base/units.h"

namespace prooflode {

struct HttpFetchLimits {
  // Which addresses may be connected to.
  std::function<bool(const sockaddr*)> address_allowed = IsPublicAddress;
  int redirects_max = 4;
  Micros connect = Seconds(10);  // name, connection and TLS, for each hop
  Micros silence = Seconds(15);  // without a byte of the file
  uint64_t bytes_per_second_min = 256 << 10;
  Micros rate_window = Seconds(30);  // over which that is averaged
};

struct HttpFetched {
  uint64_t bytes = 0;  // of the file that came, those thrown away too
  std::string fault;   // what is wrong with the server, printable; empty: nothing
  Status own;          // not the server's fault: kCancelled, or what writing the file said
};

// Asks for what `file` lacks with a Range. It goes on only with the answer 206 and the right Content-Range,
// and begins anew with the answer 200. The file is whole in size when there is neither a fault nor an error
// of our own. Blocks; returns within some 100 ms of `cancel` (may be nullptr). `clock` measures silence and
// rate. Thread-safe; the process has to ignore SIGPIPE.
HttpFetched HttpFetch(const std::string& url, const HttpFetchLimits& limits, Clock& clock,
                      const CancelToken* cancel, PartialFile& file);

// The host and port that a URL names, printable and without user name, path and query, for logs.
std::string HttpHost(std::string_view url);

}  // namespace prooflode
