#include "base/http/public_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstring>

#include "base/bytes.h"

namespace prooflode {
namespace {

struct V4Range {
  uint32_t prefix;
  int bits;
};

// https://www.iana.org/assignments/iana-ipv4-special-registry, with multicast and what is reserved above it.
constexpr V4Range kV4NotPublic[] = {
    {0x00000000, 8},   // this network
    {0x0a000000, 8},   // private
    {0x64400000, 10},  // shared between a provider and its customers
    {0x7f000000, 8},   // loopback
    {0xa9fe0000, 16},  // link-local, also metadata services of clouds
    {0xac100000, 12},  // private
    {0xc0000000, 24},  // protocol assignments
    {0xc0000200, 24},  // documentation
    {0xc0586300, 24},  // 6to4 relays, deprecated
    {0xc0a80000, 16},  // private
    {0xc6120000, 15},  // benchmarking
    {0xc6336400, 24},  // documentation
    {0xcb007100, 24},  // documentation
    {0xe0000000, 4},   // multicast
    {0xf0000000, 4},   // reserved, broadcast
};

bool IsPublicV4(uint32_t address) {
  for (const V4Range& range : kV4NotPublic) {
    if ((address ^ range.prefix) >> (32 - range.bits) == 0) return false;
  }
  return true;
}

using V6 = std::array<uint8_t, 16>;

bool HasPrefix(const V6& address, const V6& prefix, int bits) {
  for (int i = 0; i < bits; ++i) {
    if (((address[i / 8] ^ prefix[i / 8]) >> (7 - i % 8) & 1) != 0) return false;
  }
  return true;
}

bool IsPublicV6(const V6& address) {
  constexpr V6 kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  constexpr V6 kNat64 = {0x00, 0x64, 0xff, 0x9b};
  if (HasPrefix(address, kMapped, 96) || HasPrefix(address, kNat64, 96)) {
    return IsPublicV4(LoadBe<uint32_t>(address.data() + 12));
  }
  // Of global unicast addresses: protocol assignments (Teredo among them), documentation, 6to4.
  return HasPrefix(address, {0x20}, 3) && !HasPrefix(address, {0x20, 0x01, 0x00}, 23) &&
         !HasPrefix(address, {0x20, 0x01, 0x0d, 0xb8}, 32) && !HasPrefix(address, {0x20, 0x02}, 16) &&
         !HasPrefix(address, {0x3f, 0xff, 0x00}, 20);
}

}  // namespace

bool IsPublicAddress(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    return IsPublicV4(ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr));
  }
  if (address->sa_family != AF_INET6) return false;
  V6 bytes;
  std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, bytes.size());
  return IsPublicV6(bytes);
}

std::string AddressText(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  const void* bytes = nullptr;
  if (address->sa_family == AF_INET) bytes = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
  if (address->sa_family == AF_INET6) bytes = &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  if (bytes == nullptr || inet_ntop(address->sa_family, bytes, text, sizeof(text)) == nullptr) {
    return "of another family";
  }
  return text;
}

}  // namespace prooflode
