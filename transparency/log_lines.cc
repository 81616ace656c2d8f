#include "transparency/log_lines.h"

#include <nlohmann/json.hpp>

#include "transparency/note.h"

namespace prooflode::transparency {

StatusOr<LogLine> ParseLogLine(std::string_view line) {
  const auto bad = [](std::string_view what) { return absl::InvalidArgumentError(Sv(what)); };
  if (line.size() > kLogLineBytesMax) return bad("longer than 64 MiB");
  const nlohmann::json json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return bad("want one JSON object");
  const auto index = json.find("leaf_index");
  const auto leaf = json.find("leaf");
  const auto hash = json.find("leaf_hash");
  if (index == json.end() || !index->is_number_unsigned()) return bad("leaf_index: want a number");
  if (leaf == json.end() || !leaf->is_string()) return bad("leaf: want base64");
  if (hash == json.end() || !hash->is_string()) return bad("leaf_hash: want 64 hexadecimal digits");
  LogLine out{.leaf_index = index->get<uint64_t>()};
  StatusOr<std::string> bytes = Base64Decode(leaf->get<std::string>());
  if (!bytes.ok()) return bad("leaf: want base64");
  out.leaf = *std::move(bytes);
  const std::optional<Digest> digest = DigestFromHex(hash->get<std::string>());
  if (!digest) return bad("leaf_hash: want 64 hexadecimal digits");
  out.said_hash = *digest;
  const auto proof = json.find("proof");
  if (proof == json.end()) return out;
  if (proof->is_string()) out.proof = HexDecode(proof->get<std::string>());
  if (!out.proof) return bad("proof: want hexadecimal digits");
  return out;
}

}  // namespace prooflode::transparency
