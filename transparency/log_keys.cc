#include "transparency/log_keys.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "transparency/signing.h"

namespace prooflode::transparency {
namespace {

std::string MessageOf(std::string_view market, const KeyHandover& handover) {
  return HandoverMessage({market, handover.tree_size, handover.root, handover.retired, handover.successor});
}

Status Late(std::string_view what, const PublicKey& key, uint64_t tree_size) {
  return absl::UnauthenticatedError(absl::StrCat(Sv(what), ": of ", tree_size, " leaves, but the key ",
                                                 HexEncode(key), " was retired at fewer"));
}

}  // namespace

KeyHandover HandOver(std::string_view market, const TreeHead& log, const SigningKey& retiring,
                     const SigningKey& successor) {
  PL_CHECK(retiring.public_key() != successor.public_key());
  KeyHandover handover{.retired = retiring.public_key(),
                       .successor = successor.public_key(),
                       .tree_size = log.size,
                       .root = log.root};
  const std::string message = MessageOf(market, handover);
  handover.by_retired = retiring.Sign(kKeyHandoverDomain, AsBytes(message));
  handover.by_successor = successor.Sign(kKeyHandoverDomain, AsBytes(message));
  return handover;
}

Status CheckHandover(std::string_view market, const KeyHandover& handover) {
  if (handover.retired == handover.successor) {
    return absl::InvalidArgumentError("key handover: a key cannot follow itself");
  }
  if (handover.tree_size == 0) return absl::InvalidArgumentError("key handover: of an empty log");
  const std::string message = MessageOf(market, handover);
  const std::pair<const PublicKey*, const Signature*> signatures[] = {
      {&handover.retired, &handover.by_retired}, {&handover.successor, &handover.by_successor}};
  for (const auto& [key, signature] : signatures) {
    if (VerifySignature(*key, kKeyHandoverDomain, AsBytes(message), *signature)) continue;
    return absl::UnauthenticatedError(absl::StrCat("key handover at ", handover.tree_size,
                                                   " leaves: no right signature of ", HexEncode(*key)));
  }
  return absl::OkStatus();
}

std::string HandoverLine(std::string_view market, const KeyHandover& handover) {
  const nlohmann::ordered_json line = {{"market", std::string(market)},
                                       {"tree_size", handover.tree_size},
                                       {"root_hash", HexEncode(handover.root)},
                                       {"retired_key", HexEncode(handover.retired)},
                                       {"successor_key", HexEncode(handover.successor)},
                                       {"retired_signature", HexEncode(handover.by_retired)},
                                       {"successor_signature", HexEncode(handover.by_successor)}};
  return line.dump();
}

StatusOr<LogKeys> LogKeys::Create(std::string_view market, const PublicKey& current,
                                  const std::vector<KeyHandover>& handovers) {
  if (handovers.size() > kKeyHandoversMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("key handovers: ", handovers.size(), ", want at most ", kKeyHandoversMax));
  }
  LogKeys keys;
  keys.market_ = std::string(market);
  keys.handovers_ = handovers;
  PL_ASSIGN_OR_RETURN(const NoteKey first,
                      LogKeyOf(market, handovers.empty() ? current : handovers.front().retired));
  keys.keys_.push_back({first});
  uint64_t tree_size = 0;
  for (const KeyHandover& handover : handovers) {
    PL_RETURN_IF_ERROR(CheckHandover(market, handover));
    const bool follows = handover.retired == keys.current().key && handover.tree_size > tree_size &&
                         !keys.Has(handover.successor);
    if (!follows) {
      return absl::InvalidArgumentError(
          absl::StrCat("key handover at ", handover.tree_size, " leaves: does not follow the one before"));
    }
    keys.keys_.back().tree_size_max = tree_size = handover.tree_size;
    PL_ASSIGN_OR_RETURN(const NoteKey next, LogKeyOf(market, handover.successor));
    keys.keys_.push_back({next});
  }
  if (keys.current().key != current) {
    return absl::InvalidArgumentError(absl::StrCat(
        "key handovers: lead to the key ", HexEncode(keys.current().key), ", not to ", HexEncode(current)));
  }
  return keys;
}

const LogKeys::Entry* LogKeys::Find(const PublicKey& key) const {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [&key](const Entry& entry) { return entry.key.key == key; });
  return found == keys_.end() ? nullptr : &*found;
}

std::vector<NoteKey> LogKeys::All() const {
  std::vector<NoteKey> all;
  for (const Entry& entry : keys_) all.push_back(entry.key);
  return all;
}

bool LogKeys::IsLate(const PublicKey& key, uint64_t tree_size) const {
  const Entry* entry = Find(key);
  return entry != nullptr && tree_size > entry->tree_size_max;
}

StatusOr<OpenedCheckpoint> LogKeys::OpenLate(std::string_view bytes,
                                             const std::vector<NoteKey>& witnesses) const {
  for (auto entry = keys_.rbegin(); entry != keys_.rend(); ++entry) {
    StatusOr<OpenedCheckpoint> opened = OpenCheckpoint(bytes, entry->key, witnesses);
    if (opened.ok() || !absl::IsUnauthenticated(opened.status())) return opened;
  }
  return OpenCheckpoint(bytes, current(), witnesses);  // says what is wrong
}

StatusOr<OpenedCheckpoint> LogKeys::Open(std::string_view bytes,
                                         const std::vector<NoteKey>& witnesses) const {
  PL_ASSIGN_OR_RETURN(OpenedCheckpoint opened, OpenLate(bytes, witnesses));
  const uint64_t size = opened.checkpoint.head.size;
  if (IsLate(opened.signer, size)) return Late("checkpoint", opened.signer, size);
  return opened;
}

Status LogKeys::CheckReceipt(const Receipt& receipt) const {
  if (receipt.market != market_ || !Has(receipt.coordinator)) {
    return absl::UnauthenticatedError(absl::StrCat("receipt: of the market ", receipt.market, " and the key ",
                                                   HexEncode(receipt.coordinator),
                                                   ", which are not this log's"));
  }
  PL_RETURN_IF_ERROR(transparency::CheckReceipt(receipt));
  const bool late = IsLate(receipt.coordinator, receipt.tree.size);
  return late ? Late("receipt", receipt.coordinator, receipt.tree.size) : absl::OkStatus();
}

}  // namespace prooflode::transparency
