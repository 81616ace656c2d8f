// Which addresses belong to the public internet. Whoever is told by a stranger where to connect must not be
// led to what only its owner can reach: its own machine, the rig's network, the cloud's metadata service.
#pragma once

#include <sys/socket.h>

#include <string>

namespace prooflode {

// False for every address that the IANA registries of special-purpose addresses (RFC 6890) do not call
// globally reachable: private, shared (RFC 6598), loopback, link-local, multicast, unspecified, broadcast,
// documentation, benchmarking and reserved ones; for IPv6 all outside 2000::/3 and tunnels in it (Teredo,
// 6to4). An IPv4 address inside an IPv6 one (mapped, or NAT64's 64:ff9b::/96) is judged as itself. False for
// other families.
bool IsPublicAddress(const sockaddr* address);

// "192.0.2.1", "2001:db8::1"; "of another family" for what is neither.
std::string AddressText(const sockaddr* address);

}  // namespace prooflode
