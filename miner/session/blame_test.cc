#include "miner/session/blame.h"

#include <gtest/gtest.h>

namespace prooflode::miner {
namespace {

using Fault = Blame::Fault;

class BlameTest : public testing::Test {
 protected:
  // A new job of a circuit each time.
  OfferedJob Job(uint8_t circuit) {
    OfferedJob job;
    job.circuit[0] = circuit;
    ++jobs_;
    job.id[0] = static_cast<uint8_t>(jobs_ & 255);
    job.id[1] = static_cast<uint8_t>(jobs_ >> 8);
    return job;
  }
  bool Aside(uint8_t circuit) { return blame_.Aside(now_, Job(circuit).circuit); }

  Blame blame_{{.failures_max = 3, .crashes_max = 2, .circuit_pause = Seconds(600)}};
  Micros now_ = Seconds(5);
  int jobs_ = 0;
};

TEST_F(BlameTest, ACircuitThatEndsTheWorkerAgainAndAgainIsPutAsideForAWhile) {
  EXPECT_FALSE(blame_.JobFailed(now_, Job(1), Fault::kCrash));
  EXPECT_FALSE(Aside(1));
  blame_.ProofMade(Job(2).circuit);  // others go on, and do not clear it
  EXPECT_TRUE(blame_.JobFailed(now_, Job(1), Fault::kCrash));
  EXPECT_TRUE(Aside(1));
  EXPECT_FALSE(Aside(2));
  EXPECT_FALSE(blame_.DeviceAtFault());
  now_ = now_ + Seconds(600);
  EXPECT_FALSE(Aside(1));
  EXPECT_TRUE(blame_.JobFailed(now_, Job(1), Fault::kCrash));  // one more is enough
  EXPECT_TRUE(Aside(1));
  now_ = now_ + Seconds(600);
  blame_.ProofMade(Job(1).circuit);
  EXPECT_FALSE(blame_.JobFailed(now_, Job(1), Fault::kCrash));
}

TEST_F(BlameTest, CrashesOnManyCircuitsAreTheDevices) {
  for (uint8_t circuit = 1; circuit <= 2; ++circuit) blame_.JobFailed(now_, Job(circuit), Fault::kCrash);
  for (int i = 0; i < 50; ++i) blame_.JobFailed(now_, Job(1), Fault::kCrash);
  EXPECT_FALSE(blame_.DeviceAtFault());
  blame_.JobFailed(now_, Job(3), Fault::kCrash);
  EXPECT_TRUE(blame_.DeviceAtFault());
  blame_.HalfForgive();
  EXPECT_FALSE(blame_.DeviceAtFault());
  blame_.JobFailed(now_, Job(4), Fault::kCrash);
  EXPECT_TRUE(blame_.DeviceAtFault());
  blame_.ProofMade(Job(5).circuit);
  EXPECT_FALSE(blame_.DeviceAtFault());
}

TEST_F(BlameTest, BadJobsOfOneCircuitCountOnceAndDoNotPutItAside) {
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(blame_.JobFailed(now_, Job(1), Fault::kJob));
  EXPECT_FALSE(Aside(1));
  EXPECT_FALSE(blame_.DeviceAtFault());
  blame_.JobFailed(now_, Job(1), Fault::kDevice);
  blame_.JobFailed(now_, Job(1), Fault::kDevice);
  EXPECT_TRUE(blame_.DeviceAtFault());
}

TEST_F(BlameTest, FailedJobsAreRememberedWithinLimits) {
  const OfferedJob first = Job(1);
  blame_.JobFailed(now_, first, Fault::kJob);
  EXPECT_TRUE(blame_.Failed(first.id));
  EXPECT_FALSE(blame_.Failed(Job(1).id));
  for (int i = 0; i < 1024; ++i) blame_.JobFailed(now_, Job(1), Fault::kJob);
  EXPECT_FALSE(blame_.Failed(first.id));
}

}  // namespace
}  // namespace prooflode::miner
