// How what is scarce is shared: file checks in turn, transfers bounded and not idle.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <string>
#include <thread>

#include "base/sim/sim_env.h"
#include "coordinator/api/fair_workers.h"
#include "coordinator/api/transfer_table.h"

namespace prooflode::api {
namespace {

market::Identity Of(uint8_t n) {
  market::Identity identity{};
  identity.fill(n);
  return identity;
}

TEST(FairWorkers, IdentitiesTakeTurnsAndQueuesAreBounded) {
  std::promise<void> go;
  std::promise<void> busy;
  std::string order;
  {
    FairWorkers workers({.threads = 1, .queued_max = 6, .queued_per_identity_max = 4});
    ASSERT_TRUE(workers.Submit(Of(1), [&] {
      busy.set_value();
      go.get_future().wait();
    }));
    busy.get_future().wait();
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(workers.Submit(Of(1), [&] { order += 'a'; }));
    EXPECT_FALSE(workers.Submit(Of(1), [&] { order += 'a'; }));  // four of this identity
    EXPECT_TRUE(workers.Submit(Of(2), [&] { order += 'b'; }));
    EXPECT_TRUE(workers.Submit(Of(2), [&] { order += 'b'; }));
    EXPECT_FALSE(workers.Submit(Of(3), [&] { order += 'c'; }));  // six altogether
    go.set_value();
  }
  EXPECT_EQ(order, "babaa");
}

TEST(FairWorkers, OneTaskOfAnIdentityAtATime) {
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  {
    FairWorkers workers({.threads = 4});
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(workers.Submit(Of(1), [&] {
        most = std::max(most.load(), ++running);
        std::this_thread::yield();
        --running;
      }));
    }
  }
  EXPECT_EQ(most, 1);
}

TEST(TransferTable, IsBoundedAltogetherAndForEach) {
  SimClock clock;
  TransferTable table({.most = 3, .most_per_identity = 2}, clock);
  const auto nothing = [] {};
  const auto a1 = table.Enter(Of(1), nothing);
  auto a2 = table.Enter(Of(1), nothing);
  EXPECT_NE(a2, nullptr);
  EXPECT_EQ(table.Enter(Of(1), nothing), nullptr);
  auto b = table.Enter(Of(2), nothing);
  EXPECT_NE(b, nullptr);
  EXPECT_EQ(table.Enter(Of(3), nothing), nullptr);
  b.reset();
  EXPECT_EQ(table.Enter(Of(1), nothing), nullptr);
  a2.reset();
  EXPECT_NE(table.Enter(Of(1), nothing), nullptr);
}

TEST(TransferTable, WhatStandsStillIsCancelled) {
  SimClock clock;
  TransferTable table({.idle_max = Seconds(60)}, clock);
  std::string cancelled;
  const auto idle = table.Enter(Of(1), [&] { cancelled += 'a'; });
  const auto moving = table.Enter(Of(2), [&] { cancelled += 'b'; });
  clock.Advance(Seconds(59));
  table.CancelIdle();
  EXPECT_EQ(cancelled, "");
  moving->Moved();
  clock.Advance(Seconds(1));
  table.CancelIdle();
  EXPECT_EQ(cancelled, "a");
}

TEST(TransferTable, WhatIsCancelledMayLeaveAtOnce) {
  SimClock clock;
  TransferTable table({.most_per_identity = 2, .idle_max = Seconds(60)}, clock);
  std::unique_ptr<TransferTable::Place> first, second;
  first = table.Enter(Of(1), [&] { first.reset(); });
  second = table.Enter(Of(1), [&] { second.reset(); });
  clock.Advance(Seconds(60));
  table.CancelIdle();
  EXPECT_EQ(first, nullptr);
  EXPECT_EQ(second, nullptr);
  EXPECT_NE(table.Enter(Of(1), [] {}), nullptr);
  table.CancelIdle();
}

}  // namespace
}  // namespace prooflode::api
