// The memory that files and proofs take, counted, against what is promised: never more than the file and
// 64 MB for reading, whatever its shape; for a proof the key, 1 KB a constraint and 32 MB.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/sim/sim_env.h"
#include "prover/format/binfile.h"
#include "prover/format/json.h"
#include "prover/format/r1cs.h"
#include "prover/format/toy_files.h"
#include "prover/format/wtns.h"
#include "prover/format/zkey.h"
#include "prover/groth16/test_circuits.h"
#include "prover/prover.h"
#include "prover/testing/heap_meter.h"

namespace prooflode {
namespace {

constexpr uint64_t kMega = 1 << 20;
constexpr uint64_t kBeside = 64 * kMega;

uint64_t SizeOf(const UniqueFd& fd) {
  const StatusOr<uint64_t> size = FileSize(fd.get(), "file");
  EXPECT_TRUE(size.ok());
  return *size;
}

// At most 8 bytes.
void Append(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

// A .r1cs file of one kind of constraint over and over: terms[k] terms in combination k. Terms are zeros
// (wire 0, coefficient 0), which takes no disk where the file has holes.
struct Shape {
  const char* name;
  uint32_t constraints;
  std::array<uint32_t, 3> terms;
  uint32_t wires = 1;

  uint64_t term_count() const { return uint64_t{constraints} * (uint64_t{terms[0]} + terms[1] + terms[2]); }
};

UniqueFd R1csOf(const Shape& shape) {
  UniqueFd fd(memfd_create("prooflode-r1cs", MFD_CLOEXEC));
  EXPECT_TRUE(fd.valid());
  std::string head = "r1cs";
  Append(head, 1, 4);
  Append(head, 2, 4);
  Append(head, 1, 4);
  Append(head, 64, 8);
  Append(head, 32, 4);
  for (const uint64_t limb : Fr::kModulus) Append(head, limb, 8);
  Append(head, shape.wires, 4);
  head.append(20, '\0');
  Append(head, shape.constraints, 4);
  Append(head, 2, 4);
  Append(head, uint64_t{shape.constraints} * 12 + shape.term_count() * 36, 8);
  EXPECT_TRUE(WriteAll(fd.get(), AsBytes(head), "memory").ok());
  std::string constraint;
  for (const uint32_t count : shape.terms) {
    Append(constraint, count, 4);
    constraint.append(uint64_t{count} * 36, '\0');
  }
  const uint64_t end = head.size() + uint64_t{shape.constraints} * 12 + shape.term_count() * 36;
  if (shape.term_count() > 0 && shape.term_count() <= kTermsMax) {
    std::string block;
    uint32_t written = 0;
    while (written < shape.constraints) {
      block.clear();
      for (; written < shape.constraints && block.size() < kMega; ++written) block += constraint;
      EXPECT_TRUE(WriteAll(fd.get(), AsBytes(block), "memory").ok());
    }
  }
  EXPECT_EQ(ftruncate(fd.get(), static_cast<off_t>(end)), 0);
  return fd;
}

class R1csMemory : public testing::TestWithParam<Shape> {};

TEST_P(R1csMemory, IsNoMoreThanTheFileAndABuffer) {
  const UniqueFd fd = R1csOf(GetParam());
  const uint64_t size = SizeOf(fd);
  const HeapMeter meter;
  {
    const auto system = ReadR1csFd(fd.get(), "input");
    ASSERT_TRUE(system.ok()) << system.status();
    EXPECT_EQ(system->constraint_count(), GetParam().constraints);
    EXPECT_EQ(system->terms.size(), GetParam().term_count());
    EXPECT_LE(static_cast<uint64_t>(meter.Held()), size + kMega / 2) << "held";
    EXPECT_GE(meter.Peak(), GetParam().term_count() * 36) << "the meter does not count";
  }
  EXPECT_LE(meter.Peak(), size + kMega) << "at the peak";
  EXPECT_EQ(meter.Held(), 0);
}

// One for whatever can make memory and file differ: counts alone, a term a constraint, a term a combination,
// few long combinations, wires that no term names.
INSTANTIATE_TEST_SUITE_P(
    Shapes, R1csMemory,
    testing::Values(Shape{"Empty", 700'000, {0, 0, 0}}, Shape{"EmptyOf200Megabytes", 17'500'000, {0, 0, 0}},
                    Shape{"OneTerm", 200'000, {1, 0, 0}}, Shape{"OneTermLast", 200'000, {0, 0, 1}},
                    Shape{"OneTermEach", 80'000, {1, 1, 1}}, Shape{"LongSums", 3, {100'000, 0, 1}},
                    Shape{"OneSum", 1, {300'000, 0, 0}},
                    Shape{"UnusedWires", 10, {1, 1, 1}, kUnusedWiresMax}),
    [](const auto& shape) { return std::string(shape.param.name); });

TEST(R1csLimits, MoreTermsThanOffsetsCanSayAreRefusedUnread) {
  // 2^32 terms in a file that is all hole.
  const UniqueFd fd = R1csOf({"", 1 << 16, {1 << 16, 0, 0}});
  const HeapMeter meter;
  const Status status = ReadR1csFd(fd.get(), "input").status();
  EXPECT_EQ(status.message(), "input: section 2 (constraints): 4294967296 terms, want at most 4294967295");
  EXPECT_LE(meter.Peak(), kMega);
}

TEST(WtnsMemory, IsTheFile) {
  Witness witness;
  witness.values.assign(250'000, Limbs{1, 0, 0, 0});
  const std::string path = absl::StrCat(testing::TempDir(), "/prooflode-memory-", getpid(), ".wtns");
  ASSERT_TRUE(WriteWtns(path, witness).ok());
  const StatusOr<UniqueFd> fd = OpenForReading(path);
  ASSERT_TRUE(fd.ok());
  unlink(path.c_str());
  const HeapMeter meter;
  ASSERT_TRUE(ReadWtnsFd(fd->get(), "input").ok());
  EXPECT_LE(meter.Peak(), SizeOf(*fd) + kMega);
}

// A key that parses: every point a generator.
groth16::ProvingKey KeyOf(uint32_t variables, uint32_t publics, int log_domain, size_t coefficients) {
  groth16::ProvingKey key = toy::Key();
  key.variable_count = variables;
  key.public_count = publics;
  key.log_domain = log_domain;
  key.verifying_key.ic.assign(publics + size_t{1}, G1Generator());
  key.coefficients.assign(coefficients, {});
  key.a.assign(variables, G1Generator());
  key.b1.assign(variables, G1Generator());
  key.b2.assign(variables, G2Generator());
  key.c.assign(variables - publics - size_t{1}, G1Generator());
  key.h.assign(key.domain_size(), G1Generator());
  return key;
}

TEST(ZkeyMemory, IsNoMoreThanTheFileAndItsTestOfSubgroups) {
  SimRandom random(1);
  ThreadPool pool(4);
  const std::string path = absl::StrCat(testing::TempDir(), "/prooflode-memory-", getpid(), ".zkey");
  struct Case {
    uint32_t variables, publics;
    int log_domain;
    size_t coefficients;
  };
  for (const Case& c : {Case{1, 0, 0, 400'000}, Case{30'000, 0, 1, 0}, Case{1, 0, 17, 0},
                        Case{30'000, 29'999, 15, 10}, Case{8'000, 5, 13, 40'000}}) {
    ASSERT_TRUE(WriteZkey(path, KeyOf(c.variables, c.publics, c.log_domain, c.coefficients)).ok());
    const StatusOr<UniqueFd> fd = OpenForReading(path);
    ASSERT_TRUE(fd.ok());
    unlink(path.c_str());
    for (const bool check : {false, true}) {
      const HeapMeter meter;
      const auto key = ReadZkeyFd(fd->get(), "input", {.check_g2_subgroup = check, .random = &random}, pool);
      ASSERT_TRUE(key.ok()) << key.status();
      EXPECT_LE(meter.Peak(), SizeOf(*fd) + (check ? kBeside : kMega))
          << c.variables << " " << c.coefficients;
      EXPECT_LE(static_cast<uint64_t>(meter.Held()), SizeOf(*fd) + kMega);
    }
  }
}

TEST(JsonMemory, IsBoundedForTheLargestFiles) {
  const groth16::ProvingKey key = KeyOf(groth16::kPublicInputsMax + 1, groth16::kPublicInputsMax, 0, 0);
  const std::string key_text = VerifyingKeyToJson(key.verifying_key);
  const std::string inputs_text = PublicToJson(std::vector<Fr>(groth16::kPublicInputsMax, -Fr::One()));
  {
    const HeapMeter meter;
    ASSERT_TRUE(ParseVerifyingKeyJson(key_text, "input").ok());
    EXPECT_LE(meter.Peak(), kBeside);
  }
  {
    const HeapMeter meter;
    ASSERT_TRUE(ParsePublicJson(inputs_text, "input").ok());
    EXPECT_LE(meter.Peak(), kBeside);
  }
  {  // As many members and as deep as the text may be.
    std::string text = "{";
    while (text.size() < kVerifyingKeyJsonBytesMax - 64) {
      text += "\"" + std::to_string(text.size()) + "\":1,";
    }
    text.back() = '}';
    const HeapMeter meter;
    const Status status = ParseVerifyingKeyJson(text, "input").status();
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("wanted at most 256 members"));
    EXPECT_LE(meter.Peak(), kBeside);
  }
}

// The key as large as its file, the witness and everything that is held on the way to a proof.
uint64_t ProvingPeak(uint32_t constraints, unsigned threads, uint64_t* key_bytes) {
  SimRandom random(constraints);
  SimClock clock;
  ThreadPool pool(threads);
  const std::string path = absl::StrCat(testing::TempDir(), "/prooflode-memory-", getpid(), ".zkey");
  {
    const auto key = groth16::InsecureSetup(groth16::ChainCircuit(constraints), random, pool);
    EXPECT_TRUE(key.ok()) << key.status();
    EXPECT_TRUE(WriteZkey(path, *key).ok());
  }
  const HeapMeter meter;
  const Witness witness = groth16::ChainWitness(constraints, 5);
  auto key = ReadZkey(path, {}, pool);
  EXPECT_TRUE(key.ok()) << key.status();
  *key_bytes = SizeOf(*OpenForReading(path));
  unlink(path.c_str());
  const auto prover = MakeCpuProver(*std::move(key), random, clock, pool);
  EXPECT_TRUE(prover->Prove(witness, nullptr).ok());
  return meter.Peak();
}

TEST(ProveMemory, IsTheKeyAndAKilobyteAConstraint) {
  for (const unsigned threads : {1u, 8u}) {
    uint64_t small_key = 0;
    uint64_t large_key = 0;
    const uint32_t small = (1 << 12) - 2;
    const uint32_t large = (1 << 15) - 2;
    const uint64_t small_peak = ProvingPeak(small, threads, &small_key);
    const uint64_t large_peak = ProvingPeak(large, threads, &large_key);
    EXPECT_LE(small_peak, small_key + 1000 * uint64_t{small} + 32 * kMega) << threads;
    EXPECT_LE(large_peak, large_key + 1000 * uint64_t{large} + 32 * kMega) << threads;
    // What grows with the circuit keeps the limit without the 32 MB.
    EXPECT_LE(large_peak - small_peak, large_key - small_key + 1000 * uint64_t{large - small}) << threads;
    std::printf("%u threads: %.1f MB beside the key of %.1f MB\n", threads,
                static_cast<double>(large_peak - large_key) / 1e6, static_cast<double>(large_key) / 1e6);
  }
}

}  // namespace
}  // namespace prooflode
