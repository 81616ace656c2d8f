// Commits and receipts: what a miner signs, and what it must check before it reveals a proof. A receipt that
// does not check out means that the coordinator cannot be held to the order; keep it and do not reveal.
#pragma once

#include <string>
#include <string_view>

#include "base/crypto.h"
#include "base/status.h"
#include "prooflode/v1/miner_service.pb.h"
#include "transparency/log_keys.h"

namespace prooflode::client {

// One commit of ours: everything but the request id.
struct Commit {
  std::string market;
  v1::Attempt attempt;  // as admitted: ids and fence are taken from it
  Digest commit_hash{};
  Signature signature{};
  // What opens it, and whether the commit shows that: then its leaf must have it.
  Digest proof_hash{};
  Digest nonce{};
  bool shows_proof = false;
};

// `nonce` are 32 fresh random bytes, to be kept until the reveal. `proof` and `public_inputs` in wire form.
// kInvalidArgument when ids of the attempt have wrong lengths.
StatusOr<Commit> MakeCommit(const SigningKey& key, const std::string& market, const v1::Attempt& attempt,
                            std::string_view proof, std::string_view public_inputs, const Digest& nonce);
v1::CommitProofRequest CommitRequest(const Commit& commit);

// The receipt as a value: signed by one of the log's keys for this market, its leaf exactly our commit, and
// the inclusion proof leads from the leaf to the signed root. kDataLoss says what is wrong.
StatusOr<transparency::Receipt> CheckedReceipt(const v1::Receipt& receipt, const Commit& commit,
                                               const PublicKey& miner, const transparency::LogKeys& keys);

}  // namespace prooflode::client
