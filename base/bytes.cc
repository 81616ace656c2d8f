#include "base/bytes.h"

#include <algorithm>
#include <bit>

namespace prooflode {

static_assert(std::endian::native == std::endian::little, "little-endian hosts only");

std::string HexEncode(ByteSpan bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (uint8_t b : bytes) {
    out.push_back(kDigits[b >> 4]);
    out.push_back(kDigits[b & 15]);
  }
  return out;
}

namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::optional<std::string> HexDecode(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(hex.size() / 2);
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = HexValue(hex[i]);
    const int low = HexValue(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
  }
  return out;
}

std::optional<Digest> DigestFromHex(std::string_view hex) {
  const std::optional<std::string> raw = HexDecode(hex);
  if (!raw || raw->size() != sizeof(Digest)) return std::nullopt;
  Digest digest;
  std::copy(raw->begin(), raw->end(), digest.begin());
  return digest;
}

}  // namespace prooflode
