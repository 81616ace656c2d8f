// Commands as leaves of the log and back. A leaf holds the stamped command (who asked, under which request
// id, time, entropy, the command's own fields) and what came of it, so that replaying the log gives the same
// state and an auditor needs nothing else. Field numbers: docs/formats/log.md.
#pragma once

#include <vector>

#include "base/status.h"
#include "coordinator/ledger/ledger.h"
#include "coordinator/market/commands.h"
#include "transparency/leaf.h"

namespace prooflode::engine {

// What a command changed, for the leaf: each as it is after the command.
struct LeafOutcome {
  std::vector<market::Job> jobs;
  std::vector<market::Attempt> attempts;
  std::vector<ledger::Transfer> transfers;
  std::vector<market::DrawRecord> draws;
};

transparency::LeafContent EncodeCommand(const market::Stamped& stamped, const LeafOutcome& outcome);

// The inverse for the command; the outcome's fields are not interpreted. kDataLoss unless the fields are
// exactly those that EncodeCommand writes for some command. `leaf_index` is where the leaf stands.
StatusOr<market::Stamped> DecodeCommand(const transparency::LeafContent& content, uint64_t leaf_index);

// The outcome's fields (numbers 101 to 104) that EncodeCommand writes: a replay compares them with a leaf's.
std::map<uint16_t, std::string> EncodeOutcome(const LeafOutcome& outcome);
bool IsOutcomeField(uint16_t number);

}  // namespace prooflode::engine
