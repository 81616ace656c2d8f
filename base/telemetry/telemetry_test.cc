#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/telemetry/http_endpoint.h"
#include "base/telemetry/prometheus_metrics.h"

namespace prooflode {
namespace {

// One raw request on a connection of its own.
std::string Request(int port, const std::string& text) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t n; (n = read(fd, buffer, sizeof(buffer))) > 0;) answer.append(buffer, static_cast<size_t>(n));
  close(fd);
  return answer;
}

TEST(Telemetry, ServesMetricsAndRefusesTheRest) {
  PrometheusMetrics metrics("1.2.3");
  metrics.GetCounter("prooflode_test_events_total", "Events.", {{"kind", "a"}}).Increment(1);
  metrics.GetCounter("prooflode_test_events_total", "Events.", {{"kind", "a"}}).Increment(2);
  metrics.GetHistogram("prooflode_test_duration_seconds", "Duration.", {0.1, 1}, {}).Observe(0.5);
  auto endpoint = HttpEndpoint::Start("127.0.0.1:0", {{"/metrics", [&] {
                                                         return HttpResponse{
                                                             .content_type = PrometheusMetrics::kContentType,
                                                             .body = metrics.Text()};
                                                       }}});
  ASSERT_TRUE(endpoint.ok());
  const std::string page = Request((*endpoint)->port(), "GET /metrics HTTP/1.0\r\n\r\n");
  EXPECT_NE(page.find("200 OK"), std::string::npos);
  EXPECT_NE(page.find("prooflode_test_events_total{kind=\"a\"} 3"), std::string::npos);
  EXPECT_NE(page.find("prooflode_test_duration_seconds_bucket{le=\"1\"} 1"), std::string::npos);
  EXPECT_NE(page.find("prooflode_build_info{revision=\""), std::string::npos);
  EXPECT_NE(page.find("\",version=\"1.2.3\"} 1"), std::string::npos);
  EXPECT_NE(page.find("process_resident_memory_bytes"), std::string::npos);
  EXPECT_NE(Request((*endpoint)->port(), "GET /../etc/passwd HTTP/1.0\r\n\r\n").find("404"),
            std::string::npos);
  EXPECT_NE(Request((*endpoint)->port(), "POST /metrics HTTP/1.0\r\nContent-Length: 0\r\n\r\n").find("405"),
            std::string::npos);
}

TEST(Telemetry, ATakenPortIsAnError) {
  auto first = HttpEndpoint::Start("127.0.0.1:0", {});
  ASSERT_TRUE(first.ok());
  const auto second = HttpEndpoint::Start("127.0.0.1:" + std::to_string((*first)->port()), {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace prooflode
