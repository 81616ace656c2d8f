#include "client/receipt.h"

#include <cstring>
#include <utility>
#include <vector>

#include "client/log_client.h"
#include "transparency/leaf.h"
#include "transparency/signing.h"

namespace prooflode::client {
namespace {

// Fields of a commit's leaf; docs/formats/log.md.
constexpr uint16_t kIdentityField = 1;
constexpr uint16_t kAttemptField = 50;
constexpr uint16_t kFenceField = 51;
constexpr uint16_t kCommitHashField = 52;
constexpr uint16_t kSignatureField = 53;
constexpr uint16_t kProofHashField = 54;
constexpr uint16_t kNonceField = 55;
constexpr uint16_t kOpensField = 58;

template <size_t n>
Status Copy(const std::string& from, std::string_view name, std::array<uint8_t, n>& to) {
  if (from.size() != n) {
    return absl::InvalidArgumentError(absl::StrCat(Sv(name), ": ", from.size(), " bytes, want ", n));
  }
  std::memcpy(to.data(), from.data(), n);
  return absl::OkStatus();
}

Status CheckLeaf(const v1::Receipt& receipt, const Commit& commit, const PublicKey& miner) {
  PL_ASSIGN_OR_RETURN(const transparency::LeafContent leaf,
                      transparency::DecodeLeaf(AsBytes(receipt.leaf())));
  if (leaf.type != transparency::LeafType::kCommit) {
    return absl::DataLossError(
        absl::StrCat("receipt.leaf: of type ", static_cast<int>(leaf.type), ", want a commit"));
  }
  std::string fence(8, '\0');
  StoreLe(reinterpret_cast<uint8_t*>(fence.data()), commit.attempt.fence());
  std::vector<std::pair<uint16_t, std::string_view>> wanted = {
      {kIdentityField, AsChars(miner)},
      {kAttemptField, commit.attempt.attempt_id()},
      {kFenceField, fence},
      {kCommitHashField, AsChars(commit.commit_hash)},
      {kSignatureField, AsChars(commit.signature)}};
  if (commit.shows_proof) {
    wanted.insert(wanted.end(), {{kProofHashField, AsChars(commit.proof_hash)},
                                 {kNonceField, AsChars(commit.nonce)},
                                 {kOpensField, AsChars(commit.commit_hash)}});
  }
  for (const auto& [number, value] : wanted) {
    const auto field = leaf.fields.find(number);
    if (field == leaf.fields.end() || field->second != value) {
      return absl::DataLossError(absl::StrCat("receipt.leaf: field ", number, " is not that of our commit"));
    }
  }
  return absl::OkStatus();
}

// Form alone; the coordinator's key is left out.
StatusOr<transparency::Receipt> ReceiptOf(const v1::Receipt& receipt, const std::string& market) {
  transparency::Receipt out{.market = market, .leaf_index = receipt.leaf_index(), .leaf = receipt.leaf()};
  out.tree.size = receipt.tree_size();
  Status shape = Copy(receipt.root_hash(), "receipt.root_hash", out.tree.root);
  if (shape.ok()) shape = Copy(receipt.signature(), "receipt.signature", out.signature);
  if (!shape.ok()) return absl::DataLossError(shape.message());
  const auto nodes = ProofNodes(receipt.inclusion_proof());
  if (!nodes.ok()) return Annotate(nodes.status(), "receipt.inclusion_proof");
  out.inclusion_proof = *nodes;
  return out;
}

}  // namespace

StatusOr<Commit> MakeCommit(const SigningKey& key, const std::string& market, const v1::Attempt& attempt,
                            std::string_view proof, std::string_view public_inputs, const Digest& nonce) {
  Commit commit;
  commit.market = market;
  commit.attempt = attempt;
  transparency::CommitOpening opening;
  opening.market = market;
  PL_RETURN_IF_ERROR(Copy(attempt.job_id(), "attempt.job_id", opening.job));
  PL_RETURN_IF_ERROR(Copy(attempt.attempt_id(), "attempt.attempt_id", opening.attempt));
  opening.miner = key.public_key();
  opening.proof_hash = transparency::ProofHash(proof, public_inputs);
  opening.nonce = nonce;
  commit.commit_hash = transparency::CommitHash(opening);
  commit.proof_hash = opening.proof_hash;
  commit.nonce = nonce;
  const std::string message = transparency::CommitMessage(
      {market, opening.job, opening.attempt, attempt.fence(), opening.miner, commit.commit_hash});
  commit.signature = key.Sign(transparency::kCommitDomain, AsBytes(message));
  return commit;
}

v1::CommitProofRequest CommitRequest(const Commit& commit) {
  v1::CommitProofRequest request;
  request.set_attempt_id(commit.attempt.attempt_id());
  request.set_fence(commit.attempt.fence());
  request.set_commit_hash(std::string(AsChars(commit.commit_hash)));
  request.set_signature(std::string(AsChars(commit.signature)));
  return request;
}

StatusOr<transparency::Receipt> CheckedReceipt(const v1::Receipt& receipt, const Commit& commit,
                                               const PublicKey& miner, const transparency::LogKeys& keys) {
  PL_ASSIGN_OR_RETURN(transparency::Receipt value, ReceiptOf(receipt, commit.market));
  // What was sent just before a handover comes with the retired key's signature.
  const std::vector<transparency::NoteKey> all = keys.All();
  Status wrong;
  for (auto key = all.rbegin(); key != all.rend(); ++key) {
    value.coordinator = key->key;
    const Status checked = keys.CheckReceipt(value);
    if (key == all.rbegin()) wrong = checked;
    if (!checked.ok()) continue;
    const Status leaf = CheckLeaf(receipt, commit, miner);
    if (!leaf.ok()) return absl::DataLossError(leaf.message());
    return value;
  }
  return absl::DataLossError(wrong.message());
}

}  // namespace prooflode::client
