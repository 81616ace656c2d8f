// An honest log of one small race, leaf by leaf with real signatures, for tests that plant frauds in it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "transparency/audit.h"
#include "transparency/leaf_records.h"
#include "transparency/signing.h"

namespace prooflode::transparency {

// Proofs are right when they begin with V.
class FirstByteJudge final : public ProofJudge {
 public:
  std::optional<Digest> KeyDigest(const std::string& key) override { return Sha256(AsBytes(key)); }
  std::optional<bool> IsRight(const std::string&, const std::string&, const std::string& proof) override {
    return proof.starts_with("V");
  }
};

template <typename T>
std::string Le(T value) {
  std::string out(sizeof(T), '\0');
  StoreLe(reinterpret_cast<uint8_t*>(out.data()), value);
  return out;
}

inline std::string Str(const Digest& bytes) { return std::string(AsChars(bytes)); }

// Miners A and B race; A commits first, B reveals first and is delivered, A reveals and is paid.
class HonestLog {
 public:
  static constexpr size_t kPost = 3, kAdmitA = 4, kCommitA = 6, kCommitB = 7, kRevealB = 8, kVerdictB = 9,
                          kRevealA = 10, kVerdictA = 11, kSize = 12;

  HonestLog() {
    const Digest key_digest = Sha256(AsBytes(std::string("key")));
    const std::string r1cs(32, '\0'), zkey(32, 'z'), inputs(kInputs);
    const auto named = [&](const char* domain, const std::string& rest) {
      return Str(Sha256(AsBytes(std::string(domain) + '\0' + Str(key_digest) + rest)));
    };
    const std::string circuit = named("prooflode/v1/circuit", zkey + r1cs);
    Add(LeafType::kRestart, {{80, Le<int64_t>(0)},
                             {81, kMarket},
                             {82, Le<int64_t>(1'000'000)},
                             {95, Str(coordinator_.public_key())}});
    Add(LeafType::kRegisterCircuit, {{10, circuit}, {13, zkey}, {21, "key"}});
    Add(LeafType::kDeposit, {{70, requester_}, {71, Le<uint64_t>(100)}});
    Money(1, 1, 100, "external", Available(requester_), "");
    Add(LeafType::kPostJob, {{1, requester_},
                             {10, circuit},
                             {33, inputs},
                             {34, named("prooflode/v1/statement", inputs)},
                             {35, Le<uint64_t>(100)},
                             {39, std::string(1, '\0')}});
    Job(1);
    Money(2, 2, 100, Available(requester_), Escrow(), job_);
    Admit(a_, attempt_a_);
    Admit(b_, attempt_b_);
    Commit(a_, attempt_a_, kAdmitA, 'V');
    Commit(b_, attempt_b_, kAdmitA + 1, 'V');
    Reveal(b_, attempt_b_, kAdmitA + 1, 'V');
    Verdict(attempt_b_, true);
    Attempt(b_, attempt_b_, 4, kAdmitA + 1);
    Job(3, attempt_b_);
    Reveal(a_, attempt_a_, kAdmitA, 'V');
    Verdict(attempt_a_, true);
    Attempt(a_, attempt_a_, 5, kAdmitA);
    Attempt(b_, attempt_b_, 6, kAdmitA + 1);
    Money(3, 3, 100, Escrow(), Available(Str(a_.public_key())), job_);
    Job(4, attempt_b_, attempt_a_);
  }

  std::vector<LeafContent> leaves;
  std::map<size_t, std::string> proofs;  // beside the leaves, by index

  std::string job_hex() const { return HexEncode(AsBytes(job_)); }
  const SigningKey& miner_a() const { return a_; }
  const SigningKey& miner_b() const { return b_; }
  const std::string& attempt_a() const { return attempt_a_; }
  const SigningKey& coordinator() const { return coordinator_; }
  std::vector<std::string> Bytes() const {
    std::vector<std::string> bytes;
    for (const LeafContent& leaf : leaves) bytes.push_back(EncodeLeaf(leaf));
    return bytes;
  }
  // Of the log as it is now.
  TreeHead HeadAt(uint64_t size) const { return {size, Tree().RootAt(size)}; }
  Receipt ReceiptFor(size_t index) const {
    Receipt receipt{.market = kMarket, .coordinator = coordinator_.public_key(), .leaf_index = index};
    receipt.leaf = EncodeLeaf(leaves[index]);
    receipt.tree = HeadAt(index + 1);
    receipt.inclusion_proof = Tree().InclusionProofAt(index, index + 1);
    const std::string message = ReceiptMessage(
        {kMarket, index, LeafHash(AsBytes(receipt.leaf)), receipt.tree.size, receipt.tree.root});
    receipt.signature = coordinator_.Sign(kReceiptDomain, AsBytes(message));
    return receipt;
  }

  // A start under `next`, handed over by the key so far at the log as it is.
  void HandOverTo(const SigningKey& next) {
    const KeyHandover handover = HandOver(kMarket, HeadAt(leaves.size()), coordinator_, next);
    Add(LeafType::kRestart, {{41, Str(handover.root)},
                             {80, Le<int64_t>(0)},
                             {81, kMarket},
                             {82, Le<int64_t>(1'000'000)},
                             {95, Str(handover.successor)},
                             {96, Str(handover.retired)},
                             {97, std::string(AsChars(handover.by_retired))},
                             {98, std::string(AsChars(handover.by_successor))},
                             {99, Le<uint64_t>(handover.tree_size)}});
  }

  // For frauds: what a fraudulent coordinator would append.
  void Commit(const SigningKey& miner, const std::string& attempt, uint64_t fence, char proof) {
    const Digest hash = CommitHash(Opening(miner, attempt, proof));
    const std::string message =
        CommitMessage({kMarket, Id(job_), Id(attempt), fence, miner.public_key(), hash});
    Add(LeafType::kCommit, {{1, Str(miner.public_key())},
                            {50, attempt},
                            {51, Le<uint64_t>(fence)},
                            {52, Str(hash)},
                            {53, std::string(AsChars(miner.Sign(kCommitDomain, AsBytes(message))))}});
  }

  static constexpr char kMarket[] = "m";
  static inline const std::string kInputs = std::string(32, '\1');
  static std::string Proof(char filler) { return std::string(256, filler); }

  using Fields = std::map<uint16_t, std::string>;
  static std::array<uint8_t, 16> Id(const std::string& bytes) {
    std::array<uint8_t, 16> id{};
    std::copy_n(bytes.begin(), 16, id.begin());
    return id;
  }
  static std::string Available(const std::string& key) { return "available:" + HexEncode(AsBytes(key)); }
  std::string Escrow() const { return "escrow:" + HexEncode(AsBytes(requester_)); }
  const std::string& requester() const { return requester_; }
  MerkleTree Tree() const {
    MerkleTree tree;
    for (const LeafContent& leaf : leaves) tree.Append(LeafHash(AsBytes(EncodeLeaf(leaf))));
    return tree;
  }
  CommitOpening Opening(const SigningKey& miner, const std::string& attempt, char proof) {
    return {kMarket, Id(job_), Id(attempt), miner.public_key(), ProofHash(Proof(proof), kInputs), Digest{7}};
  }

  void Add(LeafType type, Fields fields) {
    leaves.push_back({type, Micros{static_cast<int64_t>(leaves.size()) * 1000}, std::move(fields)});
  }
  void Append(uint16_t field, const std::string& record) { leaves.back().fields[field] += record; }
  void Job(uint8_t state, const std::string& delivered = std::string(16, '\0'),
           const std::string& winning = std::string(16, '\0')) {
    Append(kJobRecordsField, job_ + Le(state) + Le<int64_t>(60'000'000) + delivered + winning);
  }
  void Attempt(const SigningKey& miner, const std::string& attempt, uint8_t state, uint64_t fence) {
    Append(kAttemptRecordsField, attempt + job_ + Str(miner.public_key()) + Le(state) + Le(uint8_t{0}) +
                                     Le(fence) + Le<int64_t>(0));
  }
  void Money(uint64_t id, uint8_t kind, uint64_t amount, const std::string& debit, const std::string& credit,
             const std::string& job) {
    const auto text = [](const std::string& t) { return Le(static_cast<uint16_t>(t.size())) + t; };
    Append(kTransferRecordsField,
           Le(id) + Le(kind) + Le(amount) + text(debit) + text(credit) + text(HexEncode(AsBytes(job))));
  }
  void Admit(const SigningKey& miner, const std::string& attempt) {
    const uint64_t fence = leaves.size();
    Add(LeafType::kAdmit, {{1, Str(miner.public_key())}, {30, job_}});
    Attempt(miner, attempt, 1, fence);
  }
  void Reveal(const SigningKey& miner, const std::string& attempt, uint64_t fence, char proof) {
    const CommitOpening opening = Opening(miner, attempt, proof);
    Add(LeafType::kReveal, {{1, Str(miner.public_key())},
                            {50, attempt},
                            {51, Le(fence)},
                            {54, Str(opening.proof_hash)},
                            {55, Str(opening.nonce)}});
    proofs[leaves.size() - 1] = Proof(proof);
  }
  void Verdict(const std::string& attempt, bool valid) {
    Add(LeafType::kVerdict,
        {{50, attempt}, {57, std::string(1, valid ? '\1' : '\0')}, {59, std::string("\7\0\0\0", 4)}});
  }

  SigningKey coordinator_ = SigningKey::FromSeed({9});
  SigningKey a_ = SigningKey::FromSeed({1});
  SigningKey b_ = SigningKey::FromSeed({2});
  std::string requester_ = std::string(32, 'r');
  std::string job_ = std::string(16, 'j');
  std::string attempt_a_ = std::string(16, 'a');
  std::string attempt_b_ = std::string(16, 'b');
};

}  // namespace prooflode::transparency
