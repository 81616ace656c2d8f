// What the writers write, the readers read back; legal oddities are accepted; satisfied and unsatisfied
// witnesses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sim/sim_env.h"
#include "prover/format/points.h"
#include "prover/format/toy_files.h"
#include "prover/format/zkey.h"

namespace prooflode {
namespace {

TEST(Format, ZkeyRoundTrip) {
  ThreadPool pool(2);
  const UniqueFd fd = toy::MemoryFile(toy::KeyBytes());
  const auto key = ReadZkeyFd(fd.get(), "toy", {}, pool);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(*key, toy::Key());
}

TEST(Format, WtnsRoundTrip) {
  const UniqueFd fd = toy::MemoryFile(toy::CubeWitnessBytes());
  const auto witness = ReadWtnsFd(fd.get(), "toy");
  ASSERT_TRUE(witness.ok()) << witness.status();
  EXPECT_EQ(witness->values, toy::CubeWitness().values);
}

TEST(Format, R1csRoundTrip) {
  const UniqueFd fd = toy::MemoryFile(toy::CubeBytes());
  const auto system = ReadR1csFd(fd.get(), "toy");
  ASSERT_TRUE(system.ok()) << system.status();
  EXPECT_EQ(*system, toy::Cube());
}

TEST(Format, FirstUnsatisfied) {
  const ConstraintSystem system = toy::Cube();
  Witness witness = toy::CubeWitness();
  EXPECT_EQ(FirstUnsatisfied(system, witness.values), std::nullopt);
  witness.values[1][0] = 28;
  EXPECT_EQ(FirstUnsatisfied(system, witness.values), 1u);
  witness.values[3][0] = 8;
  EXPECT_EQ(FirstUnsatisfied(system, witness.values), 0u);
}

}  // namespace
}  // namespace prooflode
