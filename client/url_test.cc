#include "client/url.h"

#include <gtest/gtest.h>

namespace prooflode::client {
namespace {

TEST(Url, Accepts) {
  const auto tls = ParseUrl("https://pool.example.org:443/");
  ASSERT_TRUE(tls.ok()) << tls.status();
  EXPECT_TRUE(tls->tls);
  EXPECT_EQ(tls->Target(), "pool.example.org:443");
  EXPECT_FALSE(tls->IsLoopback());
  const auto local = ParseUrl("http://127.0.0.1:7000");
  ASSERT_TRUE(local.ok());
  EXPECT_TRUE(local->IsLoopback());
  const auto ipv6 = ParseUrl("http://[::1]:7000");
  ASSERT_TRUE(ipv6.ok());
  EXPECT_TRUE(ipv6->IsLoopback());
  EXPECT_EQ(ipv6->Target(), "[::1]:7000");
}

TEST(Url, RefusesEverythingElse) {
  for (const char* url :
       {"", "pool:1", "ftp://a:1", "https://a", "https://:1", "https://a:0", "https://a:65536",
        "https://a:1/x", "https://u@a:1", "https://a b:1", "http://[::1:1", "https://a:-1", "https://a:1x",
        "unix:///tmp/s", "http://[fe80::1%eth0]:1"}) {
    EXPECT_EQ(ParseUrl(url).status().code(), absl::StatusCode::kInvalidArgument) << url;
  }
}

}  // namespace
}  // namespace prooflode::client
