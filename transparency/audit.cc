#include "transparency/audit.h"

#include <algorithm>

#include "transparency/audit_keys.h"
#include "transparency/audit_market.h"

namespace prooflode::transparency {
namespace {

constexpr uint16_t kAttemptField = 50;
constexpr size_t kTypeOffset = 8;  // of a leaf's bytes
constexpr char kLate[] = "signed-after-retirement";

bool IsStart(const std::string& leaf) {
  return leaf.size() >= kTypeOffset + sizeof(uint16_t) &&
         LoadLe<uint16_t>(AsBytes(leaf).data() + kTypeOffset) == static_cast<uint16_t>(LeafType::kRestart);
}

std::string AttemptOf(const LeafContent& leaf) {
  const auto it = leaf.fields.find(kAttemptField);
  return it == leaf.fields.end() ? std::string() : it->second;
}

std::string Short(const Digest& root) { return HexEncode(root).substr(0, 16); }

}  // namespace

LogAudit::LogAudit(const AuditOptions& options)
    : options_(options),
      keys_(std::make_unique<KeyAudit>([this](Finding finding) { Add(std::move(finding)); })),
      market_(std::make_unique<MarketAudit>(options_, [this](Finding finding) { Add(std::move(finding)); })) {
}

LogAudit::~LogAudit() = default;

void LogAudit::Add(Finding finding) {
  if (!options_.job.empty() && !finding.job.empty() && finding.job != options_.job) return;
  // A leaf that is missing is found at every later one, and must not hide what else is wrong.
  if (++found_[finding.fraud] <= AuditReport::kFindingsMax) report_.findings.push_back(std::move(finding));
}

void LogAudit::AddLeaf(uint64_t index, const std::string& bytes, const std::optional<Digest>& said_hash,
                       const std::optional<std::string>& proof) {
  const uint64_t place = tree_.size();
  // Where leaves are missing all later ones stand early: that is one finding, not one for each of them.
  const uint64_t due = place + missing_;
  if (index > due) {
    const std::string which = index == due + 1
                                  ? absl::StrCat("leaf ", due, " is missing")
                                  : absl::StrCat("leaves ", due, " to ", index - 1, " are missing");
    Add({"leaf-removed", which + "; those after it stand early", place, ""});
  } else if (index < due) {
    Add({"leaf-removed", absl::StrCat("leaf ", due, " should come, leaf ", index, " does"), place, ""});
  }
  missing_ = index - place;
  const Digest hash = LeafHash(AsBytes(bytes));
  if (said_hash && *said_hash != hash) {
    Add({"leaf-rewritten", "the leaf's bytes do not have the hash that is said of it", place, ""});
  }
  const Digest root_before = IsStart(bytes) ? tree_.Root() : Digest{};
  tree_.Append(hash);
  if (options_.history_only && !IsStart(bytes)) return;
  const StatusOr<LeafContent> leaf = DecodeLeaf(AsBytes(bytes));
  if (!leaf.ok()) {
    Add({"leaf-malformed", std::string(leaf.status().message()), place, ""});
    return;
  }
  if (leaf->type == LeafType::kRestart) keys_->Start(place, root_before, *leaf);
  if (options_.history_only) return;
  if (leaf->type == LeafType::kCommit) {
    commits_[place] = AttemptOf(*leaf);
    commit_leaf_of_.try_emplace(AttemptOf(*leaf), place);
  }
  market_->Apply(place, *leaf, proof);
}

void LogAudit::AddReceipt(const Receipt& receipt, const std::string& source, bool late) {
  receipts_.push_back({receipt, source, late});
}

std::optional<LogKeys> LogAudit::keys() const { return keys_->keys(); }

void LogAudit::AddHead(const SignedHead& head) { heads_.push_back(head); }

bool LogAudit::KnowsJob(const std::string& job) const { return market_->KnowsJob(job); }

void LogAudit::JudgeHeads() {
  std::stable_sort(heads_.begin(), heads_.end(),
                   [](const SignedHead& a, const SignedHead& b) { return a.head.size < b.head.size; });
  for (size_t i = 1; i < heads_.size(); ++i) {
    const SignedHead& a = heads_[i - 1];
    const SignedHead& b = heads_[i];
    if (a.head.size != b.head.size || a.head.root == b.head.root) continue;
    Add({a.late || b.late ? kLate : "two-histories",
         absl::StrCat(a.source, " and ", b.source, " are signed for different logs of ", a.head.size,
                      " leaves: roots ", Short(a.head.root), "… and ", Short(b.head.root), "…"),
         {},
         ""});
  }
  for (const SignedHead& signed_head : heads_) {
    const TreeHead& head = signed_head.head;
    if (head.size > tree_.size()) {
      Add({signed_head.late ? kLate : "log-cut",
           absl::StrCat(signed_head.source, " is signed for ", head.size, " leaves, the log has ",
                        tree_.size()),
           {},
           ""});
    } else if (tree_.RootAt(head.size) != head.root) {
      Add({signed_head.late ? kLate : "history-rewritten",
           absl::StrCat(signed_head.source, " is signed for ", head.size, " leaves with root ",
                        Short(head.root), "…, the log's first ", head.size, " leaves have ",
                        Short(tree_.RootAt(head.size)), "…"),
           {},
           ""});
    }
  }
}

void LogAudit::JudgeReceipt(const KeptReceipt& kept) {
  const auto& [receipt, source, late] = kept;
  const StatusOr<LeafContent> leaf = DecodeLeaf(AsBytes(receipt.leaf));
  if (!leaf.ok() || leaf->type != LeafType::kCommit) {
    Add({late ? kLate : "receipt-not-honoured", source + " is signed for a leaf that is no commit",
         receipt.leaf_index, ""});
    return;
  }
  const std::string attempt = AttemptOf(*leaf);
  const std::string job = market_->JobOf(attempt);
  if (!options_.job.empty() && job != options_.job) return;
  ++report_.receipts;
  const uint64_t place = receipt.leaf_index;
  const Digest hash = LeafHash(AsBytes(receipt.leaf));
  if (place < tree_.size() && tree_.LeafHashAt(place) == hash) return;
  const auto now = commit_leaf_of_.find(attempt);
  const std::string promised = absl::StrCat(source, " promises the commit of attempt ",
                                            HexEncode(AsBytes(attempt)), " at leaf ", place, "; ");
  if (now == commit_leaf_of_.end()) {
    Add({late ? kLate : "commit-dropped", promised + "it is nowhere in the log", place, job});
    return;
  }
  if (now->second == place) {
    Add({late ? kLate : "receipt-not-honoured", promised + "another content stands there", place, job});
    return;
  }
  const auto here = commits_.find(place);
  const bool rival = here != commits_.end() && market_->JobOf(here->second) == job;
  if (now->second > place && rival) {
    Add({late ? kLate : "commit-displaced",
         absl::StrCat(promised, "it stands at leaf ", now->second,
                      ", and in its place the commit of attempt ", HexEncode(AsBytes(here->second)),
                      " for the same job"),
         place, job});
    return;
  }
  Add({late ? kLate : "commit-moved", absl::StrCat(promised, "it stands at leaf ", now->second), place, job});
}

AuditReport LogAudit::Finish() {
  if (!options_.history_only) market_->Finish(report_);
  for (const KeptReceipt& kept : receipts_) {
    JudgeReceipt(kept);
    heads_.push_back({kept.receipt.tree, kept.source, kept.late});
  }
  const std::optional<LogKeys> of_log = keys();
  for (const PublicKey& key : expected_keys_) {
    if (of_log && of_log->Has(key)) continue;
    Add({"key-not-of-log", absl::StrCat("the key ", HexEncode(key), " never signed for this log"), {}, ""});
  }
  report_.signed_heads = heads_.size();
  JudgeHeads();
  report_.log = {.size = tree_.size(), .root = tree_.Root()};
  return std::move(report_);
}

}  // namespace prooflode::transparency
