// Hundreds of broken files, made one by one from valid ones: each must be refused with the section named;
// each legal oddity must be read as if it were not there; random damage must never do more than change a
// value.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sim/sim_env.h"
#include "prover/format/binfile.h"
#include "prover/format/toy_files.h"
#include "prover/format/zkey.h"

namespace prooflode {
namespace {

using toy::Container;
using toy::Mutant;

StatusOr<groth16::ProvingKey> Zkey(const std::string& bytes, const ZkeyOptions& options = {}) {
  ThreadPool pool(1);
  const UniqueFd fd = toy::MemoryFile(bytes);
  return ReadZkeyFd(fd.get(), "toy", options, pool);
}
StatusOr<ConstraintSystem> R1cs(const std::string& bytes) {
  const UniqueFd fd = toy::MemoryFile(bytes);
  return ReadR1csFd(fd.get(), "toy");
}
StatusOr<std::vector<Limbs>> Wtns(const std::string& bytes) {
  const UniqueFd fd = toy::MemoryFile(bytes);
  PL_ASSIGN_OR_RETURN(Witness witness, ReadWtnsFd(fd.get(), "toy"));
  return std::move(witness.values);
}

template <typename Reader>
void ExpectAllRefused(const std::vector<Mutant>& mutants, Reader reader, size_t at_least) {
  EXPECT_GE(mutants.size(), at_least);
  for (const Mutant& mutant : mutants) {
    const auto result = reader(mutant.bytes);
    ASSERT_FALSE(result.ok()) << mutant.name << " was read";
    const std::string message(result.status().message());
    EXPECT_EQ(message.find("toy: "), 0u) << mutant.name << ": " << message;
    EXPECT_NE(message.find(mutant.want), std::string::npos)
        << mutant.name << ": \"" << message << "\", want \"" << mutant.want << '"';
  }
}

template <typename Reader, typename Value>
void ExpectAllRead(const std::vector<Mutant>& oddities, Reader reader, const Value& want) {
  for (const Mutant& oddity : oddities) {
    const auto result = reader(oddity.bytes);
    ASSERT_TRUE(result.ok()) << oddity.name << ": " << result.status();
    EXPECT_EQ(*result, want) << oddity.name;
  }
}

// Flips `flips` random bytes; each accepted outcome goes to `check`. Returns how many were accepted.
template <typename Reader, typename Check>
int FlipBytes(const std::string& valid, int rounds, uint64_t flips, Reader reader, Check check) {
  SimRandom random(20240607 + flips);
  int accepted = 0;
  for (int round = 0; round < rounds; ++round) {
    std::string bytes = valid;
    for (uint64_t i = 0; i < flips; ++i) {
      char& byte = bytes[random.Below(bytes.size())];
      byte = static_cast<char>(byte ^ static_cast<char>(1 + random.Below(255)));
    }
    const auto result = reader(bytes);
    if (!result.ok()) continue;
    ++accepted;
    check(*result);
  }
  return accepted;
}

std::string ZkeyLabel(uint32_t id) {
  constexpr const char* kNames[] = {"protocol", "header", "IC", "coefficients", "A", "B1",
                                    "B2",       "C",      "H",  "contributions"};
  return absl::StrCat("section ", id, " (", kNames[id - 1], ")");
}
std::string WtnsLabel(uint32_t id) { return id == 1 ? "section 1 (header)" : "section 2 (values)"; }
std::string R1csLabel(uint32_t id) {
  constexpr const char* kNames[] = {"header", "constraints", "wire labels"};
  return absl::StrCat("section ", id, " (", kNames[id - 1], ")");
}

TEST(MalformedContainer, Zkey) {
  const Container valid = Container::Of(toy::KeyBytes());
  ExpectAllRefused(
      toy::ContainerMutants(valid, ZkeyLabel), [](const std::string& b) { return Zkey(b); }, 3500);
}

TEST(MalformedContainer, Wtns) {
  const Container valid = Container::Of(toy::CubeWitnessBytes());
  ExpectAllRefused(toy::ContainerMutants(valid, WtnsLabel), Wtns, 200);
}

TEST(MalformedContainer, R1cs) {
  const Container valid = Container::Of(toy::CubeBytes());
  std::vector<Mutant> mutants = toy::ContainerMutants(valid, R1csLabel);
  // The wire labels may be absent: that is an oddity.
  std::erase_if(mutants, [](const Mutant& m) { return m.want == "section 3 (wire labels): missing"; });
  ExpectAllRefused(mutants, R1cs, 300);
}

TEST(LegalOddities, AreReadAsIfTheyWereNotThere) {
  ExpectAllRead(
      toy::ContainerOddities(Container::Of(toy::KeyBytes())), [](const std::string& b) { return Zkey(b); },
      toy::Key());
  ExpectAllRead(toy::ContainerOddities(Container::Of(toy::CubeWitnessBytes())), Wtns,
                toy::CubeWitness().values);
  ExpectAllRead(toy::ContainerOddities(Container::Of(toy::CubeBytes())), R1cs, toy::Cube());
  Container unlabelled = Container::Of(toy::CubeBytes());
  unlabelled.sections.pop_back();
  Container label_count = Container::Of(toy::CubeBytes());
  toy::Put64(label_count[1], 52, 0);
  ExpectAllRead({{"no wire labels", unlabelled.Bytes(), ""}, {"label count", label_count.Bytes(), ""}}, R1cs,
                toy::Cube());
}

TEST(ByteFlips, ZkeyIsRefusedOrDiffersInACoefficientAlone) {
  const std::string valid = toy::KeyBytes();
  const groth16::ProvingKey want = toy::Key();
  for (const uint64_t flips : {1, 3}) {
    const int accepted = FlipBytes(
        valid, 1500, flips, [](const std::string& b) { return Zkey(b); },
        [&](groth16::ProvingKey key) {
          for (const groth16::Coefficient& entry : key.coefficients) {
            EXPECT_LT(entry.constraint, key.domain_size());
            EXPECT_LT(entry.signal, key.variable_count);
            EXPECT_TRUE(entry.value.IsReduced());
          }
          key.coefficients = want.coefficients;
          EXPECT_EQ(key, want);
        });
    // A flip in the circuit's hash changes nothing, one in a coefficient's value may pass: 7 % of this small
    // file.
    EXPECT_LT(accepted, 150);
  }
}

TEST(ByteFlips, WtnsIsRefusedOrHoldsOtherLegalValues) {
  for (const uint64_t flips : {1, 3}) {
    FlipBytes(toy::CubeWitnessBytes(), 4000, flips, Wtns, [](const std::vector<Limbs>& values) {
      ASSERT_EQ(values.size(), 4u);
      EXPECT_EQ(values[0], (Limbs{1, 0, 0, 0}));
      for (const Limbs& value : values) EXPECT_TRUE(fp_internal::Less(value, Fr::kModulus));
    });
  }
}

TEST(ByteFlips, R1csIsRefusedOrHoldsLegalTerms) {
  for (const uint64_t flips : {1, 3}) {
    FlipBytes(toy::CubeBytes(), 4000, flips, R1cs, [](const ConstraintSystem& system) {
      EXPECT_EQ(system.constraint_count(), 2u);
      EXPECT_EQ(system.terms.size(), 6u);
      for (const Term& term : system.terms) {
        EXPECT_LT(term.wire, system.wire_count);
        EXPECT_TRUE(term.coefficient().IsReduced());
      }
    });
  }
}

TEST(MalformedFile, OnlyRegularFiles) {
  ThreadPool pool(1);
  EXPECT_EQ(ReadZkey("/", {}, pool).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadWtns("/dev/zero").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadR1cs("/nowhere/a.r1cs").status().code(), absl::StatusCode::kNotFound);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const UniqueFd reading(ends[0]);
  const UniqueFd writing(ends[1]);
  EXPECT_EQ(ReadWtnsFd(reading.get(), "pipe").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(MalformedFile, AFileThatShrinksMeanwhileIsDataLoss) {
  static constexpr BinSection kSections[] = {{1, "only"}};
  static constexpr BinSchema kSchema = {"test", 1, kSections};
  const UniqueFd fd = toy::MemoryFile(Container{"test", 1, {{1, std::string(100, 'x')}}}.Bytes());
  const auto file = BinFile::Open(fd.get(), "toy", kSchema);
  ASSERT_TRUE(file.ok());
  std::string content(100, '\0');
  const std::span<uint8_t> out(reinterpret_cast<uint8_t*>(content.data()), content.size());
  EXPECT_TRUE(file->Read(1, 0, out).ok());
  ASSERT_EQ(ftruncate(fd.get(), 60), 0);
  EXPECT_EQ(file->Read(1, 0, out).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace prooflode
