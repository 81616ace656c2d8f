// What the writers write, the readers read back; legal oddities are accepted; satisfied and unsatisfied
// witnesses.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

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

TEST(Format, PipeIsWrittenToAndStays) {
  const std::string path = testing::TempDir() + "/prooflode_format_test.pipe";
  unlink(path.c_str());
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  // Open for reading too, so that the writer does not wait.
  const UniqueFd reader(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(WriteWtns(path, toy::CubeWitness()).ok());
  std::string got(4096, '\0');
  const ssize_t size = read(reader.get(), got.data(), got.size());
  ASSERT_GT(size, 0);
  EXPECT_EQ(got.substr(0, static_cast<size_t>(size)), toy::CubeWitnessBytes());
  struct stat info;
  ASSERT_EQ(lstat(path.c_str(), &info), 0);
  EXPECT_TRUE(S_ISFIFO(info.st_mode));
  unlink(path.c_str());
}

TEST(Format, R1csRoundTrip) {
  const UniqueFd fd = toy::MemoryFile(toy::CubeBytes());
  const auto system = ReadR1csFd(fd.get(), "toy");
  ASSERT_TRUE(system.ok()) << system.status();
  EXPECT_EQ(*system, toy::Cube());
}

// Larger than the buffers of both writer and reader, which are then filled again and again or passed by.
TEST(Format, RoundTripsOfSeveralBuffers) {
  SimRandom random(3);
  Witness witness;
  groth16::ProvingKey key = toy::Key();
  for (uint32_t i = 0; i < 20'000; ++i) {
    const Limbs value = {i == 0 ? 1 : random.Next64(), i == 0 ? 0 : random.Next64(), 0, 0};
    witness.values.push_back(value);
    key.coefficients.push_back({i & 1, i & 7, i % 6, Fr{value}});
  }
  const UniqueFd wtns =
      toy::MemoryFile(toy::Written([&](const std::string& path) { return WriteWtns(path, witness); }));
  const auto witness_read = ReadWtnsFd(wtns.get(), "large");
  ASSERT_TRUE(witness_read.ok()) << witness_read.status();
  EXPECT_EQ(witness_read->values, witness.values);

  ThreadPool pool(2);
  const UniqueFd zkey =
      toy::MemoryFile(toy::Written([&](const std::string& path) { return WriteZkey(path, key); }));
  const auto key_read = ReadZkeyFd(zkey.get(), "large", {}, pool);
  ASSERT_TRUE(key_read.ok()) << key_read.status();
  EXPECT_EQ(*key_read, key);
}

TEST(Format, AFileThatCannotBeMadeIsAnError) {
  EXPECT_EQ(WriteWtns("/nowhere/a.wtns", toy::CubeWitness()).code(), absl::StatusCode::kNotFound);
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
