#include "coordinator/engine/engine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "base/real_env.h"
#include "base/sim/sim_env.h"
#include "coordinator/engine/answer_codec.h"
#include "coordinator/engine/command_codec.h"
#include "coordinator/engine/memory_store.h"
#include "coordinator/engine/replay.h"
#include "coordinator/engine/settable_clock_test.h"
#include "transparency/signing.h"

namespace prooflode::engine {
namespace {

using market::AttemptState;
using market::JobState;

market::Identity Key(uint8_t n) {
  market::Identity key{};
  key.fill(n);
  return key;
}
const market::Identity kAlice = Key(1);
const market::Identity kM1 = Key(11);
const market::Identity kM2 = Key(12);

Digest Content(const std::string& text) { return Sha256(AsBytes(text)); }

// Keeps requests until the test decides them.
class HeldChecker final : public ProofChecker {
 public:
  uint32_t version() const override { return 7; }
  void Check(Request request, std::function<void(bool)> done) override {
    MutexLock lock(mutex_);
    held_.emplace_back(std::move(request), std::move(done));
  }
  size_t size() {
    MutexLock lock(mutex_);
    return held_.size();
  }
  Request Decide(bool valid) {
    std::pair<Request, std::function<void(bool)>> first;
    {
      MutexLock lock(mutex_);
      first = std::move(held_.front());
      held_.erase(held_.begin());
    }
    first.second(valid);
    return first.first;
  }

 private:
  Mutex mutex_;
  std::vector<std::pair<Request, std::function<void(bool)>>> held_ PL_GUARDED_BY(mutex_);
};

class CountingOutbox final : public Outbox {
 public:
  void Publish(const market::Market&, const std::vector<market::Effect>& effects) override {
    count += effects.size();
  }
  std::atomic<size_t> count = 0;
};

// An engine without a thread over a store that survives it.
class Bench {
 public:
  explicit Bench(EngineOptions options = {}) : options_(options) { Restart(); }

  void Restart() {
    engine.reset();
    checker = std::make_unique<HeldChecker>();
    engine = std::make_unique<Engine>(rules_, options_,
                                      EngineParts{store, *checker, outbox, clock, random_, metrics_, key_,
                                                  [&](const Status&) { ++failures; }});
    const Status status = engine->Load();
    ASSERT_TRUE(status.ok()) << status;
  }
  void Turn() { engine->RunOnce(std::chrono::microseconds(0)); }

  StatusOr<Answered> Do(const market::Identity& who, market::Command command, std::string id = "") {
    if (id.empty()) id = absl::StrCat("request number ", ++requests_);
    StatusOr<Answered> result = absl::UnknownError("no answer");
    engine->Offer({who, id}, std::move(command), Content(id),
                  [&](StatusOr<Answered> r) { result = std::move(r); });
    Turn();
    return result;
  }
  template <typename T>
  T Get(const market::Identity& who, market::Command command) {
    const StatusOr<Answered> answered = Do(who, std::move(command));
    if (!answered.ok()) {
      ADD_FAILURE() << answered.status();
      return {};
    }
    if (const auto* refusal = std::get_if<market::Refusal>(&answered->answer)) {
      ADD_FAILURE() << refusal->message;
      return {};
    }
    return std::get<T>(answered->answer);
  }

  void Fund() {
    market::Circuit circuit;
    circuit.id.fill(7);
    circuit.name = "c";
    circuit.public_input_count = 1;
    circuit.verification_key_json = "{\"key\":1}";
    circuit.verifying_key_digest.fill(8);
    Get<market::CircuitAnswer>(kAlice, market::RegisterCircuit{circuit});
    Get<market::TransferAnswer>({}, market::Deposit{kAlice, Amount{1000}, "start"});
  }
  market::Job Post() {
    market::PostJob post;
    post.circuit.fill(7);
    post.public_inputs = std::string(32, '\0');
    post.statement.fill(++statements_);
    post.reward = Amount{100};
    post.time_limit = Seconds(60);
    return Get<market::JobAnswer>(kAlice, post).job;
  }
  market::Attempt Accept(const market::Identity& miner, const market::Job& job) {
    return Get<market::AttemptAnswer>(miner, market::AcceptOffer{job.id}).attempt;
  }
  Digest OpeningOf(const market::Attempt& attempt, const std::string& proof) {
    return transparency::CommitHash({.market = rules_.market,
                                     .job = attempt.job.bytes,
                                     .attempt = attempt.id.bytes,
                                     .miner = attempt.miner,
                                     .proof_hash = transparency::ProofHash(proof, std::string(32, '\0')),
                                     .nonce = {}});
  }
  market::CommitProof CommitOf(const market::Attempt& attempt, const std::string& proof) {
    return {.attempt = attempt.id, .fence = attempt.fence, .commit_hash = OpeningOf(attempt, proof)};
  }
  void CommitAndReveal(const market::Attempt& attempt, const std::string& proof) {
    Get<market::CommitAnswer>(attempt.miner, CommitOf(attempt, proof));
    Get<market::RevealAnswer>(
        attempt.miner,
        market::RevealProof{.attempt = attempt.id, .fence = attempt.fence, .opening = {proof}});
  }
  market::Job JobNow(const market::Job& job) {
    market::Job now;
    EXPECT_TRUE(engine->Query([&](const market::Market& m) { now = *m.FindJob(job.id); }).ok());
    Turn();
    return now;
  }

  MemoryStore store;
  SettableClock clock;
  std::unique_ptr<HeldChecker> checker;
  CountingOutbox outbox;
  std::unique_ptr<Engine> engine;
  int failures = 0;

 private:
  const SigningKey key_ = SigningKey::FromSeed({50});
  EngineOptions options_;
  market::Rules rules_;
  SimRandom random_{3};
  InertMetrics metrics_;
  int requests_ = 0;
  uint8_t statements_ = 0;
};

TEST(Engine, ARaceFromPostToPayment) {
  Bench b;
  b.Fund();
  const market::Job job = b.Post();
  const market::Attempt a1 = b.Accept(kM1, job);
  const market::Attempt a2 = b.Accept(kM2, job);
  b.CommitAndReveal(a1, std::string(256, '\1'));
  b.CommitAndReveal(a2, std::string(256, '\2'));
  ASSERT_EQ(b.checker->size(), 2u);
  const ProofChecker::Request first = b.checker->Decide(true);
  EXPECT_EQ(first.attempt, a1.id);
  EXPECT_EQ(first.proof, std::string(256, '\1'));
  EXPECT_EQ(first.verification_key_json, "{\"key\":1}");
  EXPECT_EQ(first.verifying_key_digest[0], 8);
  EXPECT_EQ(first.public_inputs, std::string(32, '\0'));
  b.Turn();
  const market::Job won = b.JobNow(job);
  EXPECT_EQ(won.state, JobState::kWon);
  EXPECT_EQ(won.winner, kM1);
  EXPECT_GT(b.outbox.count, 0u);
  size_t verdicts = 0;
  const auto leaves = b.store.ReadLeaves(0, 1000);
  ASSERT_TRUE(leaves.ok());
  for (const transparency::Leaf& leaf : *leaves) {
    const auto stamped = DecodeCommand(*transparency::DecodeLeaf(AsBytes(leaf.bytes)), leaf.index);
    ASSERT_TRUE(stamped.ok()) << stamped.status();
    const auto* const verdict = std::get_if<market::RecordVerdict>(&stamped->command);
    if (verdict == nullptr) continue;
    ++verdicts;
    EXPECT_EQ(verdict->verifier_version, b.checker->version());
  }
  EXPECT_EQ(verdicts, 1u);
  const auto report = CheckByReplay(b.store);
  EXPECT_TRUE(report.ok()) << report.status();
}

TEST(Engine, ACommitIsAnsweredWithAProofOfItsLeaf) {
  Bench b;
  b.Fund();
  const market::Job job = b.Post();
  const market::Attempt attempt = b.Accept(kM1, job);
  const market::CommitProof commit = b.CommitOf(attempt, "proof");
  const auto first = b.Do(kM1, commit, "the same request id");
  ASSERT_TRUE(first.ok() && first->receipt);
  const CommitReceiptData receipt = *first->receipt;
  const Digest hash = transparency::LeafHash(AsBytes(receipt.leaf));
  EXPECT_EQ(receipt.tree_size, receipt.leaf_index + 1);
  EXPECT_TRUE(transparency::VerifyInclusion(hash, receipt.leaf_index, receipt.tree_size,
                                            receipt.inclusion_proof, receipt.root));
  const auto content = transparency::DecodeLeaf(AsBytes(receipt.leaf));
  ASSERT_TRUE(content.ok());
  const auto decoded = DecodeCommand(*content, receipt.leaf_index);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(std::get<market::CommitProof>(decoded->command).commit_hash, commit.commit_hash);
  EXPECT_EQ(decoded->origin.identity, kM1);

  b.Post();  // the log goes on; the receipt of a repeat stays the same, also after a restart
  EXPECT_EQ(b.Do(kM1, commit, "the same request id")->receipt, receipt);
  b.Restart();
  const auto repeated = b.Do(kM1, commit, "the same request id");
  ASSERT_TRUE(repeated.ok() && repeated->receipt);
  EXPECT_EQ(repeated->receipt, receipt);
}

TEST(Engine, ARepeatGetsTheFirstAnswerAndHasNoEffect) {
  Bench b;
  b.Fund();
  const market::Deposit deposit{kAlice, Amount{5}, "salary"};
  std::vector<uint64_t> ids;
  for (int i = 0; i < 2; ++i) {  // twice in one batch
    b.engine->Offer({kAlice, "request id 123456"}, deposit, Content("a"), [&](StatusOr<Answered> r) {
      ids.push_back(std::get<market::TransferAnswer>(r->answer).transfer.id);
    });
  }
  b.Turn();
  b.Restart();
  b.engine->Offer({kAlice, "request id 123456"}, deposit, Content("a"), [&](StatusOr<Answered> r) {
    ids.push_back(std::get<market::TransferAnswer>(r->answer).transfer.id);
  });
  b.Turn();
  ASSERT_EQ(ids.size(), 3u);
  EXPECT_EQ(ids[1], ids[0]);
  EXPECT_EQ(ids[2], ids[0]);
  Status other;
  b.engine->Offer({kAlice, "request id 123456"}, deposit, Content("b"),
                  [&](StatusOr<Answered> r) { other = r.status(); });
  b.Turn();
  EXPECT_EQ(other.code(), absl::StatusCode::kAlreadyExists);
  // The same id of another identity is another request.
  const auto mine = b.Do(kM1, market::AcceptOffer{}, "request id 123456");
  ASSERT_TRUE(mine.ok());
  EXPECT_TRUE(std::holds_alternative<market::Refusal>(mine->answer));
}

TEST(Engine, ARefusalIsNotRememberedAndARetryMaySucceed) {
  Bench b;
  b.Fund();
  market::PostJob post;
  post.circuit.fill(7);
  post.public_inputs = std::string(32, '\0');
  post.reward = Amount{5000};
  post.time_limit = Seconds(60);
  for (int i = 0; i < 2; ++i) {
    const auto refused = b.Do(kAlice, post, "too poor for this");
    ASSERT_TRUE(std::holds_alternative<market::Refusal>(refused->answer));
    b.Restart();
  }
  b.Get<market::TransferAnswer>({}, market::Deposit{kAlice, Amount{9000}, "more"});
  const auto posted = b.Do(kAlice, post, "too poor for this");
  ASSERT_TRUE(std::holds_alternative<market::JobAnswer>(posted->answer));
  const auto again = b.Do(kAlice, post, "too poor for this");
  ASSERT_TRUE(std::holds_alternative<market::JobAnswer>(again->answer));
  EXPECT_EQ(std::get<market::JobAnswer>(again->answer).job.id,
            std::get<market::JobAnswer>(posted->answer).job.id);
}

TEST(Engine, AFullQueueRefusesAndAClosedOneSaysSo) {
  EngineOptions options;
  options.queue_limit = 2;
  Bench b(options);
  std::vector<absl::StatusCode> codes;
  const auto offer = [&](int i) {
    b.engine->Offer({kAlice, absl::StrCat("request ", i)},
                    market::Deposit{kAlice, Amount{1}, absl::StrCat(i)}, {},
                    [&](StatusOr<Answered> r) { codes.push_back(r.status().code()); });
  };
  for (int i = 0; i < 3; ++i) offer(i);
  EXPECT_EQ(codes, std::vector{absl::StatusCode::kResourceExhausted});
  EXPECT_EQ(b.engine->Query([](const market::Market&) {}).code(), absl::StatusCode::kResourceExhausted);
  b.Turn();
  EXPECT_EQ(codes.size(), 3u);
  b.engine->Stop();
  offer(9);
  EXPECT_EQ(codes.back(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(b.engine->Query([](const market::Market&) {}).code(), absl::StatusCode::kUnavailable);
}

TEST(Engine, ReadsNeitherDelayNorRefuseCommands) {
  EngineOptions options;
  options.queue_limit = 4;
  options.reads_limit = 6;
  options.reads_slice = Millis(2);
  Bench b(options);
  std::string order;
  const auto read = [&] {
    return b.engine->Read([&](const market::Market&) {
      order += 'r';
      b.clock.Advance(Millis(1));
    });
  };
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(read().ok());
  EXPECT_EQ(read().code(), absl::StatusCode::kResourceExhausted);
  for (int i = 0; i < 3; ++i) {  // the fourth place is that of the reads together
    b.engine->Offer({kAlice, absl::StrCat("request ", i)},
                    market::Deposit{kAlice, Amount{1}, absl::StrCat(i)}, {},
                    [&](const StatusOr<Answered>& r) {
                      EXPECT_TRUE(r.ok()) << r.status();
                      order += 'c';
                    });
  }
  b.Turn();
  EXPECT_EQ(order, "cccrr");  // the slice is over
  b.Turn();
  EXPECT_EQ(order, "cccrrrr");
  // What waits when the engine stops is still answered.
  b.engine->Start();
  b.engine->Stop();
  EXPECT_EQ(order, "cccrrrrrr");
  EXPECT_EQ(read().code(), absl::StatusCode::kUnavailable);
}

TEST(Engine, ALongReadIsFollowedByWhatWaits) {
  EngineOptions options;
  options.reads_slice = Micros{0};  // each read is a whole slice
  Bench b(options);
  b.engine->Start();
  std::promise<void> done;
  std::atomic<int> left{1000};
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(b.engine
                    ->Read([&](const market::Market&) {
                      if (--left == 0) done.set_value();
                    })
                    .ok());
  }
  done.get_future().wait();  // nothing else wakes the engine: no read is forgotten
  b.engine->Stop();
}

TEST(Engine, NothingLeavesWhenTheStoreFails) {
  Bench b;
  b.Fund();
  const market::Job job = b.Post();
  const size_t published = b.outbox.count;
  b.store.fail_next_write = true;
  bool queried = false;
  ASSERT_TRUE(b.engine->Query([&](const market::Market&) { queried = true; }).ok());
  const auto answer = b.Do(kM1, market::AcceptOffer{job.id});
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(queried);
  EXPECT_EQ(b.outbox.count, published);
  EXPECT_EQ(b.failures, 1);
  EXPECT_FALSE(b.engine->RunOnce(std::chrono::microseconds(0)));
  b.Restart();
  EXPECT_EQ(b.JobNow(job).racer_count, 0u);
}

TEST(Engine, TimersActByThemselvesAndWaitAfterARestart) {
  Bench b;
  b.Fund();
  const market::Job first = b.Post();
  b.clock.Advance(Seconds(61));
  b.Turn();
  EXPECT_EQ(b.JobNow(first).state, JobState::kExpired);
  const market::Job second = b.Post();
  b.clock.Advance(Seconds(61));
  b.Restart();
  b.Turn();
  EXPECT_EQ(b.JobNow(second).state, JobState::kOpen);
  b.clock.Advance(Seconds(11));
  b.Turn();
  EXPECT_EQ(b.JobNow(second).state, JobState::kExpired);
  const auto report = CheckByReplay(b.store);
  EXPECT_TRUE(report.ok()) << report.status();
}

TEST(Engine, AWallClockThatJumpsNeitherStopsTimeNorExpiresEverything) {
  for (const Micros jump : {Seconds(3600), Seconds(-3600)}) {
    Bench b;
    b.Fund();
    const market::Job job = b.Post();
    b.clock.JumpWall(jump);
    b.clock.Advance(Seconds(54));  // at most 10 % fast: 59.4 s of the job's 60
    b.Turn();
    EXPECT_EQ(b.JobNow(job).state, JobState::kOpen);
    b.clock.JumpWall(Micros{-Count(jump)});  // and back, after the market followed it a little
    b.clock.Advance(Seconds(13));
    b.Turn();
    EXPECT_EQ(b.JobNow(job).state, JobState::kExpired);
    const market::Job second = b.Post();
    b.clock.JumpWall(jump);
    b.clock.Advance(Seconds(67));  // at most 10 % slow: 60.3 s
    b.Turn();
    EXPECT_EQ(b.JobNow(second).state, JobState::kExpired);
  }
}

TEST(Engine, LogTimeNeverFalls) {
  Bench b;
  b.Fund();
  b.clock.JumpWall(Seconds(-3600));
  b.Restart();
  const market::Job job = b.Post();
  EXPECT_GE(job.posted_at, Seconds(1'000'000));
}

TEST(Engine, RevealedProofsAreCheckedAgainAfterARestart) {
  Bench b;
  b.Fund();
  const market::Job job = b.Post();
  b.CommitAndReveal(b.Accept(kM1, job), "proof");
  ASSERT_EQ(b.checker->size(), 1u);
  b.Restart();
  ASSERT_EQ(b.checker->size(), 1u);
  b.checker->Decide(true);
  b.Turn();
  EXPECT_EQ(b.JobNow(job).state, JobState::kWon);
}

TEST(Engine, AtMostSoManyChecksAreOutAndDecidedOnesAreSkipped) {
  EngineOptions options;
  options.checks_in_flight_max = 1;
  Bench b(options);
  b.Fund();
  const market::Job job = b.Post();
  const market::Attempt a1 = b.Accept(kM1, job);
  const market::Attempt a2 = b.Accept(kM2, job);
  b.CommitAndReveal(a1, "one");
  b.CommitAndReveal(a2, "two");
  EXPECT_EQ(b.checker->size(), 1u);
  b.checker->Decide(true);
  b.Turn();
  EXPECT_EQ(b.checker->size(), 0u);  // the second cannot win any more
  EXPECT_EQ(b.JobNow(job).winner, kM1);
}

TEST(Engine, ThreadsMayOfferAndAskAtOnce) {
  MemoryStore store;
  HeldChecker checker;
  CountingOutbox outbox;
  RealClock clock;
  RealRandom random;
  InertMetrics metrics;
  const SigningKey key = SigningKey::FromSeed({50});
  Engine engine(market::Rules{}, {},
                {store, checker, outbox, clock, random, metrics, key, [](const Status&) {}});
  ASSERT_TRUE(engine.Load().ok());
  engine.Start();
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        engine.Offer({kAlice, absl::StrCat("request ", t, " ", i)},
                     market::Deposit{kAlice, Amount{1}, absl::StrCat(t, ".", i)}, {},
                     [&](StatusOr<Answered> r) { answered += r.ok(); });
        std::promise<uint64_t> seen;
        const Status asked = engine.Query([&](const market::Market& m) {
          seen.set_value(Count(m.ledger().Balance(ledger::Available(HexEncode(kAlice)))));
        });
        ASSERT_TRUE(asked.ok());
        EXPECT_GT(seen.get_future().get(), 0u);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  engine.Stop();
  EXPECT_EQ(answered, 400);
  market::Market market{market::Rules{}};
  std::vector<Digest> hashes;
  ASSERT_TRUE(store.Load(market, hashes).ok());
  EXPECT_EQ(Count(market.ledger().Balance(ledger::Available(HexEncode(kAlice)))), 400u);
  EXPECT_EQ(hashes.size(), 401u);  // and the start
}

}  // namespace
}  // namespace prooflode::engine
