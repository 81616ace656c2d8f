// A coordinator's URL that is read names the place it is written from again; the host of any URL is fit for a
// log.
#include "base/check.h"
#include "base/http/http_fetch.h"
#include "base/printable.h"
#include "client/url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace prooflode;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto endpoint = client::ParseUrl(bytes);
  if (endpoint.ok()) {
    PL_CHECK(!endpoint->host.empty() && endpoint->port != 0);
    const auto again = client::ParseUrl((endpoint->tls ? "https://" : "http://") + endpoint->Target());
    PL_CHECK(again.ok() && again->host == endpoint->host && again->port == endpoint->port);
    PL_CHECK(again->tls == endpoint->tls && again->IsLoopback() == endpoint->IsLoopback());
  } else {
    PL_CHECK(!endpoint.status().message().empty());
  }
  const std::string host = HttpHost(bytes);
  PL_CHECK(host.size() <= bytes.size() && Printable(host) == host);
  PL_CHECK(host.find_first_of("/#\\@") == std::string::npos);
  return 0;
}
