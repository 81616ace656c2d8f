#include "transparency/receipt.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "transparency/leaf.h"
#include "transparency/note.h"
#include "transparency/signing.h"

namespace prooflode::transparency {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kLineBytesMax = size_t{4} << 20;
constexpr size_t kProofNodesMax = 64;

Status Bad(std::string_view member, std::string_view wanted) {
  return absl::InvalidArgumentError(absl::StrCat("receipt.", Sv(member), ": want ", Sv(wanted)));
}

StatusOr<std::string> TextOf(const Json& json, const char* member) {
  const auto found = json.find(member);
  if (found == json.end() || !found->is_string()) return Bad(member, "a text");
  return found->get<std::string>();
}

StatusOr<uint64_t> NumberOf(const Json& json, const char* member) {
  const auto found = json.find(member);
  if (found == json.end() || !found->is_number_unsigned()) return Bad(member, "a number");
  return found->get<uint64_t>();
}

template <size_t n>
Status HexOf(const Json& json, const char* member, std::array<uint8_t, n>& out) {
  PL_ASSIGN_OR_RETURN(const std::string text, TextOf(json, member));
  const std::optional<std::string> bytes = HexDecode(text);
  if (!bytes || bytes->size() != n) return Bad(member, absl::StrCat(2 * n, " hexadecimal digits"));
  std::memcpy(out.data(), bytes->data(), n);
  return absl::OkStatus();
}

StatusOr<std::string> Base64Of(const Json& json, const char* member) {
  PL_ASSIGN_OR_RETURN(const std::string text, TextOf(json, member));
  StatusOr<std::string> bytes = Base64Decode(text);
  if (!bytes.ok()) return Bad(member, "base64");
  return bytes;
}

}  // namespace

Status CheckReceipt(const Receipt& receipt) {
  ReceiptStatement statement;
  statement.market = receipt.market;
  statement.leaf_index = receipt.leaf_index;
  statement.leaf_hash = LeafHash(AsBytes(receipt.leaf));
  statement.tree_size = receipt.tree.size;
  statement.root = receipt.tree.root;
  if (!VerifySignature(receipt.coordinator, kReceiptDomain, AsBytes(ReceiptMessage(statement)),
                       receipt.signature)) {
    return absl::DataLossError("receipt.signature: not the coordinator's over this leaf, size and root");
  }
  if (!VerifyInclusion(statement.leaf_hash, statement.leaf_index, statement.tree_size,
                       receipt.inclusion_proof, statement.root)) {
    return absl::DataLossError(absl::StrCat("receipt.inclusion_proof: does not lead from leaf ",
                                            receipt.leaf_index, " to the root of ", receipt.tree.size,
                                            " leaves"));
  }
  return absl::OkStatus();
}

std::string ReceiptLine(const Receipt& receipt) {
  std::string nodes;
  for (const Digest& node : receipt.inclusion_proof) nodes += AsChars(node);
  Json line;
  line["market"] = receipt.market;
  line["coordinator"] = HexEncode(receipt.coordinator);
  line["leaf_index"] = receipt.leaf_index;
  line["leaf"] = Base64Encode(AsBytes(receipt.leaf));
  line["tree_size"] = receipt.tree.size;
  line["root"] = HexEncode(receipt.tree.root);
  line["inclusion_proof"] = Base64Encode(AsBytes(nodes));
  line["signature"] = HexEncode(receipt.signature);
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

StatusOr<Receipt> ParseReceiptLine(std::string_view line) {
  if (line.size() > kLineBytesMax) return Bad("line", absl::StrCat("at most ", kLineBytesMax, " bytes"));
  const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Bad("line", "one JSON object");
  Receipt receipt;
  PL_ASSIGN_OR_RETURN(receipt.market, TextOf(json, "market"));
  PL_RETURN_IF_ERROR(HexOf(json, "coordinator", receipt.coordinator));
  PL_ASSIGN_OR_RETURN(receipt.leaf_index, NumberOf(json, "leaf_index"));
  PL_ASSIGN_OR_RETURN(receipt.leaf, Base64Of(json, "leaf"));
  PL_ASSIGN_OR_RETURN(receipt.tree.size, NumberOf(json, "tree_size"));
  PL_RETURN_IF_ERROR(HexOf(json, "root", receipt.tree.root));
  PL_ASSIGN_OR_RETURN(const std::string nodes, Base64Of(json, "inclusion_proof"));
  if (nodes.size() % sizeof(Digest) != 0 || nodes.size() > kProofNodesMax * sizeof(Digest)) {
    return Bad("inclusion_proof", "at most 64 nodes of 32 bytes");
  }
  receipt.inclusion_proof.resize(nodes.size() / sizeof(Digest));
  if (!nodes.empty()) std::memcpy(receipt.inclusion_proof.data(), nodes.data(), nodes.size());
  PL_RETURN_IF_ERROR(HexOf(json, "signature", receipt.signature));
  return receipt;
}

}  // namespace prooflode::transparency
