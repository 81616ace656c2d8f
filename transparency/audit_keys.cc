#include "transparency/audit_keys.h"

#include <algorithm>

namespace prooflode::transparency {
namespace {

constexpr uint16_t kRoot = 41, kMarketName = 81, kKey = 95, kRetired = 96, kByRetired = 97, kBySuccessor = 98,
                   kTreeSize = 99;

constexpr uint16_t kHandoverFields[] = {kRoot, kRetired, kByRetired, kBySuccessor, kTreeSize};

template <size_t n>
bool Copy(const LeafContent& leaf, uint16_t number, std::array<uint8_t, n>& out) {
  const auto field = leaf.fields.find(number);
  if (field == leaf.fields.end() || field->second.size() != n) return false;
  std::copy(field->second.begin(), field->second.end(), out.begin());
  return true;
}

}  // namespace

void KeyAudit::Start(uint64_t index, const Digest& root_before, const LeafContent& leaf) {
  const auto name = leaf.fields.find(kMarketName);
  PublicKey key{};
  if (name == leaf.fields.end() || !Copy(leaf, kKey, key)) {
    return find_({"leaf-malformed", "a start without a name or a key", index, ""});
  }
  market_ = name->second;
  if (const std::string why = Follow(index, root_before, leaf, key); !why.empty()) {
    find_({"key-changed", absl::StrCat("the key ", HexEncode(key), " starts to sign: ", why), index, ""});
  }
}

// A handover that both have signed leads on even where it is of another log, so that what the next key has
// signed can be read as evidence.
std::string KeyAudit::Follow(uint64_t index, const Digest& root_before, const LeafContent& leaf,
                             const PublicKey& key) {
  const bool said = std::any_of(std::begin(kHandoverFields), std::end(kHandoverFields),
                                [&](uint16_t number) { return leaf.fields.contains(number); });
  if (!current_ || *current_ == key) {
    current_ = key;
    return said ? "it takes over from nobody" : "";
  }
  if (!said) return absl::StrCat("it does not say that ", HexEncode(*current_), " has handed the log over");
  KeyHandover handover{.successor = key};
  std::array<uint8_t, sizeof(uint64_t)> size{};
  const bool whole = Copy(leaf, kRetired, handover.retired) && Copy(leaf, kRoot, handover.root) &&
                     Copy(leaf, kByRetired, handover.by_retired) &&
                     Copy(leaf, kBySuccessor, handover.by_successor) && Copy(leaf, kTreeSize, size);
  if (!whole) return "a part of the handover is missing";
  handover.tree_size = LoadLe<uint64_t>(size.data());
  if (handover.retired != *current_) return "it was handed over by another key than the log's";
  handovers_.push_back(handover);
  if (const Status right = LogKeys::Create(market_, key, handovers_).status(); !right.ok()) {
    handovers_.pop_back();
    return std::string(right.message());
  }
  current_ = key;
  return handover.tree_size == index && handover.root == root_before ? "" : "another log was handed over";
}

std::optional<LogKeys> KeyAudit::keys() const {
  if (!current_) return std::nullopt;
  const StatusOr<LogKeys> keys = LogKeys::Create(market_, *current_, handovers_);
  return keys.ok() ? std::optional(*keys) : std::nullopt;
}

}  // namespace prooflode::transparency
