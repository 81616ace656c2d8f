// What repeats and lost connections must not break: requests sent twice, retries of what takes long.
#include <atomic>
#include <functional>
#include <thread>
#include <utility>

#include "base/bounded_queue.h"
#include "base/sim/sim_env.h"
#include "coordinator/api/race_fixture_test.h"

namespace prooflode::api {
namespace {

using RepeatTest = RaceTest;

// The store as it was a moment ago: the next `late` looks for an answer find none.
class LateStore final : public engine::Store {
 public:
  explicit LateStore(engine::Store& store) : store_(store) {}
  mutable std::atomic<int> late{0};

  Status Load(market::Market& market, std::vector<Digest>& leaf_hashes) override {
    return store_.Load(market, leaf_hashes);
  }
  StatusOr<std::vector<KeyHandover>> LoadHandovers() override { return store_.LoadHandovers(); }
  Status Write(const engine::Batch& batch) override { return store_.Write(batch); }
  StatusOr<std::optional<engine::StoredAnswer>> FindAnswer(const market::Identity& identity,
                                                           const std::string& request_id) const override {
    if (late > 0) {
      --late;
      return std::nullopt;
    }
    return store_.FindAnswer(identity, request_id);
  }
  StatusOr<std::vector<transparency::Leaf>> ReadLeaves(uint64_t from, size_t count_max) const override {
    return store_.ReadLeaves(from, count_max);
  }
  Status DeleteProofs(Micros kept_from, const std::vector<market::LeafIndex>& leaves) override {
    return store_.DeleteProofs(kept_from, leaves);
  }
  StatusOr<Micros> LoadProofsKeptFrom() override { return store_.LoadProofsKeptFrom(); }
  StatusOr<std::vector<ledger::Transfer>> ReadTransfers(const std::string& hex_key, uint64_t before_id,
                                                        size_t count_max) const override {
    return store_.ReadTransfers(hex_key, before_id, count_max);
  }
  StatusOr<engine::StatementRows> ReadStatement(const engine::StatementQuery& query) const override {
    return store_.ReadStatement(query);
  }

 private:
  engine::Store& store_;
};

TEST_F(RepeatTest, ARepeatedAcceptanceOfAnEndedAttemptTakesNoOffer) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  Party miner = Join(1, v1::ROLE_MINER);
  GiveMoney(requester, 1000, "start");
  const v1::Job job = Post(requester, RegisterCircuit(requester), "witness");
  v1::AcceptOfferRequest accept;
  accept.set_request_id("0123456789abcdef");
  accept.set_job_id(job.job_id());
  const auto first = miner.calls->AcceptOffer(accept);
  ASSERT_TRUE(first.ok()) << first.status();
  v1::ReleaseAttemptRequest release;
  release.set_attempt_id(first->attempt().attempt_id());
  release.set_fence(first->attempt().fence());
  ASSERT_TRUE(miner.calls->ReleaseAttempt(release).ok());

  Session session(miner);
  session.stream().GrantCredit(1);
  session.Next(v1::SessionResponse::kOffer);
  const auto again = miner.calls->AcceptOffer(accept);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->attempt().attempt_id(), first->attempt().attempt_id());
  // The offer stands, so its end is told.
  v1::CancelJobRequest cancel;
  cancel.set_job_id(job.job_id());
  ASSERT_TRUE(requester.calls->CancelJob(cancel).ok());
  EXPECT_EQ(session.Next(v1::SessionResponse::kOfferWithdrawn).offer_withdrawn().job_id(), job.job_id());
}

TEST_F(RepeatTest, ARepeatIsAnsweredWithoutCheckingFilesAgain) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  GiveMoney(requester, 100, "start");
  v1::RegisterCircuitRequest circuit;
  circuit.set_request_id("the circuit's id");
  circuit.set_name("circuit");
  circuit.set_zkey_digest(StringOf(Upload(requester, "zkey", v1::ARTIFACT_KIND_ZKEY)));
  const auto registered = requester.calls->RegisterCircuit(circuit);
  ASSERT_TRUE(registered.ok()) << registered.status();
  v1::PostJobRequest post =
      JobRequest(registered->circuit().circuit_id(), Upload(requester, "witness", v1::ARTIFACT_KIND_WITNESS));
  post.set_request_id("the job's own id");
  const auto posted = requester.calls->PostJob(post);
  ASSERT_TRUE(posted.ok()) << posted.status();
  const int checks = files_.checks;
  End();
  Begin();
  // All the money is in escrow by now, which a repeat does not mind.
  const auto posted_again = requester.calls->PostJob(post);
  ASSERT_TRUE(posted_again.ok()) << posted_again.status();
  EXPECT_EQ(posted_again->job().job_id(), posted->job().job_id());
  const auto registered_again = requester.calls->RegisterCircuit(circuit);
  ASSERT_TRUE(registered_again.ok()) << registered_again.status();
  EXPECT_EQ(registered_again->circuit().circuit_id(), registered->circuit().circuit_id());
  post.set_reward_units(1);
  EXPECT_EQ(requester.calls->PostJob(post).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(files_.checks, checks);
}

TEST_F(RepeatTest, WhatCannotBePaidIsNotChecked) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  GiveMoney(requester, 99, "start");
  const std::string circuit = RegisterCircuit(requester);
  const Digest witness = Upload(requester, "witness", v1::ARTIFACT_KIND_WITNESS);
  const int checks = files_.checks;
  EXPECT_EQ(requester.calls->PostJob(JobRequest(circuit, witness)).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(files_.checks, checks);
}

TEST_F(RepeatTest, ARepeatThatLooksBeforeTheFirstIsWrittenIsNotTooPoor) {
  End();
  auto other_store = std::make_unique<const LateStore>(store_);
  const LateStore& late_store = *other_store;
  other_store_ = std::move(other_store);
  Begin();
  Party requester = Join(10, v1::ROLE_REQUESTER);
  GiveMoney(requester, 100, "start");
  v1::PostJobRequest post =
      JobRequest(RegisterCircuit(requester), Upload(requester, "witness", v1::ARTIFACT_KIND_WITNESS));
  post.set_request_id("the job's own id");
  post.set_again(true);  // so that it costs its reward, whatever was posted before
  const auto posted = requester.calls->PostJob(post);
  ASSERT_TRUE(posted.ok()) << posted.status();
  // The answer is written after the look and before the money is counted, which is in escrow then.
  late_store.late = 1;
  const auto again = requester.calls->PostJob(post);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->job().job_id(), posted->job().job_id());
  EXPECT_EQ(late_store.late, 0);
  post.set_request_id("another job's id");
  EXPECT_EQ(requester.calls->PostJob(post).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(RepeatTest, WhatIsKnownOfACircuitIsNotCheckedAgain) {
  Party owner = Join(10, v1::ROLE_REQUESTER);
  Party other = Join(11, v1::ROLE_REQUESTER);
  v1::RegisterCircuitRequest request;
  request.set_name("circuit");
  request.set_zkey_digest(StringOf(Upload(owner, "zkey", v1::ARTIFACT_KIND_ZKEY)));
  request.set_allow_insecure_setup(true);
  const auto registered = owner.calls->RegisterCircuit(request);
  ASSERT_TRUE(registered.ok()) << registered.status();
  const int checks = files_.checks;

  const auto same = other.calls->RegisterCircuit(request);
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_EQ(same->circuit().circuit_id(), registered->circuit().circuit_id());
  EXPECT_EQ(same->circuit().owner(), StringOf(owner.identity()));
  v1::RegisterCircuitRequest secure = request;
  secure.set_allow_insecure_setup(false);
  EXPECT_EQ(other.calls->RegisterCircuit(secure).status().code(), absl::StatusCode::kFailedPrecondition);
  v1::RegisterCircuitRequest renamed = request;
  renamed.set_name("another");
  EXPECT_EQ(other.calls->RegisterCircuit(renamed).status().code(), absl::StatusCode::kAlreadyExists);
  v1::RegisterCircuitRequest taken = request;
  taken.set_zkey_digest(StringOf(Upload(other, "another zkey", v1::ARTIFACT_KIND_ZKEY)));
  EXPECT_EQ(other.calls->RegisterCircuit(taken).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(files_.checks, checks);
  // Other files and another name are another circuit.
  taken.set_name("another");
  EXPECT_TRUE(other.calls->RegisterCircuit(taken).ok());
  EXPECT_EQ(files_.checks, checks + 1);
}

TEST_F(RepeatTest, AnOwnerHasAtMostSoManyCircuits) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  const auto add = [&](Party& party, const std::string& name) {
    v1::RegisterCircuitRequest request;
    request.set_name(name);
    request.set_zkey_digest(StringOf(Upload(party, name, v1::ARTIFACT_KIND_ZKEY)));
    return party.calls->RegisterCircuit(request, {.retry_for = Micros{0}}).status().code();
  };
  EXPECT_EQ(add(requester, "one"), absl::StatusCode::kOk);
  EXPECT_EQ(add(requester, "two"), absl::StatusCode::kOk);
  EXPECT_EQ(add(requester, "three"), absl::StatusCode::kResourceExhausted);
  Party other = Join(11, v1::ROLE_REQUESTER);
  EXPECT_EQ(add(other, "three"), absl::StatusCode::kOk);
}

TEST_F(RepeatTest, WhatAKeyBeginsInAMinuteIsBounded) {
  End();
  begun_per_minute_max_ = 2;
  Begin();
  Party requester = Join(10, v1::ROLE_REQUESTER);
  GiveMoney(requester, 100, "start");
  const auto withdraw = [&](uint64_t amount, const std::string& reference) {
    v1::WithdrawRequest request;
    request.set_amount_units(amount);
    request.set_external_reference(reference);
    return requester.calls->Withdraw(request, {.retry_for = Micros{0}}).status().code();
  };
  EXPECT_EQ(withdraw(1, "a"), absl::StatusCode::kOk);
  for (int i = 0; i < 5; ++i) {  // what is refused leaves no leaf, and is not counted
    EXPECT_EQ(withdraw(1000, "b"), absl::StatusCode::kFailedPrecondition);
  }
  EXPECT_EQ(withdraw(1, "c"), absl::StatusCode::kOk);
  EXPECT_EQ(withdraw(1, "d"), absl::StatusCode::kResourceExhausted);
  Party op = Operator();  // is not counted
  GiveMoney(op, 10, "one");
  for (int i = 0; i < 4; ++i) {
    v1::WithdrawRequest request;
    request.set_amount_units(1);
    request.set_external_reference(std::to_string(i));
    EXPECT_TRUE(op.calls->Withdraw(request, {.retry_for = Micros{0}}).ok()) << i;
  }
}

TEST_F(RepeatTest, ReadsOfAKeyAreBoundedAndItsCommandsAreNot) {
  End();
  reads_per_identity_max_ = 1;
  Begin();
  Party requester = Join(10, v1::ROLE_REQUESTER);
  Party other = Join(11, v1::ROLE_REQUESTER);
  ASSERT_TRUE(requester.calls->GetAccount({}).ok());  // logged in
  ASSERT_TRUE(other.calls->GetAccount({}).ok());
  EngineHold hold(*engine_);
  BoundedQueue<absl::StatusCode> results(4);
  const auto read = [&](Party& party) {
    return std::thread(
        [&] { results.TryPush(party.calls->GetAccount({}, {.retry_for = Micros{0}}).status().code()); });
  };
  std::vector<std::thread> readers;
  readers.push_back(read(requester));
  readers.push_back(read(requester));
  readers.push_back(read(other));
  EXPECT_EQ(results.Pop(), absl::StatusCode::kResourceExhausted);  // the others wait
  hold.LetGo();
  EXPECT_EQ(results.Pop(), absl::StatusCode::kOk);
  EXPECT_EQ(results.Pop(), absl::StatusCode::kOk);
  for (std::thread& reader : readers) reader.join();
  GiveMoney(requester, 1, "one");
}

TEST_F(RepeatTest, TimesThatAreToldAreTheMarkets) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  GiveMoney(requester, 1000, "start");
  const std::string circuit = RegisterCircuit(requester);
  const auto told = [&] {
    v1::GetMarketResponse response;
    grpc::ClientContext context;
    EXPECT_TRUE(
        v1::AuthService::NewStub(requester.connection->channel())->GetMarket(&context, {}, &response).ok());
    return response.time_us();
  };
  const int64_t first = told();
  clock_.Turn(Seconds(24 * 3600));  // the calendar is ahead, then far behind
  const int64_t second = told();
  EXPECT_GE(second, first);
  EXPECT_LT(second, first + Count(Seconds(12 * 3600)));
  clock_.Turn(Seconds(-48 * 3600));
  const v1::Job job = Post(requester, circuit, "witness");
  EXPECT_GE(job.posted_at_us(), second);
  EXPECT_LE(job.posted_at_us(), told());
}

// Sleeps no time, but at its first sleep does something instead.
class EventfulClock final : public Clock {
 public:
  std::function<void()> at_first_sleep;
  Micros slept{};

  Micros WallNow() override { return slept; }
  Micros MonotonicNow() override { return slept; }
  void Sleep(Micros duration) override {
    slept = slept + duration;
    if (at_first_sleep) std::exchange(at_first_sleep, nullptr)();
  }
};

TEST_F(RepeatTest, ACoordinatorThatCameBackIsNotWaitedForAnyLonger) {
  EventfulClock clock;
  client::ConnectionOptions options;
  options.channel.url = Url();
  options.backoff.initial = Millis(100);
  const SigningKey key = SigningKey::FromSeed({1});
  const auto connection = client::Connection::Create(options, key, clock, random_).value();
  clock.at_first_sleep = [&] {
    while (connection->channel()->GetState(/*try_to_connect=*/true) != GRPC_CHANNEL_READY) {
      clock_.Sleep(Millis(1));
    }
  };
  Backoff day({.initial = Seconds(86'400), .max = Seconds(86'400)});
  EXPECT_TRUE(connection->Wait(day, nullptr));
  EXPECT_LE(clock.slept, Millis(20) + options.backoff.initial);
  // Connected and refused is another matter: that is waited out.
  clock.slept = {};
  Backoff hour({.initial = Seconds(3'600), .max = Seconds(3'600)});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(connection->Wait(hour, nullptr));
  EXPECT_GT(clock.slept, Seconds(1));
}

TEST_F(RepeatTest, RetriesAreCountedFromTheLastProgress) {
  SimClock clock;
  client::ConnectionOptions options;
  options.channel.url = Url();
  options.retry_for = Seconds(60);
  const SigningKey key = SigningKey::FromSeed({1});
  const auto connection = client::Connection::Create(options, key, clock, random_).value();
  client::CallProgress progress;
  int tries = 0;
  const auto slow = [&](bool gets_on, int tries_wanted) {
    tries = 0;
    return connection->Run(
        [&](grpc::ClientContext&) {
          clock.Advance(Seconds(50));
          if (gets_on) progress.Note(clock);
          clock.Advance(Seconds(50));
          return ++tries == tries_wanted ? grpc::Status::OK
                                         : grpc::Status(grpc::StatusCode::UNAVAILABLE, "lost");
        },
        {}, &progress);
  };
  EXPECT_TRUE(slow(true, 5).ok());
  EXPECT_EQ(tries, 5);
  EXPECT_EQ(slow(false, 5).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(tries, 1);
}

}  // namespace
}  // namespace prooflode::api
