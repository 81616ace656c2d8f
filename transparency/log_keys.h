// The keys that one log has been signed with. An operator who changes the coordinator's key hands the log
// over: the retired key and its successor both sign who follows whom at which tree (docs/formats/log.md,
// "Keys"), so whoever trusts any key of the log can tell which key signs for it now, and what was signed
// before still counts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/key_handover.h"
#include "base/status.h"
#include "transparency/checkpoint.h"
#include "transparency/receipt.h"

namespace prooflode::transparency {

inline constexpr size_t kKeyHandoversMax = 256;

// `retiring` and `successor` differ.
KeyHandover HandOver(std::string_view market, const TreeHead& log, const SigningKey& retiring,
                     const SigningKey& successor);

// Both signatures, over `market`'s log. kUnauthenticated names the one that is wrong; kInvalidArgument for a
// key that follows itself or an empty log.
Status CheckHandover(std::string_view market, const KeyHandover& handover);

// One line of JSON that shows it to others: with the market's name and everything that is signed.
std::string HandoverLine(std::string_view market, const KeyHandover& handover);

class LogKeys {
 public:
  // The first key's handover first. kInvalidArgument or kUnauthenticated unless each is right, follows the
  // one before at a larger log, none leads back to an earlier key, and the last leads to `current`.
  static StatusOr<LogKeys> Create(std::string_view market, const PublicKey& current,
                                  const std::vector<KeyHandover>& handovers = {});

  const std::string& market() const { return market_; }
  const NoteKey& current() const { return keys_.back().key; }
  // Whether `key` is the log's, now or before.
  bool Has(const PublicKey& key) const { return Find(key) != nullptr; }
  // Of all keys, the first one first.
  std::vector<NoteKey> All() const;
  // Each says a tree of the log that both of its keys have signed.
  const std::vector<KeyHandover>& handovers() const { return handovers_; }

  // Whether `key` was retired when the log had fewer leaves. What such a key signs of a larger log is no
  // promise of who has the log now: it is believed by nobody. It may still show that the log was handed over
  // as it had been before, so auditors look at it all the same.
  bool IsLate(const PublicKey& key, uint64_t tree_size) const;

  // As OpenCheckpoint, by whichever of the keys has signed it. kUnauthenticated for what is late.
  StatusOr<OpenedCheckpoint> Open(std::string_view bytes, const std::vector<NoteKey>& witnesses = {}) const;
  // The same, late or not.
  StatusOr<OpenedCheckpoint> OpenLate(std::string_view bytes,
                                      const std::vector<NoteKey>& witnesses = {}) const;
  // As transparency::CheckReceipt, of a receipt of this market and one of these keys. kUnauthenticated for
  // another's, and for what is late.
  Status CheckReceipt(const Receipt& receipt) const;

 private:
  struct Entry {
    NoteKey key;
    uint64_t tree_size_max = UINT64_MAX;  // that it signs
  };
  LogKeys() = default;
  const Entry* Find(const PublicKey& key) const;

  std::string market_;
  std::vector<Entry> keys_;  // at least one
  std::vector<KeyHandover> handovers_;
};

}  // namespace prooflode::transparency
