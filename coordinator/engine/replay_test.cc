#include "coordinator/engine/replay.h"

#include <gtest/gtest.h>

#include "base/sim/sim_env.h"
#include "coordinator/engine/command_codec.h"
#include "coordinator/engine/memory_store.h"
#include "coordinator/engine/opening.h"
#include "transparency/log_keys.h"
#include "transparency/merkle.h"

namespace prooflode::engine {
namespace {

market::Identity Key(uint8_t n) {
  market::Identity key{};
  key.fill(n);
  return key;
}
const market::Identity kAlice = Key(1);
const market::Identity kMiner = Key(2);

// A market's whole life as an engine would log it, to be stored with damage whose hashes are right.
class Record {
 public:
  explicit Record(Micros proof_retention = {}) {
    market::Restart start;
    start.rules.proof_retention = proof_retention;
    start.rules.market = "elsewhere";
    start.key = SigningKey::FromSeed({1}).public_key();
    start.rules.fee_per_million = 10'000;
    start.rules.reveal_window = Seconds(3);
    Do({}, start);
    market::Circuit circuit;
    circuit.name = "c";
    Do(kAlice, market::RegisterCircuit{circuit});
    Do({}, market::Deposit{kAlice, Amount{1000}, "start"});
    const auto job = std::get<market::JobAnswer>(Do(kAlice, PostOf(1))).job;
    const auto other = std::get<market::JobAnswer>(Do(kAlice, PostOf(2))).job;
    const auto attempt = std::get<market::AttemptAnswer>(Do(kMiner, market::AcceptOffer{job.id})).attempt;
    market::Command command = market::RevealProof{attempt.id, attempt.fence, {"proof"}};
    StampOpening(market, command);
    const auto& reveal = std::get<market::RevealProof>(command);
    Do(kMiner, market::CommitProof{attempt.id, attempt.fence, reveal.opening.commit_hash, {}});
    Do(kMiner, command);
    Do({}, market::RecordVerdict{attempt.id, true, 1});
    const auto next = std::get<market::AttemptAnswer>(Do(kMiner, market::AcceptOffer{other.id})).attempt;
    market::CommitProof opened{next.id, next.fence, {}, {}, market::Opening{"shown"}};
    command = opened;
    StampOpening(market, command);
    std::get<market::CommitProof>(command).commit_hash =
        std::get<market::CommitProof>(command).opening->commit_hash;
    Do(kMiner, command);
  }

  // The index of the first leaf with such a command.
  template <typename Command>
  size_t Find() const {
    size_t i = 0;
    while (!std::holds_alternative<Command>(log[i].first.command)) ++i;
    return i;
  }
  std::string Check() {
    Batch batch;
    for (const auto& [stamped, outcome] : log) {
      transparency::Leaf leaf{
          batch.leaves.size(), transparency::EncodeLeaf(EncodeCommand(stamped, outcome)), {}};
      leaf.hash = transparency::LeafHash(AsBytes(leaf.bytes));
      if (const market::Opening* opening = FindOpening(stamped.command).second) leaf.proof = opening->proof;
      batch.leaves.push_back(std::move(leaf));
    }
    for (const auto& [id, circuit] : market.circuits()) batch.circuits.push_back(circuit);
    for (const auto& [id, job] : market.jobs()) {
      batch.jobs.push_back(job);
      for (const market::Attempt* attempt : market.AttemptsOf(id)) batch.attempts.push_back(*attempt);
    }
    for (const auto& balance : market.ledger().balances()) batch.balances.push_back(balance);
    batch.transfers = transfers;
    MemoryStore store;
    batch.handover = handover;
    if (damage) damage(batch);
    EXPECT_TRUE(store.Write(batch).ok());
    EXPECT_TRUE(store.DeleteProofs(kept_from, deleted).ok());
    const auto report = CheckByReplay(store);
    return report.ok() ? "ok" : std::string(report.status().message());
  }

  std::vector<std::pair<market::Stamped, LeafOutcome>> log;
  std::vector<ledger::Transfer> transfers;
  std::optional<KeyHandover> handover;  // as it is stored
  std::function<void(Batch&)> damage;
  Micros kept_from{};  // as the store has it, and what is deleted of it
  std::vector<market::LeafIndex> deleted;
  market::Market market;

  transparency::TreeHead Head() const { return {log.size(), RootSoFar()}; }
  market::Answer Do(const market::Identity& who, market::Command command) {
    now_ = now_ + Millis(10);
    market::Stamped stamped{now_, log.size(), {}, {who, "request"}, std::move(command)};
    random_.Fill(stamped.entropy);
    if (auto* post = std::get_if<market::PostJob>(&stamped.command)) post->previous_root = RootSoFar();
    market::Outcome outcome = market.Apply(stamped);
    EXPECT_TRUE(outcome.changed);
    market::Changes changes = market.TakeChanges();
    LeafOutcome made;
    for (const auto& id : changes.jobs) made.jobs.push_back(*market.FindJob(id));
    for (const auto& id : changes.attempts) made.attempts.push_back(*market.FindAttempt(id));
    made.transfers = changes.transfers;
    transfers.insert(transfers.end(), made.transfers.begin(), made.transfers.end());
    log.emplace_back(std::move(stamped), std::move(made));
    return std::move(outcome.answer);
  }

 private:
  static market::PostJob PostOf(uint8_t statement) {
    market::PostJob post{.reward = Amount{100}, .time_limit = Seconds(60)};
    post.statement.fill(statement);
    return post;
  }
  Digest RootSoFar() const {
    transparency::MerkleFrontier frontier;
    for (const auto& [stamped, outcome] : log) {
      const std::string leaf = transparency::EncodeLeaf(EncodeCommand(stamped, outcome));
      frontier.Append(transparency::LeafHash(AsBytes(leaf)));
    }
    return frontier.Root();
  }

  Micros now_ = Seconds(1000);
  SimRandom random_{9};
};

TEST(Replay, NeedsNothingButTheLog) {
  Record record;
  EXPECT_EQ(record.Check(), "ok");
  ASSERT_EQ(record.transfers.size(), 5u);  // deposit, two escrows, reward, fee
  std::get<market::Restart>(record.log[0].first.command).rules.fee_per_million = 20'000;
  EXPECT_NE(record.Check().find("leaf 3:"), std::string::npos) << record.Check();
}

TEST(Replay, ALogWithoutRulesIsRefused) {
  Record record;
  record.log.erase(record.log.begin());
  EXPECT_NE(record.Check().find("leaf 0: no restart"), std::string::npos) << record.Check();
}

TEST(Replay, RulesOutOfRangeAreReportedWithTheirLeaf) {
  Record record;
  auto& start = std::get<market::Restart>(record.log[0].first.command);
  start.rules.reveal_window = Micros{INT64_MAX};
  EXPECT_EQ(record.Check(), "leaf 0: rules.reveal_window_us: 9223372036854775807, want 100000 to 5000000");
  start.rules.reveal_window = Seconds(3);
  start.no_expiry_before = Micros{INT64_MAX};
  EXPECT_NE(record.Check().find("leaf 0: nothing expires before"), std::string::npos) << record.Check();
}

TEST(Replay, ATimeThatCannotBeIsReportedWithItsLeaf) {
  Record record;
  record.log[3].first.now = Micros{INT64_MAX};
  EXPECT_NE(record.Check().find("leaf 3: its time is 9223372036854775807"), std::string::npos)
      << record.Check();
}

TEST(Replay, TimeThatFallsIsReportedWithItsLeaf) {
  Record record;
  record.log[4].first.now = Seconds(1);
  EXPECT_EQ(record.Check(), "leaf 4: its time is before that of the leaf before");
}

TEST(Replay, IdsThatComeTwiceAreReportedWithTheirLeaf) {
  Record record;
  record.log[4].first.entropy = record.log[3].first.entropy;
  EXPECT_EQ(record.Check(), "leaf 4: posts a job whose id there is already");
  Record other;
  const size_t accept = other.Find<market::AcceptOffer>();
  other.log[accept + 1] = other.log[accept];
  other.log[accept + 1].first.now = other.log[accept + 2].first.now;
  EXPECT_EQ(other.Check(),
            absl::StrCat("leaf ", accept + 1, ": admits an attempt whose id there is already"));
}

TEST(Replay, AProofThatIsNotTheNamedOneIsReported) {
  Record record;
  const size_t reveal = record.Find<market::RevealProof>();
  record.damage = [reveal](Batch& batch) { batch.leaves[reveal].proof = "forged"; };
  EXPECT_EQ(record.Check(),
            absl::StrCat("leaf ", reveal, ": the proof beside it does not have the hash that it says"));
  Record other;
  other.damage = [](Batch& batch) { batch.leaves[2].proof = "stray"; };
  EXPECT_EQ(other.Check(), "leaf 2: a proof lies beside it, and it names none");
}

TEST(Replay, DeletedProofsAreTakenAndLostOnesReported) {
  Record kept;
  const size_t reveal = kept.Find<market::RevealProof>();
  const std::string lost = absl::StrCat("leaf ", reveal, ": its proof is missing, and was not to be deleted");
  kept.deleted = {reveal};
  EXPECT_EQ(kept.Check(), lost);
  kept.kept_from = Seconds(2000);  // and no start allows deletions
  EXPECT_NE(kept.Check().find("time from which proofs are kept"), std::string::npos) << kept.Check();
  Record expiring(Seconds(1));
  expiring.deleted = {reveal};
  EXPECT_EQ(expiring.Check(), lost);  // not yet
  expiring.kept_from = Seconds(2000);
  EXPECT_EQ(expiring.Check(), "ok");
  expiring.deleted.push_back(expiring.log.size() - 1);  // of a job that is not over
  EXPECT_EQ(expiring.Check(), absl::StrCat("leaf ", expiring.log.size() - 1,
                                           ": its proof is missing, and was not to be deleted"));
  expiring.deleted.clear();  // what may be gone need not be
  EXPECT_EQ(expiring.Check(), "ok");
}

TEST(Replay, AStartSaysWhichProofsMayBeGone) {
  const auto started = [](Micros retention, Micros kept_from) {
    Record record(retention);
    market::Restart restart;
    restart.rules = std::get<market::Restart>(record.log[0].first.command).rules;
    restart.key = std::get<market::Restart>(record.log[0].first.command).key;
    restart.proofs_kept_from = kept_from;
    record.kept_from = kept_from;
    record.Do({}, restart);
    return record.Check();
  };
  EXPECT_EQ(started({}, {}), "ok");
  EXPECT_EQ(started(Seconds(1), Seconds(999)), "ok");
  EXPECT_NE(started({}, Seconds(999)).find("proofs are kept from 999000000 on, want 0 to 0"),
            std::string::npos);
  EXPECT_NE(started(Seconds(1), Seconds(2000)).find("proofs are kept from"), std::string::npos);
}

TEST(Replay, AnOpeningThatIsNotTheProofsIsReported) {
  Record record;
  const size_t index = record.Find<market::RevealProof>();
  std::get<market::RevealProof>(record.log[index].first.command).opening.proof_hash[0] ^= 1;
  EXPECT_NE(record.Check().find(absl::StrCat("leaf ", index, ": its proof and nonce")), std::string::npos)
      << record.Check();
  Record shown;  // with the commit
  std::get<market::CommitProof>(shown.log.back().first.command).opening->nonce[0] ^= 1;
  EXPECT_NE(shown.Check().find(": its proof and nonce"), std::string::npos) << shown.Check();
}

TEST(Replay, AnotherKeyNeedsAHandoverOfThisLog) {
  const SigningKey first = SigningKey::FromSeed({1});
  const SigningKey second = SigningKey::FromSeed({2});
  const auto record_of = [&](auto change) {
    Record record;
    market::Restart start = std::get<market::Restart>(record.log[0].first.command);
    start.handover = transparency::HandOver(start.rules.market, record.Head(), first, second);
    start.key = second.public_key();
    change(start);
    record.Do({}, start);
    record.handover = start.handover;
    return record;
  };
  const std::string at = absl::StrCat("leaf ", Record().log.size(), ": ");
  EXPECT_EQ(record_of([](auto&) {}).Check(), "ok");
  EXPECT_EQ(record_of([](auto& start) { start.handover.reset(); }).Check(),
            at + "another key starts to sign, and no handover says so");
  EXPECT_EQ(record_of([&](auto& start) { start.key = first.public_key(); }).Check(),
            at + "hands over to no other key");
  EXPECT_EQ(record_of([](auto& start) { start.handover->retired[0] ^= 1; }).Check(),
            at + "its handover retires another key than the log's");
  EXPECT_EQ(record_of([](auto& start) { start.handover->root[0] ^= 1; }).Check(),
            at + "its handover is of another log");
  EXPECT_NE(
      record_of([](auto& start) { start.handover->by_retired[0] ^= 1; }).Check().find("no right signature"),
      std::string::npos);
  Record lost = record_of([](auto&) {});
  lost.handover.reset();
  EXPECT_NE(lost.Check().find("list of key handovers"), std::string::npos) << lost.Check();
}

TEST(Replay, EveryTransferRowIsCompared) {
  for (size_t i = 0; i < 5; ++i) {
    Record record;
    record.transfers[i].time = Seconds(7);
    EXPECT_NE(record.Check().find(absl::StrCat("transfer ", i + 1)), std::string::npos) << record.Check();
    Record renamed;  // so that it is no known account's
    renamed.transfers[i].debit = "elsewhere";
    renamed.transfers[i].credit = "nowhere";
    EXPECT_NE(renamed.Check().find("set of transfers"), std::string::npos) << renamed.Check();
  }
}

}  // namespace
}  // namespace prooflode::engine
