#include "transparency/leaf.h"

#include "base/crypto.h"

namespace prooflode::transparency {

namespace {

constexpr std::string_view kMagic("plleaf1\0", 8);
constexpr size_t kHeaderBytes = 8 + 2 + 8;

template <typename T>
void AppendLe(std::string& out, T value) {
  uint8_t raw[sizeof(T)];
  StoreLe(raw, value);
  out.append(AsChars(raw));
}

}  // namespace

std::string EncodeLeaf(const LeafContent& content) {
  std::string out(kMagic);
  AppendLe(out, static_cast<uint16_t>(content.type));
  AppendLe(out, Count(content.time));
  for (const auto& [number, value] : content.fields) {
    AppendLe(out, number);
    AppendLe(out, static_cast<uint32_t>(value.size()));
    out += value;
  }
  return out;
}

StatusOr<LeafContent> DecodeLeaf(ByteSpan bytes) {
  if (bytes.size() < kHeaderBytes || !AsChars(bytes).starts_with(kMagic)) {
    return absl::InvalidArgumentError(
        absl::StrCat("leaf: ", bytes.size(), " bytes without the header of a leaf"));
  }
  LeafContent content;
  const uint16_t type = LoadLe<uint16_t>(bytes.data() + 8);
  if (type < 1 || type > static_cast<uint16_t>(kLeafTypeMax)) {
    return absl::InvalidArgumentError(
        absl::StrCat("leaf: type ", type, ", want 1 to ", static_cast<uint16_t>(kLeafTypeMax)));
  }
  content.type = static_cast<LeafType>(type);
  content.time = Micros{LoadLe<int64_t>(bytes.data() + 10)};
  size_t at = kHeaderBytes;
  int last_number = -1;
  while (at < bytes.size()) {
    if (bytes.size() - at < 6) return absl::InvalidArgumentError("leaf: cut inside a field's header");
    const uint16_t number = LoadLe<uint16_t>(bytes.data() + at);
    const uint32_t length = LoadLe<uint32_t>(bytes.data() + at + 2);
    at += 6;
    if (number <= last_number)
      return absl::InvalidArgumentError(absl::StrCat("leaf: field ", number, " out of order"));
    if (length > bytes.size() - at) {
      return absl::InvalidArgumentError(
          absl::StrCat("leaf: field ", number, " of ", length, " bytes, ", bytes.size() - at, " left"));
    }
    content.fields.emplace(number, std::string(AsChars(bytes.subspan(at, length))));
    last_number = number;
    at += length;
  }
  return content;
}

Digest LeafHash(ByteSpan bytes) {
  Sha256Stream hash;
  const uint8_t prefix = 0x00;
  hash.Update({&prefix, 1});
  hash.Update(bytes);
  return hash.Finish();
}

}  // namespace prooflode::transparency
