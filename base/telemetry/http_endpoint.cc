#include "base/telemetry/http_endpoint.h"

#include <civetweb.h>

#include <mutex>

namespace prooflode {

namespace {

constexpr const char* kThreads = "4";
constexpr const char* kRequestTimeoutMs = "10000";

void Send(mg_connection* connection, const HttpResponse& response) {
  mg_response_header_start(connection, response.code);
  mg_response_header_add(connection, "Content-Type", response.content_type.c_str(), -1);
  mg_response_header_add(connection, "Content-Length", std::to_string(response.body.size()).c_str(), -1);
  mg_response_header_add(connection, "Cache-Control", "no-store", -1);
  mg_response_header_add(connection, "X-Content-Type-Options", "nosniff", -1);
  mg_response_header_add(connection, "Connection", "close", -1);
  mg_response_header_send(connection);
  mg_write(connection, response.body.data(), response.body.size());
}

}  // namespace

struct HttpEndpoint::Server {
  std::map<std::string, QueryHandler> handlers;
  mg_context* context = nullptr;

  static int Handle(mg_connection* connection, void* self) {
    const mg_request_info* request = mg_get_request_info(connection);
    const auto& handlers = static_cast<Server*>(self)->handlers;
    const auto it = handlers.find(request->local_uri == nullptr ? "" : request->local_uri);
    if (std::string_view(request->request_method) != "GET") {
      Send(connection, {.code = 405, .body = "GET only\n"});
    } else if (it == handlers.end()) {
      Send(connection, {.code = 404, .body = "not found\n"});
    } else {
      Send(connection, it->second(request->query_string == nullptr ? "" : request->query_string));
    }
    return 1;  // handled
  }
};

StatusOr<std::unique_ptr<HttpEndpoint>> HttpEndpoint::Start(const std::string& listen,
                                                            std::map<std::string, Handler> handlers,
                                                            std::map<std::string, QueryHandler> queries) {
  static std::once_flag initialised;
  std::call_once(initialised, [] { mg_init_library(0); });
  std::unique_ptr<HttpEndpoint> endpoint(new HttpEndpoint);
  endpoint->server_ = std::make_unique<Server>();
  endpoint->server_->handlers = std::move(queries);
  for (auto& [path, handler] : handlers) {
    endpoint->server_->handlers[path] = [handler = std::move(handler)](std::string_view) {
      return handler();
    };
  }
  const char* options[] = {
      "listening_ports", listen.c_str(),      "num_threads", kThreads, "request_timeout_ms",
      kRequestTimeoutMs, "enable_keep_alive", "no",          nullptr};
  mg_callbacks callbacks{};
  endpoint->server_->context = mg_start(&callbacks, nullptr, options);
  if (endpoint->server_->context == nullptr) {
    return absl::UnavailableError(absl::StrCat("http: cannot listen on ", listen, ", want a free HOST:PORT"));
  }
  mg_set_request_handler(endpoint->server_->context, "/", Server::Handle, endpoint->server_.get());
  mg_server_port port{};
  if (mg_get_server_ports(endpoint->server_->context, 1, &port) == 1) endpoint->port_ = port.port;
  return endpoint;
}

HttpEndpoint::~HttpEndpoint() {
  if (server_ && server_->context != nullptr) mg_stop(server_->context);
}

}  // namespace prooflode
