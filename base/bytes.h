// Bytes, digests, hexadecimal and fixed-endian loads and stores.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace prooflode {

using ByteSpan = std::span<const uint8_t>;

// A SHA-256 digest; also the name of an artifact.
using Digest = std::array<uint8_t, 32>;

inline ByteSpan AsBytes(std::string_view s) { return {reinterpret_cast<const uint8_t*>(s.data()), s.size()}; }
inline std::string_view AsChars(ByteSpan b) { return {reinterpret_cast<const char*>(b.data()), b.size()}; }

// Lower-case hexadecimal, two characters a byte.
std::string HexEncode(ByteSpan bytes);
// Exact inverse of HexEncode: lower case only, even length; anything else is nullopt.
std::optional<std::string> HexDecode(std::string_view hex);
std::optional<Digest> DigestFromHex(std::string_view hex);

// Unaligned little-endian and big-endian integers. `p` must have sizeof(T) readable or writable bytes.
template <typename T>
T LoadLe(const uint8_t* p) {
  T value;
  std::memcpy(&value, p, sizeof(T));
  return value;
}
template <typename T>
void StoreLe(uint8_t* p, T value) {
  std::memcpy(p, &value, sizeof(T));
}
template <typename T>
T LoadBe(const uint8_t* p) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>((value << 8) | p[i]);
  return value;
}
template <typename T>
void StoreBe(uint8_t* p, T value) {
  for (size_t i = sizeof(T); i-- > 0; value = static_cast<T>(value >> 8)) p[i] = static_cast<uint8_t>(value);
}

}  // namespace prooflode
