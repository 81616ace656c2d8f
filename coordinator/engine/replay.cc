#include "coordinator/engine/replay.h"

#include "coordinator/engine/command_codec.h"
#include "transparency/merkle.h"

namespace prooflode::engine {
namespace {

constexpr size_t kLeavesAtOnce = 1024;

Status Differs(const std::string& what) {
  return absl::DataLossError(absl::StrCat("replaying the log gives another ", what, " than is stored"));
}

Status ReplayLeaf(market::Market& market, const transparency::Leaf& leaf) {
  const auto wrong = [&](const std::string& what) {
    return absl::DataLossError(absl::StrCat("leaf ", leaf.index, ": ", what));
  };
  if (transparency::LeafHash(AsBytes(leaf.bytes)) != leaf.hash) return wrong("does not have its stored hash");
  const auto content = transparency::DecodeLeaf(AsBytes(leaf.bytes));
  if (!content.ok()) return Annotate(content.status(), absl::StrCat("leaf ", leaf.index));
  PL_ASSIGN_OR_RETURN(const market::Stamped stamped, DecodeCommand(*content, leaf.index));
  if (!market.Apply(stamped).changed) return wrong("the command changes nothing when it is replayed");
  LeafOutcome outcome;
  market::Changes changes = market.TakeChanges();
  for (const auto& id : changes.jobs) outcome.jobs.push_back(*market.FindJob(id));
  for (const auto& id : changes.attempts) outcome.attempts.push_back(*market.FindAttempt(id));
  outcome.transfers = std::move(changes.transfers);
  const std::map<uint16_t, std::string> replayed = EncodeOutcome(outcome);
  for (uint16_t number = 101; IsOutcomeField(number); ++number) {
    const auto logged = content->fields.find(number);
    const auto now = replayed.find(number);
    const std::string* left = logged == content->fields.end() ? nullptr : &logged->second;
    const std::string* right = now == replayed.end() ? nullptr : &now->second;
    if ((left == nullptr) != (right == nullptr) || (left != nullptr && *left != *right)) {
      return wrong("the command has another outcome when it is replayed");
    }
  }
  return absl::OkStatus();
}

Status CompareStates(const market::Market& replayed, const market::Market& stored) {
  if (replayed.circuits() != stored.circuits()) return Differs("set of circuits");
  if (replayed.jobs().size() != stored.jobs().size()) return Differs("number of jobs");
  for (const auto& [id, job] : replayed.jobs()) {
    const market::Job* row = stored.FindJob(id);
    if (row == nullptr || *row != job) return Differs(absl::StrCat("job ", HexEncode(id.bytes)));
    const auto attempts = replayed.AttemptsOf(id);
    if (attempts.size() != stored.AttemptsOf(id).size()) return Differs("number of attempts");
    for (const market::Attempt* attempt : attempts) {
      const market::Attempt* other = stored.FindAttempt(attempt->id);
      if (other == nullptr || *other != *attempt) {
        return Differs(absl::StrCat("attempt ", HexEncode(attempt->id.bytes)));
      }
    }
  }
  if (replayed.ledger().balances() != stored.ledger().balances()) return Differs("set of balances");
  if (replayed.ledger().transfer_count() != stored.ledger().transfer_count()) {
    return Differs("number of transfers");
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<ReplayReport> CheckByReplay(Store& store, const market::Rules& rules) {
  market::Market stored(rules);
  std::vector<Digest> hashes;
  PL_RETURN_IF_ERROR(store.Load(stored, hashes));
  market::Market replayed(rules);
  transparency::MerkleTree tree;
  while (tree.size() < hashes.size()) {
    PL_ASSIGN_OR_RETURN(const auto leaves, store.ReadLeaves(tree.size(), kLeavesAtOnce));
    if (leaves.empty()) return Differs("number of leaves");
    for (const transparency::Leaf& leaf : leaves) {
      if (leaf.index != tree.size()) return Differs("order of leaves");
      PL_RETURN_IF_ERROR(ReplayLeaf(replayed, leaf));
      tree.Append(leaf.hash);
    }
  }
  PL_RETURN_IF_ERROR(CompareStates(replayed, stored));
  return ReplayReport{.leaf_count = tree.size(),
                      .root = tree.Root(),
                      .circuit_count = stored.circuits().size(),
                      .job_count = stored.jobs().size(),
                      .transfer_count = stored.ledger().transfer_count()};
}

}  // namespace prooflode::engine
