// A small HTTP server for what a process shows of itself: metrics, health, status. GET only, no compression,
// few threads; bodies are made on request. Civetweb stays behind this header.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace prooflode {

struct HttpResponse {
  int code = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

class HttpEndpoint {
 public:
  // Called on the server's threads, several at a time; must be thread-safe and quick.
  using Handler = std::function<HttpResponse()>;
  // The same for a path that takes a query: what stands behind the question mark, as it came.
  using QueryHandler = std::function<HttpResponse(std::string_view query)>;

  // Listens on "HOST:PORT" (port 0: any free one; HOST in brackets for IPv6). `handlers` by exact path; other
  // paths are 404. kUnavailable when the port cannot be had.
  static StatusOr<std::unique_ptr<HttpEndpoint>> Start(const std::string& listen,
                                                       std::map<std::string, Handler> handlers,
                                                       std::map<std::string, QueryHandler> queries = {});
  ~HttpEndpoint();

  int port() const { return port_; }

 private:
  HttpEndpoint() = default;
  struct Server;
  std::unique_ptr<Server> server_;
  int port_ = 0;
};

}  // namespace prooflode
