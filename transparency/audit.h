// Judges a whole log by what the market promises, without trusting who wrote it: every commit is its miner's,
// every verdict is right, the proof is delivered with the first valid one, the earliest valid commit is paid,
// once, after every earlier one was decided, money is neither made nor lost, and time does not go back. Then
// holds the log against what was signed of it: receipts of commits, checkpoints, and other signed roots. Each
// broken promise is a finding with a name (docs/audit.md lists them).
//
// Pure: leaves and evidence come as bytes, proofs are judged by whoever asks. Memory: 100 bytes a leaf, and
// what is known of each job and attempt. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "transparency/leaf.h"
#include "transparency/log_keys.h"
#include "transparency/merkle.h"
#include "transparency/receipt.h"

namespace prooflode::transparency {

// What an audit needs to know of proof systems.
class ProofJudge {
 public:
  virtual ~ProofJudge() = default;
  // SHA-256 that names the key (docs/formats/statement.md); nullopt for what is no key.
  virtual std::optional<Digest> KeyDigest(const std::string& verification_key_json) = 0;
  // Whether `proof` is right, in wire form; nullopt where it cannot be said.
  virtual std::optional<bool> IsRight(const std::string& verification_key_json,
                                      const std::string& public_inputs, const std::string& proof) = 0;
};

struct Finding {
  std::string fraud;  // "paid-to-another"
  std::string what;   // in words
  std::optional<uint64_t> leaf;
  std::string job;  // hexadecimal; empty where it is about the whole log

  bool operator==(const Finding&) const = default;
};

// A root that the coordinator has signed, and where that was seen.
struct SignedHead {
  TreeHead head;
  std::string source;  // "checkpoint FILE", "receipt FILE:7"
  bool late = false;   // by a key that was retired at fewer leaves (transparency/log_keys.h)
};

struct AuditOptions {
  // Judges verdicts; none: they are believed. Must outlive the audit.
  ProofJudge* judge = nullptr;
  // One job's id in hexadecimal: verdicts of others are believed, and findings about others left out.
  std::string job;
  // Leaves are hashed and held against evidence, and nothing else.
  bool history_only = false;
};

struct AuditReport {
  TreeHead log;
  uint64_t jobs = 0;  // of those asked for, as all below
  uint64_t paid = 0;
  uint64_t refunded = 0;
  uint64_t unfinished = 0;
  uint64_t commits = 0;
  uint64_t verdicts_judged = 0;
  uint64_t verdicts_not_judged = 0;                  // although they were to be: their proofs are deleted
  std::map<uint32_t, uint64_t> verdicts_by_version;  // of the verifier that decided, as the leaves tell
  uint64_t receipts = 0;
  uint64_t signed_heads = 0;
  std::vector<Finding> findings;  // in the order of leaves, those about evidence last; of each kind of
                                  // fraud at most kFindingsMax

  static constexpr size_t kFindingsMax = 100;
};

class LogAudit {
 public:
  explicit LogAudit(const AuditOptions& options);
  ~LogAudit();

  // The next leaf. `index` is what its source says (a gap is a finding), `said_hash` too where it says one.
  // `proof`: what lies beside it.
  void AddLeaf(uint64_t index, const std::string& bytes, const std::optional<Digest>& said_hash = {},
               const std::optional<std::string>& proof = {});
  // Evidence, in any order, before Finish. The receipt has passed CheckReceipt, the head's signature is
  // right; `late` as in SignedHead.
  void AddReceipt(const Receipt& receipt, const std::string& source, bool late = false);
  void AddHead(const SignedHead& head);
  // A key that must be the log's, now or before.
  void ExpectKey(const PublicKey& key) { expected_keys_.insert(key); }
  // The keys of the log as far as it was read; nullopt before its first start.
  std::optional<LogKeys> keys() const;
  // Once, at the end.
  AuditReport Finish();

  // Whether a job of this id (hexadecimal) was posted so far.
  bool KnowsJob(const std::string& job) const;

 private:
  void JudgeHeads();
  struct KeptReceipt {
    Receipt receipt;
    std::string source;
    bool late = false;
  };
  void JudgeReceipt(const KeptReceipt& kept);
  void Add(Finding finding);

  const AuditOptions options_;
  AuditReport report_;
  std::map<std::string, size_t> found_;  // by kind of fraud
  MerkleTree tree_;
  uint64_t missing_ = 0;  // what the source's last index was ahead of its place; wraps where it was behind
  std::vector<SignedHead> heads_;
  std::vector<KeptReceipt> receipts_;
  std::set<PublicKey> expected_keys_;
  std::map<uint64_t, std::string> commits_;         // leaf's index -> attempt
  std::map<std::string, uint64_t> commit_leaf_of_;  // by attempt
  std::unique_ptr<class KeyAudit> keys_;
  std::unique_ptr<class MarketAudit> market_;
};

}  // namespace prooflode::transparency
