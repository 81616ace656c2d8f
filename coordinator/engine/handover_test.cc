// The log passes from one key to the next, once, and no key comes back.
#include <gtest/gtest.h>

#include "base/sim/sim_env.h"
#include "coordinator/engine/engine.h"
#include "coordinator/engine/memory_store.h"
#include "coordinator/engine/replay.h"

namespace prooflode::engine {
namespace {

class IdleChecker final : public ProofChecker {
 public:
  uint32_t version() const override { return 1; }
  void Check(Request, std::function<void(bool)>) override {}
};

class IdleOutbox final : public Outbox {
 public:
  void Publish(const market::Market&, const std::vector<market::Effect>&) override {}
};

class HandoverTest : public testing::Test {
 protected:
  // Of a process that is named these keys.
  Status Start(const SigningKey& key, const SigningKey* retiring_key = nullptr) {
    engine_ = std::make_unique<Engine>(market::Rules{.market = "m"}, EngineOptions(),
                                       EngineParts{store_, checker_, outbox_, clock_, random_, metrics_, key,
                                                   [](const Status&) {}, retiring_key});
    return engine_->Load();
  }

  MemoryStore store_;
  IdleChecker checker_;
  IdleOutbox outbox_;
  SimClock clock_;
  SimRandom random_{1};
  InertMetrics metrics_;
  std::unique_ptr<Engine> engine_;
  const SigningKey first_ = SigningKey::FromSeed({1});
  const SigningKey second_ = SigningKey::FromSeed({2});
  const SigningKey third_ = SigningKey::FromSeed({3});
};

TEST_F(HandoverTest, IsInTheLogAndKnownFromThenOn) {
  ASSERT_TRUE(Start(first_).ok());
  const transparency::TreeHead before = engine_->log().Head();
  ASSERT_TRUE(Start(second_, &first_).ok());
  ASSERT_EQ(engine_->handovers().size(), 1u);
  EXPECT_EQ(engine_->handovers()[0].tree_size, before.size);
  EXPECT_EQ(engine_->handovers()[0].root, before.root);
  EXPECT_EQ(engine_->keys().current().key, second_.public_key());
  ASSERT_TRUE(Start(second_).ok());
  EXPECT_TRUE(engine_->keys().Has(first_.public_key()));
  ASSERT_TRUE(Start(third_, &second_).ok());
  EXPECT_EQ(engine_->handovers().size(), 2u);
  const auto replayed = CheckByReplay(store_);
  EXPECT_TRUE(replayed.ok()) << replayed.status();
}

TEST_F(HandoverTest, NeitherTheOldKeyNorAStrangersStarts) {
  ASSERT_TRUE(Start(first_).ok());
  ASSERT_TRUE(Start(second_, &first_).ok());
  const uint64_t leaves = engine_->log().size();
  EXPECT_EQ(Start(first_).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Start(first_, &second_).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Start(third_, &first_).code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(Start(second_).ok());
  EXPECT_EQ(engine_->log().size(), leaves + 1);  // the refused starts wrote nothing
}

TEST_F(HandoverTest, AnEmptyLogHasNoKeyToRetire) {
  EXPECT_EQ(Start(second_, &first_).code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace prooflode::engine
