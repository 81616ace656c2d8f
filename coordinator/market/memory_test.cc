// What a market keeps of jobs that are over.
#include <gtest/gtest.h>
#include <malloc.h>

#include <cstring>

#include "coordinator/market/bench_test.h"

namespace prooflode::market {
namespace {

// All jobs stay in memory: this bounds what each costs. Only what the C library counts is seen; where a
// sanitizer replaces it, nothing is.
TEST(MarketMemory, ASettledJobAndItsAttemptsTakeFewKilobytes) {
  constexpr size_t kJobs = 2000;
  constexpr size_t kBytesMax = 3072;
  Bench b;
  b.Get<TransferAnswer>({}, Deposit{kAlice, Amount{100 * kJobs}, "more"});
  const size_t before = mallinfo2().uordblks;
  for (size_t i = 0; i < kJobs; ++i) {
    PostJob post{.reward = Amount{100}, .time_limit = Seconds(10)};
    post.circuit[0] = 7;
    post.public_inputs = std::string(32, '\0');
    std::memcpy(post.statement.data(), &i, sizeof(i));
    const Job job = b.Get<JobAnswer>(kAlice, post).job;
    const Attempt winner = b.Accept(kM1, job);
    b.Accept(kM2, job);
    b.Commit(winner);
    b.Get<RevealAnswer>(
        kM1, RevealProof{winner.id, winner.fence, {std::string(256, 'p'), {}, {}, Bench::Hash(winner)}});
    b.Verdict(winner, true);
    b.market.TakeChanges();
  }
  const size_t bytes = (mallinfo2().uordblks - before) / kJobs;
  RecordProperty("bytes_per_job", static_cast<int>(bytes));
  EXPECT_LT(bytes, kBytesMax);
}

}  // namespace
}  // namespace prooflode::market
