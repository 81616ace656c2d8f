// Files that circom and snarkjs made are read, and written again byte for byte where the writers promise it.
#include <gtest/gtest.h>

#include "prover/format/toy_files.h"
#include "prover/format/zkey.h"

namespace prooflode {
namespace {

std::string Vector(const std::string& name) { return absl::StrCat(PROOFLODE_VECTORS, "/cubic/", name); }
std::string Content(const std::string& name) {
  const auto content = ReadFile(Vector(name), 1 << 20);
  return content.ok() ? *content : content.status().ToString();
}

TEST(Golden, R1cs) {
  const auto system = ReadR1cs(Vector("cubic.r1cs"));
  ASSERT_TRUE(system.ok()) << system.status();
  EXPECT_EQ(system->wire_count, 6u);
  EXPECT_EQ(system->public_output_count, 1u);
  EXPECT_EQ(system->public_input_count, 1u);
  EXPECT_EQ(system->private_input_count, 2u);  // one of them has no wire
  EXPECT_EQ(system->constraint_count(), 3u);
  const std::string written = toy::Written([&](const std::string& path) { return WriteR1cs(path, *system); });
  EXPECT_EQ(toy::Container::Of(written)[2], toy::Container::Of(Content("cubic.r1cs"))[2]);
}

TEST(Golden, WtnsIsWrittenByteForByte) {
  const auto witness = ReadWtns(Vector("cubic.wtns"));
  ASSERT_TRUE(witness.ok()) << witness.status();
  EXPECT_EQ(witness->values[1], (Limbs{44, 0, 0, 0}));
  EXPECT_EQ(toy::Written([&](const std::string& path) { return WriteWtns(path, *witness); }),
            Content("cubic.wtns"));
}

TEST(Golden, WitnessSatisfiesItsCircuit) {
  const auto system = ReadR1cs(Vector("cubic.r1cs"));
  auto witness = ReadWtns(Vector("cubic.wtns"));
  ASSERT_TRUE(system.ok() && witness.ok());
  EXPECT_EQ(FirstUnsatisfied(*system, witness->values), std::nullopt);
  for (size_t wire = 1; wire < witness->values.size(); ++wire) {
    Witness wrong = *witness;
    wrong.values[wire][0] ^= 1;
    EXPECT_NE(FirstUnsatisfied(*system, wrong.values), std::nullopt) << wire;
  }
}

TEST(Golden, ZkeyIsWrittenByteForByteButForItsCeremony) {
  ThreadPool pool(1);
  const auto key = ReadZkey(Vector("cubic.zkey"), {}, pool);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->variable_count, 6u);
  EXPECT_EQ(key->public_count, 2u);
  EXPECT_EQ(key->domain_size(), 8u);
  toy::Container written =
      toy::Container::Of(toy::Written([&](const std::string& path) { return WriteZkey(path, *key); }));
  toy::Container golden = toy::Container::Of(Content("cubic.zkey"));
  EXPECT_GT(golden[10].size(), written[10].size());
  written[10] = golden[10];
  EXPECT_EQ(written.Bytes(), golden.Bytes());
}

TEST(Golden, ContributionsAreCounted) {
  for (const auto& [name, count] : {std::pair("cubic.zkey", 2u), std::pair("phase1.zkey", 0u)}) {
    const auto fd = OpenForReading(Vector(name));
    ASSERT_TRUE(fd.ok()) << fd.status();
    const auto found = ZkeyContributionCount(fd->get(), name);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(*found, count) << name;
  }
}

TEST(Golden, KeyWithoutSecondPhase) {
  ThreadPool pool(1);
  const auto refused = ReadZkey(Vector("phase1.zkey"), {}, pool);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition) << refused.status();
  EXPECT_TRUE(ReadZkey(Vector("phase1.zkey"), {.allow_insecure_setup = true}, pool).ok());
}

}  // namespace
}  // namespace prooflode
