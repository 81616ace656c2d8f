#include "kernels/bench/bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sim/sim_env.h"

namespace prooflode {
namespace {

using testing::ElementsAre;
using testing::Field;

// A clock on which every look takes 5 ms: each run then lasts exactly 5 ms.
class TickingClock final : public Clock {
 public:
  Micros MonotonicNow() override { return now_ = now_ + Millis(5); }
  Micros WallNow() override { return now_; }
  void Sleep(Micros duration) override { now_ = now_ + duration; }

 private:
  Micros now_{};
};

TEST(Bench, FiguresFollowTheClock) {
  ThreadPool pool(2);
  TickingClock clock;
  for (const BenchGroup group : {BenchGroup::kG1, BenchGroup::kG2}) {
    for (const BenchDistribution distribution :
         {BenchDistribution::kUniform, BenchDistribution::kCircuit, BenchDistribution::kBits}) {
      const auto figures = RunBench(
          {.kind = BenchKind::kMsm, .group = group, .distribution = distribution, .log_size = 4, .runs = 3},
          pool, clock);
      ASSERT_TRUE(figures.ok());
      ASSERT_EQ(figures->size(), 1u);
      EXPECT_EQ(figures->front().name, group == BenchGroup::kG1 ? "msm_g1" : "msm_g2");
      EXPECT_EQ(figures->front().elements, 16u);
      EXPECT_DOUBLE_EQ(figures->front().median_ns, 5e6);
      EXPECT_DOUBLE_EQ(figures->front().min_ns_per_element(), 5e6 / 16);
    }
  }
  const auto ntt = RunBench({.kind = BenchKind::kNtt, .log_size = 5, .runs = 1}, pool, clock);
  ASSERT_TRUE(ntt.ok());
  EXPECT_THAT(*ntt,
              ElementsAre(Field(&BenchFigure::name, "ntt_forward"), Field(&BenchFigure::name, "ntt_inverse"),
                          Field(&BenchFigure::name, "ntt_to_coset")));
}

TEST(Bench, OptionsAreChecked) {
  ThreadPool pool(1);
  SimClock clock;
  EXPECT_EQ(RunBench({.runs = 0}, pool, clock).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(RunBench({.log_size = 27}, pool, clock).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(RunBench({.log_size = -1}, pool, clock).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ParseBenchKind("ntt").value(), BenchKind::kNtt);
  EXPECT_EQ(ParseBenchGroup("g2").value(), BenchGroup::kG2);
  EXPECT_EQ(ParseBenchDistribution("circuit").value(), BenchDistribution::kCircuit);
  EXPECT_EQ(ParseBenchKind("fft").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(ParseBenchGroup("").status().message()), testing::HasSubstr("g1, g2"));
}

}  // namespace
}  // namespace prooflode
