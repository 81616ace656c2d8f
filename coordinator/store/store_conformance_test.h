// What every Store must do, as a suite of typed tests: instantiate it with a harness that has
//   engine::Store& store();   // the open store
//   void Reopen();            // closes and opens it again on the same data
#pragma once

#include <gtest/gtest.h>

#include "base/sim/sim_env.h"
#include "coordinator/engine/command_codec.h"
#include "coordinator/engine/ports.h"

namespace prooflode::store {

// Applies commands to a market of its own and gathers the batches that an engine would write.
class BatchMaker {
 public:
  market::Answer Do(const market::Identity& who, market::Command command) {
    market::Stamped stamped;
    now_ = now_ + Millis(10);
    stamped.now = now_;
    stamped.leaf_index = next_leaf_;
    random_.Fill(stamped.entropy);
    stamped.origin.identity = who;
    stamped.command = std::move(command);
    const market::Outcome outcome = market.Apply(stamped);
    if (outcome.changed) {
      transparency::Leaf leaf{next_leaf_++, transparency::EncodeLeaf(engine::EncodeCommand(stamped, {})), {}};
      leaf.hash = transparency::LeafHash(AsBytes(leaf.bytes));
      batch_.leaves.push_back(std::move(leaf));
    }
    return outcome.answer;
  }
  engine::Batch Take() {
    const market::Changes changes = market.TakeChanges();
    for (const auto& id : changes.circuits) batch_.circuits.push_back(*market.FindCircuit(id));
    for (const auto& id : changes.jobs) batch_.jobs.push_back(*market.FindJob(id));
    for (const auto& [job, miner] : changes.candidacies) {
      if (const market::Candidacy* candidacy = market.FindCandidacy(job, miner)) {
        batch_.candidacies.push_back(*candidacy);
      } else {
        batch_.candidacies_over.emplace_back(job, miner);
      }
    }
    for (const auto& miner : changes.standings) batch_.standings.push_back(market.standings().at(miner));
    for (const auto& id : changes.attempts) batch_.attempts.push_back(*market.FindAttempt(id));
    for (const auto& name : changes.accounts) {
      batch_.balances.emplace_back(name, market.ledger().Balance(name));
    }
    for (const auto id : changes.withdrawals) batch_.withdrawals.push_back(*market.FindWithdrawal(id));
    for (const auto& subject : changes.suspensions) {
      batch_.suspensions.push_back(market.suspensions().at(subject));
    }
    batch_.transfers = changes.transfers;
    return std::exchange(batch_, {});
  }

  Micros now() const { return now_; }

  market::Market market{market::Rules{}};

 private:
  Micros now_ = Seconds(1000);
  market::LeafIndex next_leaf_ = 0;
  SimRandom random_{1};
  engine::Batch batch_;
};

inline market::Identity TestKey(uint8_t n) {
  market::Identity key{};
  key.fill(n);
  return key;
}

// A circuit, money, and one job each of race and lease with attempts: every table has rows.
inline engine::Batch BusyBatch(BatchMaker& maker) {
  market::Circuit circuit;
  circuit.id.fill(7);
  circuit.name = "poseidon";
  circuit.public_input_count = 1;
  circuit.r1cs_digest.emplace().fill(9);
  circuit.verification_key_json = "{}";
  circuit.verifying_key_digest.fill(8);
  maker.Do(TestKey(1), market::RegisterCircuit{circuit});
  maker.Do({}, market::Deposit{TestKey(1), Amount{1000}, "first"});
  for (const bool lease : {false, true}) {
    market::PostJob post;
    post.circuit = circuit.id;
    post.reward = Amount{100};
    post.time_limit = Seconds(60);
    post.public_inputs = std::string(32, '\1');
    post.statement.fill(lease ? 1 : 2);
    post.policy.race.width = 3;
    if (lease) post.policy.lease = market::LeasePolicy{Seconds(10)};
    const auto posted = std::get<market::JobAnswer>(maker.Do(TestKey(1), post));
    const auto admitted =
        std::get<market::AttemptAnswer>(maker.Do(TestKey(2), market::AcceptOffer{posted.job.id}));
    market::CommitProof commit{admitted.attempt.id, admitted.attempt.fence, {}, {}};
    commit.commit_hash.fill(5);
    if (!lease) maker.Do(TestKey(2), commit);
  }
  // And a draw to come, with a candidate; its miner has a past.
  market::Restart drawing{.no_expiry_before = {}, .rules = {.draw_window = Seconds(1)}};
  maker.Do({}, drawing);
  market::PostJob post;
  post.circuit = circuit.id;
  post.reward = Amount{100};
  post.time_limit = Seconds(60);
  post.public_inputs = std::string(32, '\1');
  post.statement.fill(3);
  post.policy.lease = market::LeasePolicy{Seconds(10), /*hedged=*/true};
  const auto posted = std::get<market::JobAnswer>(maker.Do(TestKey(1), post));
  maker.Do(TestKey(3), market::AcceptOffer{posted.job.id, Seconds(2), market::Residency::kDisk, 4});
  engine::Batch batch = maker.Take();
  batch.standings.push_back({.miner = TestKey(3), .draws_lost = 4, .places_lost = 5});
  maker.market.LoadStanding(batch.standings.back());
  return batch;
}

inline void ExpectSameMarket(const market::Market& got, const market::Market& want) {
  EXPECT_EQ(got.circuits(), want.circuits());
  EXPECT_EQ(got.jobs(), want.jobs());
  EXPECT_EQ(got.withdrawals(), want.withdrawals());
  EXPECT_EQ(got.UnpaidWithdrawals(), want.UnpaidWithdrawals());
  EXPECT_EQ(got.suspensions(), want.suspensions());
  for (const auto& [id, job] : want.jobs()) {
    const auto wanted = want.AttemptsOf(id);
    const auto loaded = got.AttemptsOf(id);
    ASSERT_EQ(loaded.size(), wanted.size());
    for (const market::Attempt* attempt : wanted) {
      ASSERT_NE(got.FindAttempt(attempt->id), nullptr);
      EXPECT_EQ(*got.FindAttempt(attempt->id), *attempt);
    }
  }
  EXPECT_EQ(got.candidacies(), want.candidacies());
  EXPECT_EQ(got.standings(), want.standings());
  EXPECT_EQ(got.ledger().balances(), want.ledger().balances());
  EXPECT_EQ(got.ledger().transfer_count(), want.ledger().transfer_count());
}

template <typename Harness>
class StoreConformance : public testing::Test {
 protected:
  engine::Store& store() { return harness_.store(); }
  Harness harness_;
};
TYPED_TEST_SUITE_P(StoreConformance);

TYPED_TEST_P(StoreConformance, AnEmptyStoreLoadsNothing) {
  market::Market market{market::Rules{}};
  std::vector<Digest> hashes = {Digest{}};
  ASSERT_TRUE(this->store().Load(market, hashes).ok());
  EXPECT_TRUE(hashes.empty());
  EXPECT_TRUE(market.jobs().empty());
  EXPECT_TRUE(this->store().ReadLeaves(0, 10)->empty());
}

TYPED_TEST_P(StoreConformance, WhatWasWrittenIsLoadedAfterReopening) {
  BatchMaker maker;
  const engine::Batch batch = BusyBatch(maker);
  ASSERT_TRUE(this->store().Write(batch).ok());
  this->harness_.Reopen();
  market::Market market{market::Rules{}};
  std::vector<Digest> hashes;
  const Status status = this->store().Load(market, hashes);
  ASSERT_TRUE(status.ok()) << status;
  ExpectSameMarket(market, maker.market);
  ASSERT_EQ(hashes.size(), batch.leaves.size());
  for (size_t i = 0; i < hashes.size(); ++i) EXPECT_EQ(hashes[i], batch.leaves[i].hash);
}

TYPED_TEST_P(StoreConformance, RowsAreReplacedAndLeavesAppended) {
  BatchMaker maker;
  ASSERT_TRUE(this->store().Write(BusyBatch(maker)).ok());
  std::vector<market::JobId> open;
  for (const auto& [id, job] : maker.market.jobs()) {
    if (job.policy.lease) open.push_back(id);
  }
  for (const market::JobId& id : open) {
    maker.Do(TestKey(1), market::CancelJob{id});
    ASSERT_EQ(maker.market.FindJob(id)->state, market::JobState::kCancelled);
  }
  ASSERT_TRUE(maker.market.candidacies().empty());  // as it must be in the store
  const auto asked =
      std::get<market::WithdrawalAnswer>(maker.Do(TestKey(1), market::Withdraw{Amount{70}, "rent"}));
  maker.Do(TestKey(1), market::Withdraw{Amount{7}, "food"});
  maker.Do({}, market::PayWithdrawal{asked.withdrawal.id, "wire"});
  maker.Do({}, market::SetSuspension{{}, true, "broken"});
  ASSERT_TRUE(this->store().Write(maker.Take()).ok());
  market::Market market{market::Rules{}};
  std::vector<Digest> hashes;
  ASSERT_TRUE(this->store().Load(market, hashes).ok());
  ExpectSameMarket(market, maker.market);
}

TYPED_TEST_P(StoreConformance, AnAttemptMayEndForEveryReason) {
  BatchMaker maker;
  engine::Batch batch = BusyBatch(maker);
  market::Attempt ended = batch.attempts.front();
  ended.state = market::AttemptState::kReleased;
  ended.collateral = {};
  std::vector<market::AttemptId> ids;
  for (const market::Reason reason : AllReasons()) {
    ended.reason = reason;
    ended.id.bytes.fill(static_cast<uint8_t>(0x80 + static_cast<int>(reason)));
    ids.push_back(ended.id);
    batch.attempts.push_back(ended);
  }
  ASSERT_TRUE(this->store().Write(batch).ok());
  this->harness_.Reopen();
  market::Market market{market::Rules{}};
  std::vector<Digest> hashes;
  ASSERT_TRUE(this->store().Load(market, hashes).ok());
  for (size_t i = 0; i < ids.size(); ++i) {
    ASSERT_NE(market.FindAttempt(ids[i]), nullptr);
    EXPECT_EQ(market.FindAttempt(ids[i])->reason, AllReasons()[i]);
  }
}

TYPED_TEST_P(StoreConformance, HistoryIsNeverWrittenTwice) {
  BatchMaker maker;
  const engine::Batch batch = BusyBatch(maker);
  ASSERT_TRUE(this->store().Write(batch).ok());
  EXPECT_FALSE(this->store().Write(batch).ok());
  engine::Batch gap;
  gap.leaves = {batch.leaves[0]};
  gap.leaves[0].index = batch.leaves.size() + 1;
  EXPECT_FALSE(this->store().Write(gap).ok());
}

TYPED_TEST_P(StoreConformance, ABatchIsWrittenWhollyOrNotAtAll) {
  BatchMaker maker;
  engine::Batch batch = BusyBatch(maker);
  batch.transfers.push_back(batch.transfers.front());  // an id that exists already, late in the batch
  EXPECT_FALSE(this->store().Write(batch).ok());
  market::Market market{market::Rules{}};
  std::vector<Digest> hashes;
  ASSERT_TRUE(this->store().Load(market, hashes).ok());
  EXPECT_TRUE(hashes.empty());
  EXPECT_TRUE(market.circuits().empty());
}

TYPED_TEST_P(StoreConformance, AnswersAreFoundByIdentityAndRequest) {
  engine::Batch batch;
  engine::StoredAnswer answer{TestKey(1), std::string("request\0id", 10), {}, Seconds(5), "bytes\0"};
  answer.content.fill(3);
  batch.answers = {answer};
  ASSERT_TRUE(this->store().Write(batch).ok());
  this->harness_.Reopen();
  EXPECT_EQ(*this->store().FindAnswer(TestKey(1), answer.request_id), answer);
  EXPECT_FALSE(this->store().FindAnswer(TestKey(2), answer.request_id)->has_value());
  EXPECT_FALSE(this->store().FindAnswer(TestKey(1), "request")->has_value());
}

TYPED_TEST_P(StoreConformance, LeavesAndTransfersAreReadInPages) {
  BatchMaker maker;
  const engine::Batch batch = BusyBatch(maker);
  ASSERT_TRUE(this->store().Write(batch).ok());
  const auto leaves = this->store().ReadLeaves(1, 2);
  ASSERT_TRUE(leaves.ok());
  ASSERT_EQ(leaves->size(), 2u);
  EXPECT_EQ((*leaves)[0].index, 1u);
  EXPECT_EQ((*leaves)[1].bytes, batch.leaves[2].bytes);
  EXPECT_TRUE(this->store().ReadLeaves(batch.leaves.size(), 5)->empty());

  const std::string key = HexEncode(TestKey(1));
  ASSERT_EQ(batch.transfers.size(), 4u);
  const auto newest = this->store().ReadTransfers(key, 0, 3);
  ASSERT_TRUE(newest.ok()) << newest.status();
  ASSERT_EQ(newest->size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ((*newest)[i], batch.transfers[3 - i]);
  const auto older = this->store().ReadTransfers(key, newest->back().id, 2);
  ASSERT_EQ(older->size(), 1u);
  EXPECT_EQ((*older)[0], batch.transfers[0]);
  EXPECT_TRUE(this->store().ReadTransfers(HexEncode(TestKey(9)), 0, 2)->empty());
}

TYPED_TEST_P(StoreConformance, ProofsLieBesideLeavesUntilTheyAreDeleted) {
  BatchMaker maker;
  engine::Batch batch = BusyBatch(maker);
  const std::string proof("\0proof", 6);
  batch.leaves[1].proof = proof;
  batch.leaves[3].proof = "other";
  ASSERT_TRUE(this->store().Write(batch).ok());
  EXPECT_EQ(*this->store().ReadProof(1), proof);
  EXPECT_EQ(*this->store().ReadProof(2), std::nullopt);
  EXPECT_FALSE(this->store().ReadProof(batch.leaves.size()).ok());
  EXPECT_EQ(*this->store().LoadProofsKeptFrom(), Micros{});
  ASSERT_TRUE(this->store().DeleteProofs(Seconds(5), {1, 2, 1}).ok());
  ASSERT_TRUE(this->store().DeleteProofs(Seconds(4), {}).ok());
  this->harness_.Reopen();
  EXPECT_EQ(*this->store().LoadProofsKeptFrom(), Seconds(5));
  const auto leaves = this->store().ReadLeaves(0, 4);
  ASSERT_EQ(leaves->size(), 4u);
  EXPECT_EQ((*leaves)[1].proof, std::nullopt);
  EXPECT_EQ((*leaves)[1].bytes, batch.leaves[1].bytes);
  EXPECT_EQ((*leaves)[3].proof, "other");
}

TYPED_TEST_P(StoreConformance, StatementsHaveWhatWasThereBeforeAndWhatMoved) {
  BatchMaker maker;
  engine::Batch batch = BusyBatch(maker);
  ASSERT_TRUE(this->store().Write(batch).ok());
  const Micros later = maker.now() + Millis(1);
  maker.Do(TestKey(1), market::Withdraw{Amount{300}, "rent"});
  maker.Do(TestKey(1), market::Withdraw{Amount{50}, "food"});
  const engine::Batch second = maker.Take();
  ASSERT_TRUE(this->store().Write(second).ok());
  const std::string key = HexEncode(TestKey(1));
  using Amounts = std::vector<Amount>;  // available, escrow, stake, withdrawing

  const Micros end = Seconds(1'000'000);
  const auto all = this->store().ReadStatement({key, Micros{0}, end, 0, 100});
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->before, (Amounts{{}, {}, {}, {}}));
  ASSERT_EQ(all->transfers.size(), batch.transfers.size() + second.transfers.size());
  EXPECT_EQ(all->transfers.front(), batch.transfers.front());
  EXPECT_EQ(all->transfers.back(), second.transfers.back());

  const auto from = this->store().ReadStatement({key, later, end, 0, 1});
  EXPECT_EQ(from->before, (Amounts{Amount{700}, Amount{300}, {}, {}}));
  ASSERT_EQ(from->transfers.size(), 1u);
  EXPECT_EQ(from->transfers[0], second.transfers[0]);
  const auto next = this->store().ReadStatement({key, later, end, from->transfers[0].id, 1});
  EXPECT_EQ(next->before, (Amounts{Amount{400}, Amount{300}, {}, Amount{300}}));
  EXPECT_EQ(next->transfers[0], second.transfers[1]);

  const auto until = this->store().ReadStatement({key, Micros{0}, later, 0, 100});
  EXPECT_EQ(until->transfers.size(), batch.transfers.size());
  const auto none = this->store().ReadStatement({key, end, end, 0, 100});
  EXPECT_EQ(none->before, (Amounts{Amount{350}, Amount{300}, {}, Amount{350}}));
  EXPECT_TRUE(none->transfers.empty());
  EXPECT_TRUE(this->store().ReadStatement({HexEncode(TestKey(9)), Micros{0}, end, 0, 9})->transfers.empty());
}

REGISTER_TYPED_TEST_SUITE_P(StoreConformance, AnEmptyStoreLoadsNothing, WhatWasWrittenIsLoadedAfterReopening,
                            RowsAreReplacedAndLeavesAppended, AnAttemptMayEndForEveryReason,
                            HistoryIsNeverWrittenTwice, ABatchIsWrittenWhollyOrNotAtAll,
                            AnswersAreFoundByIdentityAndRequest, LeavesAndTransfersAreReadInPages,
                            ProofsLieBesideLeavesUntilTheyAreDeleted,
                            StatementsHaveWhatWasThereBeforeAndWhatMoved);

}  // namespace prooflode::store
