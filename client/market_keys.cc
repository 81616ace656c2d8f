#include "client/market_keys.h"

#include <algorithm>

namespace prooflode::client {
namespace {

template <size_t n>
bool Copy(const std::string& bytes, std::array<uint8_t, n>& out) {
  if (bytes.size() != n) return false;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return true;
}

}  // namespace

StatusOr<transparency::LogKeys> KeysOf(const v1::GetMarketResponse& market) {
  PublicKey current{};
  if (!Copy(market.coordinator_key(), current)) {
    return absl::DataLossError(absl::StrCat(
        "GetMarketResponse.coordinator_key: ", market.coordinator_key().size(), " bytes, want 32"));
  }
  std::vector<KeyHandover> handovers;
  for (const v1::KeyHandover& said : market.key_handovers()) {
    KeyHandover& handover = handovers.emplace_back();
    handover.tree_size = said.tree_size();
    const bool well_formed =
        Copy(said.retired_key(), handover.retired) && Copy(said.successor_key(), handover.successor) &&
        Copy(said.root_hash(), handover.root) && Copy(said.retired_signature(), handover.by_retired) &&
        Copy(said.successor_signature(), handover.by_successor);
    if (!well_formed) {
      return absl::DataLossError(
          "GetMarketResponse.key_handovers: a key, root or signature of a wrong length");
    }
  }
  StatusOr<transparency::LogKeys> keys = transparency::LogKeys::Create(market.market(), current, handovers);
  if (!keys.ok()) return absl::DataLossError(absl::StrCat("GetMarketResponse: ", keys.status().message()));
  return keys;
}

}  // namespace prooflode::client
