#include "coordinator/engine/replay.h"

#include <algorithm>
#include <set>

#include "coordinator/engine/command_codec.h"
#include "coordinator/engine/opening.h"
#include "coordinator/market/rules.h"
#include "transparency/log_keys.h"
#include "transparency/merkle.h"
#include "transparency/signing.h"

namespace prooflode::engine {
namespace {

constexpr size_t kLeavesAtOnce = 1024;
constexpr size_t kTransfersAtOnce = 4096;
constexpr Micros kTimeMax{int64_t{1} << 60};  // some 36,000 years; sums of times and limits do not overflow
constexpr Micros kGraceMax = Seconds(3600);

Status Differs(const std::string& what) {
  return absl::DataLossError(absl::StrCat("replaying the log gives another ", what, " than is stored"));
}

// The market as the log gives it, and the transfers on the way.
struct Replay {
  market::Market market;
  transparency::MerkleTree tree;
  std::vector<ledger::Transfer> transfers;
  std::optional<PublicKey> key;
  std::vector<KeyHandover> handovers;
  Micros last_time{};
  uint64_t proofs = 0;                           // that are there
  std::vector<market::AttemptId> without_proof;  // although one was revealed
  bool may_delete = false;                       // a start so far keeps proofs for a time alone
  Micros kept_from{};                            // as the last start had it
};

// Another key signs only after a right handover of the log as it is.
std::string WhyWrongKey(const Replay& replay, const market::Restart& restart) {
  const bool changes = replay.key && *replay.key != restart.key;
  if (changes != restart.handover.has_value()) {
    return changes ? "another key starts to sign, and no handover says so" : "hands over to no other key";
  }
  if (!restart.handover) return "";
  if (restart.handover->retired != *replay.key) return "its handover retires another key than the log's";
  if (restart.handover->tree_size != replay.tree.size() || restart.handover->root != replay.tree.Root()) {
    return "its handover is of another log";
  }
  const Status right = transparency::CheckHandover(restart.rules.market, *restart.handover);
  return std::string(FromSv(right.message()));
}

// What Market::Apply may take for granted of an engine, and a damaged log need not keep. Empty when all is
// well.
std::string WhyImpossible(const Replay& replay, const market::Stamped& stamped) {
  if (stamped.now < replay.last_time) return "its time is before that of the leaf before";
  if (stamped.leaf_index == 0 && !std::holds_alternative<market::Restart>(stamped.command)) {
    return "no restart, want one first: it holds the rules";
  }
  if (stamped.now < Micros{} || stamped.now > kTimeMax) {
    return absl::StrCat("its time is ", Count(stamped.now), ", want 0 to ", Count(kTimeMax));
  }
  if (const auto* restart = std::get_if<market::Restart>(&stamped.command)) {
    if (const Status rules = market::CheckRules(restart->rules); !rules.ok()) {
      return std::string(FromSv(rules.message()));
    }
    if (restart->no_expiry_before > stamped.now + kGraceMax) {
      return absl::StrCat("nothing expires before ", Count(restart->no_expiry_before), ", want at most ",
                          Count(stamped.now + kGraceMax));
    }
    const Micros most = replay.may_delete ? stamped.now : Micros{};
    if (restart->proofs_kept_from < replay.kept_from || restart->proofs_kept_from > most) {
      return absl::StrCat("proofs are kept from ", Count(restart->proofs_kept_from), " on, want ",
                          Count(replay.kept_from), " to ", Count(most));
    }
    if (std::string why = WhyWrongKey(replay, *restart); !why.empty()) return why;
  }
  market::JobId id{};  // of whatever the command makes
  std::copy_n(stamped.entropy.begin(), id.bytes.size(), id.bytes.begin());
  if (std::holds_alternative<market::PostJob>(stamped.command) && replay.market.FindJob(id) != nullptr) {
    return "posts a job whose id there is already";
  }
  if (std::holds_alternative<market::AcceptOffer>(stamped.command) &&
      replay.market.FindAttempt({id.bytes}) != nullptr) {
    return "admits an attempt whose id there is already";
  }
  if (const auto* post = std::get_if<market::PostJob>(&stamped.command);
      post != nullptr && post->previous_root != replay.tree.Root()) {
    return "the root before it is another than it says";
  }
  if (!IsOpeningRight(replay.market, stamped.command)) {
    return "its proof and nonce do not give the commit hash it says they open";
  }
  return "";
}

Status CompareOutcome(const transparency::LeafContent& logged, const LeafOutcome& outcome) {
  const std::map<uint16_t, std::string> replayed = EncodeOutcome(outcome);
  for (uint16_t number = 101; IsOutcomeField(number); ++number) {
    const auto left = logged.fields.find(number);
    const auto right = replayed.find(number);
    const bool is_there = left != logged.fields.end();
    if (is_there != (right != replayed.end()) || (is_there && left->second != right->second)) {
      return absl::DataLossError("the command has another outcome when it is replayed");
    }
  }
  return absl::OkStatus();
}

// Notes whether the proof of a leaf that has its hash is there; one that is must be the right one.
Status CheckProof(Replay& replay, const market::Command& command, const std::optional<std::string>& proof) {
  const auto [id, opening] = FindOpening(command);
  if (opening == nullptr) {
    return proof ? absl::DataLossError("a proof lies beside it, and it names none") : absl::OkStatus();
  }
  if (!proof) {
    replay.without_proof.push_back(id);
    return absl::OkStatus();
  }
  ++replay.proofs;
  const market::Job& job = *replay.market.FindJob(replay.market.FindAttempt(id)->job);
  if (transparency::ProofHash(*proof, job.public_inputs) == opening->proof_hash) return absl::OkStatus();
  return absl::DataLossError("the proof beside it does not have the hash that it says");
}

// A proof is missing by right only where its job ended before those began that are kept.
Status CheckDeletions(const Replay& replay, Micros kept_from) {
  if (kept_from < replay.kept_from || (kept_from != Micros{} && !replay.may_delete)) {
    return Differs("time from which proofs are kept");
  }
  for (const market::AttemptId& id : replay.without_proof) {
    const market::Attempt& attempt = *replay.market.FindAttempt(id);
    const market::Job& job = *replay.market.FindJob(attempt.job);
    if (market::IsFinal(job.state) && job.settled_at < kept_from) continue;
    return absl::DataLossError(
        absl::StrCat("leaf ", attempt.proof_leaf, ": its proof is missing, and was not to be deleted"));
  }
  return absl::OkStatus();
}

Status ReplayLeaf(Replay& replay, const transparency::Leaf& leaf) {
  const std::string where = absl::StrCat("leaf ", leaf.index);
  const auto wrong = [&](const std::string& what) {
    return absl::DataLossError(absl::StrCat(where, ": ", what));
  };
  if (transparency::LeafHash(AsBytes(leaf.bytes)) != leaf.hash) return wrong("does not have its stored hash");
  const auto content = transparency::DecodeLeaf(AsBytes(leaf.bytes));
  if (!content.ok()) return Annotate(content.status(), where);
  PL_ASSIGN_OR_RETURN(const market::Stamped stamped, DecodeCommand(*content, leaf.index));
  if (const std::string why = WhyImpossible(replay, stamped); !why.empty()) return wrong(why);
  replay.last_time = stamped.now;
  if (const auto* restart = std::get_if<market::Restart>(&stamped.command)) {
    replay.key = restart->key;
    if (restart->handover) replay.handovers.push_back(*restart->handover);
    replay.may_delete = replay.may_delete || restart->rules.proof_retention != Micros{};
    replay.kept_from = restart->proofs_kept_from;
  }
  market::Market& market = replay.market;
  if (!market.Apply(stamped).changed) return wrong("the command changes nothing when it is replayed");
  PL_RETURN_IF_ERROR(Annotate(CheckProof(replay, stamped.command, leaf.proof), where));
  LeafOutcome outcome;
  market::Changes changes = market.TakeChanges();
  for (const auto& id : changes.jobs) outcome.jobs.push_back(*market.FindJob(id));
  for (const auto& id : changes.attempts) outcome.attempts.push_back(*market.FindAttempt(id));
  outcome.transfers = std::move(changes.transfers);
  outcome.draws = std::move(changes.draws);
  PL_RETURN_IF_ERROR(Annotate(CompareOutcome(*content, outcome), where));
  replay.transfers.insert(replay.transfers.end(), outcome.transfers.begin(), outcome.transfers.end());
  replay.tree.Append(leaf.hash);
  return absl::OkStatus();
}

// Every transfer names an account of some identity, so reading each identity's reads them all; a row beyond
// those is one too many.
Status CompareTransfers(const Replay& replay, const market::Market& stored, const Store& store) {
  if (replay.transfers.size() != stored.ledger().transfer_count()) return Differs("number of transfers");
  std::set<std::string> keys;
  for (const auto& [account, balance] : replay.market.ledger().balances()) {
    const size_t colon = account.find(':');
    if (colon != std::string::npos) keys.insert(account.substr(colon + 1));
  }
  std::set<uint64_t> seen;
  for (const std::string& key : keys) {
    uint64_t before = 0;
    while (true) {
      PL_ASSIGN_OR_RETURN(const auto rows, store.ReadTransfers(key, before, kTransfersAtOnce));
      for (const ledger::Transfer& row : rows) {
        if (row.id == 0 || row.id > replay.transfers.size() || row != replay.transfers[row.id - 1]) {
          return Differs(absl::StrCat("transfer ", row.id));
        }
        seen.insert(row.id);
      }
      if (rows.size() < kTransfersAtOnce) break;
      before = rows.back().id;
    }
  }
  return seen.size() == replay.transfers.size() ? absl::OkStatus() : Differs("set of transfers");
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
  if (replayed.withdrawals() != stored.withdrawals()) return Differs("set of withdrawals");
  if (replayed.suspensions() != stored.suspensions()) return Differs("set of suspensions");
  if (replayed.candidacies() != stored.candidacies()) return Differs("set of candidacies");
  if (replayed.standings() != stored.standings()) return Differs("set of miners' standings");
  if (replayed.ledger().balances() != stored.ledger().balances()) return Differs("set of balances");
  return absl::OkStatus();
}

}  // namespace

StatusOr<ReplayReport> CheckByReplay(Store& store, const std::function<void(const market::Market&)>& judge) {
  market::Market stored;
  std::vector<Digest> hashes;
  PL_RETURN_IF_ERROR(store.Load(stored, hashes));
  Replay replay;
  while (replay.tree.size() < hashes.size()) {
    PL_ASSIGN_OR_RETURN(const auto leaves, store.ReadLeaves(replay.tree.size(), kLeavesAtOnce));
    if (leaves.empty()) return Differs("number of leaves");
    for (const transparency::Leaf& leaf : leaves) {
      if (leaf.index != replay.tree.size()) return Differs("order of leaves");
      PL_RETURN_IF_ERROR(ReplayLeaf(replay, leaf));
    }
  }
  PL_RETURN_IF_ERROR(CompareStates(replay.market, stored));
  PL_ASSIGN_OR_RETURN(const Micros kept_from, store.LoadProofsKeptFrom());
  PL_RETURN_IF_ERROR(CheckDeletions(replay, kept_from));
  PL_ASSIGN_OR_RETURN(const std::vector<KeyHandover> handovers, store.LoadHandovers());
  if (handovers != replay.handovers) return Differs("list of key handovers");
  PL_RETURN_IF_ERROR(CompareTransfers(replay, stored, store));
  if (judge) judge(stored);
  return ReplayReport{.leaf_count = replay.tree.size(),
                      .root = replay.tree.Root(),
                      .circuit_count = stored.circuits().size(),
                      .job_count = stored.jobs().size(),
                      .transfer_count = stored.ledger().transfer_count(),
                      .proof_count = replay.proofs,
                      .deleted_proof_count = replay.without_proof.size()};
}

}  // namespace prooflode::engine
