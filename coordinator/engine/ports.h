// What the engine needs from the rest of the coordinator; others implement it.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/key_handover.h"
#include "base/status.h"
#include "coordinator/market/commands.h"
#include "coordinator/market/market.h"
#include "transparency/leaf.h"

namespace prooflode::engine {

// The first answer to (identity, request id), kept so that a retry gets it again. `answer` is EncodeAnswer's
// bytes.
struct StoredAnswer {
  market::Identity identity{};
  std::string request_id;
  Digest content{};  // SHA-256 of the request's meaning: a repeat with other content is refused
  Micros time{};     // of the command
  std::string answer;
  friend bool operator==(const StoredAnswer&, const StoredAnswer&) = default;
};

// One group commit: everything that a batch of commands changed. Written in one transaction, or not at all.
struct Batch {
  std::vector<transparency::Leaf> leaves;  // dense, following what is stored
  std::vector<market::Circuit> circuits;
  std::vector<market::Job> jobs;
  std::vector<market::Attempt> attempts;
  std::vector<market::Candidacy> candidacies;
  std::vector<std::pair<market::JobId, market::Identity>> candidacies_over;  // rows to delete, if there
  std::vector<market::Standing> standings;
  std::vector<std::pair<ledger::AccountName, Amount>> balances;
  std::vector<ledger::Transfer> transfers;
  std::vector<StoredAnswer> answers;
  std::vector<market::Withdrawal> withdrawals;
  std::vector<market::Suspension> suspensions;
  std::optional<KeyHandover> handover;

  bool empty() const { return leaves.empty() && answers.empty(); }
};

// A part of what moved on a key's accounts, for a statement.
struct StatementQuery {
  std::string hex_key;
  Micros from{};          // first time that belongs to it
  Micros until{};         // first that does not
  uint64_t after_id = 0;  // transfers behind this one alone
  size_t count_max = 0;
};
struct StatementRows {
  std::vector<Amount> before;  // of each of ledger::AccountsOf(hex_key), before all that the query asks for
  std::vector<ledger::Transfer> transfers;  // the oldest first
};

// Durable state. Used by the engine thread alone, but for the const readers, which are thread-safe. After an
// error of Write the coordinator must stop: what is on disk is unknown.
class Store {
 public:
  virtual ~Store() = default;
  // Fills `market` and gives the leaf hashes so far, in order.
  virtual Status Load(market::Market& market, std::vector<Digest>& leaf_hashes) = 0;
  // How the log came to its key, the first handover first.
  virtual StatusOr<std::vector<KeyHandover>> LoadHandovers() = 0;
  virtual Status Write(const Batch& batch) = 0;
  virtual StatusOr<std::optional<StoredAnswer>> FindAnswer(const market::Identity& identity,
                                                           const std::string& request_id) const = 0;
  // At most `count_max` leaves from index `from` on, in order; none past the end.
  // With the proofs beside them that are still there.
  virtual StatusOr<std::vector<transparency::Leaf>> ReadLeaves(uint64_t from, size_t count_max) const = 0;
  // The proof beside a leaf; nullopt where there is none, or none any more.
  StatusOr<std::optional<std::string>> ReadProof(market::LeafIndex leaf) const {
    PL_ASSIGN_OR_RETURN(auto leaves, ReadLeaves(leaf, 1));
    if (leaves.size() != 1) return absl::DataLossError(absl::StrCat("leaf ", leaf, ": not in the store"));
    return std::move(leaves[0].proof);
  }
  // Deletes the proofs beside these leaves, where there are any, and makes durable that those of jobs which
  // ended before `kept_from` may be gone; all of it or nothing. The time never falls. An error means that
  // what is on disk is unknown, here without harm: it may be asked again.
  virtual Status DeleteProofs(Micros kept_from, const std::vector<market::LeafIndex>& leaves) = 0;
  // 0 before the first deletion.
  virtual StatusOr<Micros> LoadProofsKeptFrom() = 0;
  // Newest first: transfers that name one of this identity's accounts, with an id below `before_id` (0 for
  // the newest).
  virtual StatusOr<std::vector<ledger::Transfer>> ReadTransfers(const std::string& hex_key,
                                                                uint64_t before_id,
                                                                size_t count_max) const = 0;
  // kInternal where what moved before does not fit 63 bits. Cost: linear in the transfers of the key before
  // it.
  virtual StatusOr<StatementRows> ReadStatement(const StatementQuery& query) const = 0;
};

// Verifies revealed proofs. The engine has a bounded number of requests out at once, lowest commit leaf
// first.
class ProofChecker {
 public:
  virtual ~ProofChecker() = default;
  struct Request {
    market::AttemptId attempt{};
    market::JobId job{};
    market::LeafIndex commit_leaf = 0;  // cheaper claims first: log order among those at hand
    Digest verifying_key_digest{};
    std::string verification_key_json;
    std::string public_inputs;
    std::string proof;
  };
  // Of the code that decides, at least 1; every verdict in the log carries it.
  virtual uint32_t version() const = 0;
  // Calls `done` exactly once, later, on any thread.
  virtual void Check(Request request, std::function<void(bool valid)> done) = 0;
};

// Tells sessions and watchers, after the batch is durable. Called on the engine thread; must not block.
// `market` is the durable state that the effects led to, to be read during the call only.
class Outbox {
 public:
  virtual ~Outbox() = default;
  virtual void Publish(const market::Market& market, const std::vector<market::Effect>& effects) = 0;
};

}  // namespace prooflode::engine
