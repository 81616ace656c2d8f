// Every fraud that a coordinator might commit, planted in an honest log: the audit names each.
#include "transparency/audit.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "transparency/audit_fixture_test.h"
#include "transparency/audit_values.h"

namespace prooflode::transparency {
namespace {

class AuditTest : public testing::Test {
 protected:
  AuditReport Judge(const std::vector<std::string>& leaves, const std::string& job = "") {
    AuditOptions options;
    options.judge = &judge_;
    options.job = job;
    LogAudit audit(options);
    for (size_t i = 0; i < leaves.size(); ++i) audit.AddLeaf(i, leaves[i], {}, ProofAt(i));
    for (const Receipt& receipt : receipts_) {
      EXPECT_TRUE(CheckReceipt(receipt).ok());
      audit.AddReceipt(receipt, absl::StrCat("receipt ", receipt.leaf_index));
    }
    for (const SignedHead& head : heads_) audit.AddHead(head);
    return audit.Finish();
  }
  AuditReport Judge() { return Judge(log_.Bytes()); }
  // What lies beside a leaf.
  std::optional<std::string> ProofAt(size_t index) const {
    const auto proof = log_.proofs.find(index);
    return proof == log_.proofs.end() ? std::nullopt : std::optional(proof->second);
  }
  // The names of what is found.
  static std::vector<std::string> Names(const AuditReport& report) {
    std::vector<std::string> names;
    for (const Finding& finding : report.findings) names.push_back(finding.fraud);
    return names;
  }
  void ExpectFraud(const std::string& fraud, const AuditReport& report) {
    const auto names = Names(report);
    EXPECT_NE(std::find(names.begin(), names.end(), fraud), names.end())
        << fraud << " not among " << testing::PrintToString(names);
  }
  void KeepReceipts() {
    receipts_ = {log_.ReceiptFor(HonestLog::kCommitA), log_.ReceiptFor(HonestLog::kCommitB)};
  }
  // Swaps bytes in one field's text.
  void Replace(size_t leaf, uint16_t field, const std::string& from, const std::string& to) {
    std::string& text = log_.leaves[leaf].fields.at(field);
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos);
    text.replace(at, from.size(), to);
  }

  FirstByteJudge judge_;
  HonestLog log_;
  std::vector<Receipt> receipts_;
  std::vector<SignedHead> heads_;
};

TEST_F(AuditTest, DeletedProofsAreNoFraudAndTheirVerdictsAreBelieved) {
  log_.leaves[0].fields[115] = Le<int64_t>(1'000'000);
  log_.proofs.erase(HonestLog::kRevealB);
  const AuditReport report = Judge();
  EXPECT_EQ(Names(report), std::vector<std::string>{});
  EXPECT_EQ(report.verdicts_judged, 1u);
  EXPECT_EQ(report.verdicts_not_judged, 1u);
}

TEST_F(AuditTest, AProofThatIsToBeKeptIsShown) {
  log_.proofs.erase(HonestLog::kRevealB);
  ExpectFraud("proof-withheld", Judge());  // this market keeps them for ever
  log_.leaves[0].fields[115] = Le<int64_t>(1'000'000);
  log_.leaves.pop_back();  // the job is not over
  log_.proofs.erase(HonestLog::kRevealA);
  ExpectFraud("proof-withheld", Judge());
}

TEST_F(AuditTest, AProofBesideALeafMustBeTheOneItNames) {
  log_.proofs[HonestLog::kRevealB] = HonestLog::Proof('W');
  ExpectFraud("proof-swapped", Judge());
  log_.proofs.erase(HonestLog::kRevealB);
  log_.proofs[HonestLog::kPost] = HonestLog::Proof('V');
  ExpectFraud("proof-swapped", Judge());
}

TEST_F(AuditTest, AProvenStatementMayBeSoldAgainOnceItsProofNeedNotBeKept) {
  const auto again = [](Micros retention, Micros kept_from, Micros later) {
    HonestLog log;
    log.leaves[0].fields[115] = Le(Count(retention));
    log.Add(LeafType::kRestart, {{80, Le<int64_t>(0)},
                                 {81, HonestLog::kMarket},
                                 {82, Le<int64_t>(1'000'000)},
                                 {95, Str(log.coordinator().public_key())},
                                 {115, Le<int64_t>(0)},
                                 {116, Le(Count(kept_from))}});
    log.leaves.back().time = log.leaves.back().time + later;
    LeafContent post = log.leaves[HonestLog::kPost];
    post.time = log.leaves.back().time;
    std::string& record = post.fields.at(kJobRecordsField);
    record[0] ^= 1;
    log.leaves.push_back(post);
    LogAudit audit({});
    const auto leaves = log.Bytes();
    for (size_t i = 0; i < leaves.size(); ++i) audit.AddLeaf(i, leaves[i]);
    const auto names = Names(audit.Finish());
    const auto has = [&](const char* name) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    return std::pair(has("resold"), has("proofs-deleted-early"));
  };
  EXPECT_EQ(again({}, {}, {}), std::pair(true, false));
  EXPECT_EQ(again(Seconds(1), {}, {}), std::pair(true, false));
  EXPECT_EQ(again(Seconds(1), Millis(100), Seconds(1)), std::pair(false, false));
  EXPECT_EQ(again({}, Millis(100), Seconds(1)), std::pair(false, true));  // nothing was to be deleted
  EXPECT_EQ(again(Seconds(1), Seconds(100), Seconds(1)), std::pair(false, true));  // later than now
}

TEST_F(AuditTest, AnHonestLogHasNoFindings) {
  KeepReceipts();
  heads_ = {{log_.HeadAt(5), "checkpoint 5"}, {log_.HeadAt(HonestLog::kSize), "checkpoint"}};
  const AuditReport report = Judge();
  EXPECT_EQ(Names(report), std::vector<std::string>());
  EXPECT_EQ(report.log, log_.HeadAt(HonestLog::kSize));
  EXPECT_EQ(report.jobs, 1u);
  EXPECT_EQ(report.paid, 1u);
  EXPECT_EQ(report.unfinished, 0u);
  EXPECT_EQ(report.commits, 2u);
  EXPECT_EQ(report.verdicts_judged, 2u);
  EXPECT_EQ(report.verdicts_by_version, (std::map<uint32_t, uint64_t>{{7, 2}}));
  EXPECT_EQ(report.receipts, 2u);
  EXPECT_EQ(report.signed_heads, 4u);
}

TEST_F(AuditTest, CommitDropped) {
  KeepReceipts();
  log_.leaves.erase(log_.leaves.begin() + HonestLog::kCommitA);
  const AuditReport report = Judge();
  ExpectFraud("commit-dropped", report);
  ExpectFraud("reveal-without-commit", report);
  receipts_.clear();  // the log alone gives it away, for the reveal is there
  ExpectFraud("reveal-without-commit", Judge());
}

TEST_F(AuditTest, CommitDroppedWithEverythingThatFollowed) {
  receipts_ = {log_.ReceiptFor(HonestLog::kCommitA)};
  log_.leaves.resize(HonestLog::kCommitA);
  const AuditReport report = Judge();
  ExpectFraud("commit-dropped", report);
  ExpectFraud("log-cut", report);
}

TEST_F(AuditTest, TwoCommitsSwapped) {
  KeepReceipts();
  std::swap(log_.leaves[HonestLog::kCommitA], log_.leaves[HonestLog::kCommitB]);
  std::swap(log_.leaves[HonestLog::kCommitA].time, log_.leaves[HonestLog::kCommitB].time);
  const AuditReport report = Judge();
  ExpectFraud("commit-displaced", report);
  ExpectFraud("history-rewritten", report);
  ExpectFraud("paid-to-another", report);
}

TEST_F(AuditTest, CommitSlippedInFrontAfterAReveal) {
  receipts_ = {log_.ReceiptFor(HonestLog::kCommitA)};
  HonestLog other;
  other.Commit(other.miner_b(), std::string(16, 'b'), HonestLog::kAdmitA + 1, 'V');
  LeafContent slipped = other.leaves.back();
  slipped.time = log_.leaves[HonestLog::kCommitA].time;
  log_.leaves.erase(log_.leaves.begin() + HonestLog::kCommitB);
  log_.leaves.insert(log_.leaves.begin() + HonestLog::kCommitA, slipped);
  const AuditReport report = Judge();
  ExpectFraud("commit-displaced", report);
  ExpectFraud("history-rewritten", report);
}

TEST_F(AuditTest, VerdictChanged) {
  log_.leaves[HonestLog::kVerdictA].fields[57] = std::string(1, '\0');
  ExpectFraud("verdict-wrong", Judge());
}

TEST_F(AuditTest, AVerdictOfAnUnnamedVerifier) {
  log_.leaves[HonestLog::kVerdictA].fields[59] = std::string(4, '\0');
  ExpectFraud("verifier-unnamed", Judge());
  log_.leaves[HonestLog::kVerdictA].fields.erase(59);
  ExpectFraud("verifier-unnamed", Judge());
}

TEST_F(AuditTest, VerdictOfAnotherJobIsBelievedWhenOneIsAskedFor) {
  log_.leaves[HonestLog::kVerdictA].fields[57] = std::string(1, '\0');
  ExpectFraud("verdict-wrong", Judge(log_.Bytes(), log_.job_hex()));
  EXPECT_EQ(Names(Judge(log_.Bytes(), std::string(32, '0'))), std::vector<std::string>());
}

TEST_F(AuditTest, PaidToAnother) {
  Replace(HonestLog::kVerdictA, kTransferRecordsField, HexEncode(log_.miner_a().public_key()),
          HexEncode(log_.miner_b().public_key()));
  ExpectFraud("paid-to-another", Judge());
}

TEST_F(AuditTest, RewardCalledSomethingElse) {
  const auto honest = log_.leaves;
  for (const auto& [kind, fraud] :
       std::initializer_list<std::pair<char, const char*>>{{0, "money-unasked"},
                                                           {14, "money-unasked"},
                                                           {kCheckFee, "check-fee-elsewhere"},
                                                           {kPenalty, "bounty-elsewhere"}}) {
    log_.leaves = honest;
    Replace(HonestLog::kVerdictA, kTransferRecordsField, HexEncode(log_.miner_a().public_key()),
            HexEncode(log_.miner_b().public_key()));
    auto& fields = log_.leaves[HonestLog::kVerdictA].fields;
    fields.at(kTransferRecordsField)[8] = kind;
    fields.at(kJobRecordsField)[16] = 5;  // expired
    const AuditReport report = Judge();
    ExpectFraud(fraud, report);
    ExpectFraud("not-paid", report);
    ExpectFraud("not-refunded", report);
  }
}

TEST_F(AuditTest, ABalanceTakenForNoReason) {
  const std::string thief = "available:" + HexEncode(log_.miner_b().public_key());
  const std::string victim = "available:" + HexEncode(log_.miner_a().public_key());
  for (const uint8_t kind : std::initializer_list<uint8_t>{0, kDeposit, kWithdrawalRequest, 14, 255}) {
    log_ = HonestLog();
    log_.Add(LeafType::kTick, {});
    log_.Money(4, kind, 100, victim, thief, "");
    ExpectFraud("money-unasked", Judge());
  }
  log_ = HonestLog();  // beside a deposit that is in order
  log_.Add(LeafType::kDeposit, {{70, log_.requester()}, {71, Le<uint64_t>(5)}});
  log_.Money(4, kDeposit, 5, "external", HonestLog::Available(log_.requester()), "");
  EXPECT_EQ(Names(Judge()), std::vector<std::string>());
  log_.Money(5, kDeposit, 100, victim, thief, "");
  ExpectFraud("deposit-elsewhere", Judge());
}

TEST_F(AuditTest, MoreFeeThanTheRulesHave) {
  auto& start = log_.leaves[0].fields;
  start[89] = Le<uint32_t>(10'000);  // 1 of 100, which the log does not take
  ExpectFraud("no-escrow", Judge());
}

TEST_F(AuditTest, AKeyThatNobodyCanReadJudgesNothing) {
  class NoKeyJudge final : public ProofJudge {
    std::optional<Digest> KeyDigest(const std::string&) override { return std::nullopt; }
    std::optional<bool> IsRight(const std::string&, const std::string&, const std::string&) override {
      return std::nullopt;
    }
  } judge;
  AuditOptions options;
  options.judge = &judge;
  LogAudit audit(options);
  const auto leaves = log_.Bytes();
  for (size_t i = 0; i < leaves.size(); ++i) audit.AddLeaf(i, leaves[i]);
  ExpectFraud("key-unreadable", audit.Finish());
}

TEST_F(AuditTest, EscrowKeptForEver) {
  log_.leaves.resize(HonestLog::kAdmitA);  // posted, deadline at 60 s
  log_.Add(LeafType::kTick, {});
  log_.leaves.back().time = Seconds(119);
  EXPECT_EQ(Names(Judge()), std::vector<std::string>());
  log_.leaves.back().time = Seconds(120);
  ExpectFraud("overdue", Judge());
}

TEST_F(AuditTest, ReceiptNotHonoured) {
  receipts_ = {log_.ReceiptFor(HonestLog::kCommitA)};
  log_.leaves[HonestLog::kCommitA].time = log_.leaves[HonestLog::kCommitA].time + Micros{1};
  ExpectFraud("receipt-not-honoured", Judge());
}

TEST_F(AuditTest, LeafRewritten) {
  heads_ = {{log_.HeadAt(HonestLog::kSize), "checkpoint"}};
  log_.leaves[2].time = log_.leaves[2].time + Micros{1};
  EXPECT_EQ(Names(Judge()), std::vector<std::string>{"history-rewritten"});
}

TEST_F(AuditTest, LeafWhoseSaidHashIsAnother) {
  LogAudit audit({});
  const std::string leaf = EncodeLeaf(log_.leaves[0]);
  audit.AddLeaf(0, leaf, LeafHash(AsBytes("other")));
  ExpectFraud("leaf-rewritten", audit.Finish());
}

TEST_F(AuditTest, LeafRemoved) {
  heads_ = {{log_.HeadAt(HonestLog::kSize), "checkpoint"}};
  LogAudit audit({});
  for (const SignedHead& head : heads_) audit.AddHead(head);
  const auto leaves = log_.Bytes();
  for (size_t i = 0; i < leaves.size(); ++i) {
    if (i != 5) audit.AddLeaf(i, leaves[i]);
  }
  const AuditReport report = audit.Finish();
  ExpectFraud("leaf-removed", report);
  // One gap is one finding, though every leaf after it stands early.
  const std::vector<std::string> names = Names(report);
  EXPECT_EQ(std::count(names.begin(), names.end(), "leaf-removed"), 1);
  const auto gap = std::find_if(report.findings.begin(), report.findings.end(),
                                [](const Finding& finding) { return finding.fraud == "leaf-removed"; });
  EXPECT_EQ(gap->what, "leaf 5 is missing; those after it stand early");
  ExpectFraud("log-cut", report);
  ExpectFraud("transfer-missing", [&] {  // and one that moved money
    log_.leaves.erase(log_.leaves.begin() + 2);
    return Judge();
  }());
}

TEST_F(AuditTest, TwoHistoriesShownToTwoMiners) {
  receipts_ = {log_.ReceiptFor(HonestLog::kCommitA)};
  HonestLog forked;
  forked.leaves[2].time = forked.leaves[2].time + Micros{1};
  receipts_.push_back(forked.ReceiptFor(HonestLog::kCommitA));
  ExpectFraud("two-histories", Judge());
}

TEST_F(AuditTest, CheckpointWithAWrongRoot) {
  heads_ = {{log_.HeadAt(HonestLog::kSize), "checkpoint"}};
  heads_[0].head.root[0] ^= 1;
  EXPECT_EQ(Names(Judge()), std::vector<std::string>{"history-rewritten"});
}

TEST_F(AuditTest, TimeMovedBack) {
  log_.leaves[5].time = log_.leaves[4].time - Micros{1};
  ExpectFraud("time-moved-back", Judge());
}

TEST_F(AuditTest, AwardBeforeEarlierCommitsWereDecided) {
  // B is paid at its verdict, although A's commit is earlier and undecided.
  LeafContent& early = log_.leaves[HonestLog::kVerdictB];
  early.fields[kTransferRecordsField] = log_.leaves[HonestLog::kVerdictA].fields[kTransferRecordsField];
  Replace(HonestLog::kVerdictB, kTransferRecordsField, HexEncode(log_.miner_a().public_key()),
          HexEncode(log_.miner_b().public_key()));
  log_.leaves.resize(HonestLog::kVerdictB + 1);
  ExpectFraud("paid-too-early", Judge());
}

TEST_F(AuditTest, NeitherDeliveredNorPaid) {
  log_.leaves[HonestLog::kVerdictB].fields.erase(kJobRecordsField);
  ExpectFraud("not-delivered", Judge());
  HonestLog unpaid;
  for (const uint16_t field : {kJobRecordsField, kTransferRecordsField}) {
    unpaid.leaves[HonestLog::kVerdictA].fields.erase(field);
  }
  ExpectFraud("not-paid", Judge(unpaid.Bytes()));
}

TEST_F(AuditTest, ACommitMayOpenItself) {
  LeafContent& commit = log_.leaves[HonestLog::kCommitA];
  LeafContent& reveal = log_.leaves[HonestLog::kRevealA];
  for (const uint16_t field : {uint16_t{54}, uint16_t{55}}) commit.fields[field] = reveal.fields.at(field);
  reveal.type = LeafType::kTick;
  reveal.fields.clear();
  log_.proofs[HonestLog::kCommitA] = log_.proofs.extract(HonestLog::kRevealA).mapped();
  EXPECT_EQ(Names(Judge()), std::vector<std::string>());
  commit.fields[55][0] ^= 1;
  ExpectFraud("reveal-does-not-open", Judge());
}

TEST_F(AuditTest, ForgedCommitsAndFalseReveals) {
  log_.leaves[HonestLog::kCommitA].fields[52][0] ^= 1;
  const AuditReport report = Judge();
  ExpectFraud("commit-forged", report);
  ExpectFraud("reveal-does-not-open", report);
}

TEST_F(AuditTest, HostileLeavesAreFindingsNotCrashes) {
  auto leaves = log_.Bytes();
  for (const std::string& leaf : leaves) {
    for (const size_t size : {size_t{0}, size_t{8}, leaf.size() / 2, leaf.size() - 1}) {
      std::vector<std::string> cut = {leaf.substr(0, size)};
      EXPECT_FALSE(Judge(cut).findings.empty());
    }
  }
  for (LeafContent& leaf : log_.leaves) {
    for (const auto& [number, bytes] : std::map<uint16_t, std::string>(leaf.fields)) {
      leaf.fields[number] = "x";
      EXPECT_FALSE(Judge().findings.empty() && number != 80 && number != 82 && number != 39) << number;
      leaf.fields[number] = bytes;
    }
  }
}

TEST_F(AuditTest, FindingsAreBoundedForEachKindOfFraud) {
  LogAudit audit({});
  for (uint64_t i = 0; i < 2000; ++i) audit.AddLeaf(2 * i + 1, "x");  // with gaps, and none is a leaf
  EXPECT_EQ(audit.Finish().findings.size(), 2 * AuditReport::kFindingsMax);
}

TEST_F(AuditTest, ReceiptLinesAreReadBack) {
  const Receipt receipt = log_.ReceiptFor(HonestLog::kCommitB);
  const std::string line = ReceiptLine(receipt);
  EXPECT_EQ(ParseReceiptLine(line).value(), receipt);
  for (size_t size = 0; size < line.size(); ++size) {
    EXPECT_FALSE(ParseReceiptLine(line.substr(0, size)).ok());
  }
  Receipt other = receipt;
  other.leaf += "x";
  EXPECT_TRUE(absl::IsDataLoss(CheckReceipt(other)));
  other = receipt;
  other.coordinator[0] ^= 1;
  EXPECT_TRUE(absl::IsDataLoss(CheckReceipt(other)));
}

TEST_F(AuditTest, AHandoverIsNoFraud) {
  KeepReceipts();
  log_.HandOverTo(SigningKey::FromSeed({77}));
  heads_ = {{log_.HeadAt(HonestLog::kSize), "checkpoint"}, {log_.HeadAt(HonestLog::kSize + 1), "late", true}};
  EXPECT_EQ(Names(Judge()), std::vector<std::string>());
}

TEST_F(AuditTest, KeyChangedWithoutAHandover) {
  log_.HandOverTo(SigningKey::FromSeed({77}));
  const auto honest = log_.leaves;
  const auto changed = [&](auto change) {
    log_.leaves = honest;
    change(log_.leaves.back().fields);
    return Judge();
  };
  ExpectFraud("key-changed", changed([](auto& fields) {
                for (const uint16_t number : std::initializer_list<uint16_t>{41, 96, 97, 98, 99})
                  fields.erase(number);
              }));
  for (const uint16_t number : std::initializer_list<uint16_t>{41, 95, 96, 97, 98, 99}) {
    ExpectFraud("key-changed", changed([&](auto& fields) { fields[number][0] ^= 1; }));
  }
  ExpectFraud("key-changed", changed([](auto& fields) { fields.erase(98); }));
  ExpectFraud("leaf-malformed", changed([](auto& fields) { fields.erase(95); }));
  // Somebody's right handover, of another history.
  log_.leaves = honest;
  log_.leaves.erase(log_.leaves.begin() + HonestLog::kRevealA);
  ExpectFraud("key-changed", Judge());
  // What its successor has signed counts against the forged log all the same.
  LogAudit audit({});
  const auto leaves = log_.Bytes();
  for (size_t i = 0; i < leaves.size(); ++i) audit.AddLeaf(i, leaves[i]);
  EXPECT_TRUE(audit.keys()->Has(SigningKey::FromSeed({77}).public_key()));
}

TEST_F(AuditTest, AHandoverDoesNotWashAway) {
  KeepReceipts();
  // The commit that a receipt promises is cut out, and the log handed over as if it had never been.
  log_.leaves.resize(HonestLog::kCommitA);
  log_.HandOverTo(SigningKey::FromSeed({77}));
  LogAudit audit({});
  const auto leaves = log_.Bytes();
  for (size_t i = 0; i < leaves.size(); ++i) audit.AddLeaf(i, leaves[i]);
  ASSERT_TRUE(audit.keys().has_value());
  const Receipt& receipt = receipts_[0];
  ASSERT_TRUE(audit.keys()->IsLate(receipt.coordinator, receipt.tree.size));
  audit.AddReceipt(receipt, "receipt", true);
  ExpectFraud("signed-after-retirement", audit.Finish());
}

TEST_F(AuditTest, TheKeyThatWasAskedForMustBeTheLogs) {
  log_.HandOverTo(SigningKey::FromSeed({77}));
  for (const bool history_only : {false, true}) {
    for (const uint8_t seed : std::initializer_list<uint8_t>{77, 78}) {
      AuditOptions options;
      options.history_only = history_only;
      LogAudit audit(options);
      const auto leaves = log_.Bytes();
      for (size_t i = 0; i < leaves.size(); ++i) audit.AddLeaf(i, leaves[i], {}, ProofAt(i));
      audit.ExpectKey(SigningKey::FromSeed({seed}).public_key());
      const auto names = Names(audit.Finish());
      EXPECT_EQ(names, seed == 77 ? std::vector<std::string>() : std::vector<std::string>{"key-not-of-log"});
    }
  }
}

}  // namespace
}  // namespace prooflode::transparency
