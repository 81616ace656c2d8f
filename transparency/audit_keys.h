// The part of an audit that follows who signs for the log: every start names its key, and another key than
// before needs a handover that both have signed over the log as it is then. transparency/audit.h is what
// callers use.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "transparency/audit.h"
#include "transparency/leaf.h"
#include "transparency/log_keys.h"

namespace prooflode::transparency {

class KeyAudit {
 public:
  explicit KeyAudit(std::function<void(Finding)> find) : find_(std::move(find)) {}

  // A leaf that starts the coordinator, and the root of the log before it.
  void Start(uint64_t index, const Digest& root_before, const LeafContent& leaf);
  // As the log has them; nullopt before the first start.
  std::optional<LogKeys> keys() const;

 private:
  // Goes on to `key` if both have signed so; what is wrong with it, empty where nothing is.
  std::string Follow(uint64_t index, const Digest& root_before, const LeafContent& leaf,
                     const PublicKey& key);

  const std::function<void(Finding)> find_;
  std::string market_;
  std::optional<PublicKey> current_;
  std::vector<KeyHandover> handovers_;
};

}  // namespace prooflode::transparency
