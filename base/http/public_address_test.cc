#include "base/http/public_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace prooflode {
namespace {

sockaddr_storage Parse(const std::string& text) {
  sockaddr_storage out{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(out);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    out.ss_family = AF_INET;
  } else {
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr), 1) << text;
    out.ss_family = AF_INET6;
  }
  return out;
}

bool IsPublic(const std::string& text) {
  const sockaddr_storage address = Parse(text);
  const auto* const plain = reinterpret_cast<const sockaddr*>(&address);
  EXPECT_EQ(AddressText(plain), text);
  return IsPublicAddress(plain);
}

TEST(PublicAddress, WhatTheOwnerAloneCanReachIsNot) {
  for (const char* address : {"0.0.0.0",
                              "0.1.2.3",
                              "10.0.0.1",
                              "10.255.255.255",
                              "100.64.0.1",
                              "100.127.255.255",
                              "127.0.0.1",
                              "127.9.9.9",
                              "169.254.169.254",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.0.0.1",
                              "192.0.2.7",
                              "192.168.1.1",
                              "198.18.0.1",
                              "198.19.255.255",
                              "198.51.100.1",
                              "203.0.113.9",
                              "224.0.0.1",
                              "239.255.255.255",
                              "240.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "fe80::1",
                              "fec0::1",
                              "fc00::1",
                              "fd12:3456::1",
                              "ff02::1",
                              "2001::1",
                              "2001:1ff::1",
                              "2001:db8::1",
                              "2002:a00:1::1",
                              "3fff::1",
                              "100::1",
                              "64:ff9b:1::1"}) {
    EXPECT_FALSE(IsPublic(address)) << address;
  }
}

TEST(PublicAddress, NeighboursOfThoseRangesAre) {
  for (const char* address :
       {"1.0.0.0",         "9.255.255.255",   "11.0.0.0",        "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.0",       "169.253.255.255", "172.15.255.255", "172.32.0.0",
        "192.0.1.0",       "192.167.255.255", "192.169.0.0",     "198.17.255.255", "198.20.0.0",
        "223.255.255.255", "2000::1",         "2001:200::1",     "2003::1",        "2606:2800:220:1::",
        "3ffe::1"}) {
    EXPECT_TRUE(IsPublic(address)) << address;
  }
}

TEST(PublicAddress, AnAddressInsideAnAddressCounts) {
  EXPECT_FALSE(IsPublic("::ffff:127.0.0.1"));
  EXPECT_FALSE(IsPublic("::ffff:192.168.0.1"));
  EXPECT_TRUE(IsPublic("::ffff:8.8.8.8"));
  EXPECT_FALSE(IsPublic("64:ff9b::a00:1"));  // 10.0.0.1
  EXPECT_TRUE(IsPublic("64:ff9b::808:808"));
  EXPECT_FALSE(IsPublic("::127.0.0.1"));  // the deprecated compatible form
}

TEST(PublicAddress, OtherFamiliesAreNot) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto* const plain = reinterpret_cast<const sockaddr*>(&address);
  EXPECT_FALSE(IsPublicAddress(plain));
  EXPECT_EQ(AddressText(plain), "of another family");
}

}  // namespace
}  // namespace prooflode
