// Broken content in whole containers: every count, index, field element and point of the three formats, one
// at a time.
#include <gtest/gtest.h>

#include "base/sim/sim_env.h"
#include "prover/format/points.h"
#include "prover/format/toy_files.h"
#include "prover/format/zkey.h"

namespace prooflode {
namespace {

using toy::Container;
using toy::GetLimbs;
using toy::Plus;
using toy::Put32;
using toy::Put64;
using toy::PutLimbs;

constexpr Limbs kOne = {1, 0, 0, 0};
constexpr Limbs kAllOnes = {~0ull, ~0ull, ~0ull, ~0ull};
// The scalar field of BLS12-381 and the base field of secp256k1.
constexpr Limbs kBls12381 = {0xffffffff00000001, 0x53bda402fffe5bfe, 0x3339d80809a1d805, 0x73eda753299d7d48};
constexpr Limbs kSecp256k1 = {0xfffffffefffffc2f, ~0ull, ~0ull, ~0ull};

Status ZkeyStatus(const Container& container, const ZkeyOptions& options = {}) {
  ThreadPool pool(1);
  const UniqueFd fd = toy::MemoryFile(container.Bytes());
  return ReadZkeyFd(fd.get(), "toy", options, pool).status();
}
Status WtnsStatus(const Container& container) {
  const UniqueFd fd = toy::MemoryFile(container.Bytes());
  return ReadWtnsFd(fd.get(), "toy").status();
}
Status R1csStatus(const Container& container) {
  const UniqueFd fd = toy::MemoryFile(container.Bytes());
  return ReadR1csFd(fd.get(), "toy").status();
}

void ExpectRefusal(const Status& status, const std::string& want) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_NE(std::string(status.message()).find(want), std::string::npos) << status << ", want " << want;
}

// A copy of `valid` with one edit in section `id`.
template <typename Edit>
Container Edited(const Container& valid, uint32_t id, Edit edit) {
  Container out = valid;
  edit(out[id]);
  return out;
}
Container With32(const Container& valid, uint32_t id, size_t offset, uint32_t value) {
  return Edited(valid, id, [&](std::string& s) { Put32(s, offset, value); });
}
Container WithLimbs(const Container& valid, uint32_t id, size_t offset, const Limbs& value) {
  return Edited(valid, id, [&](std::string& s) { PutLimbs(s, offset, value); });
}

class MalformedZkey : public ::testing::Test {
 protected:
  const Container valid_ = Container::Of(toy::KeyBytes());

  // Breaks the point at `offset` of section `id` in every way; infinity is refused as well if `infinity` says
  // so.
  void BreakPoint(uint32_t id, size_t offset, size_t size, const std::string& who, InfinityRule infinity) {
    for (size_t at = offset; at < offset + size; at += 32) {
      SCOPED_TRACE(absl::StrCat(who, " coordinate at ", at));
      const Limbs coordinate = GetLimbs(valid_.sections[id - 1].content, at);
      for (const Limbs& value : {Plus(coordinate, Fq::kModulus), Fq::kModulus, kAllOnes}) {
        ExpectRefusal(ZkeyStatus(WithLimbs(valid_, id, at, value)),
                      who + (at < offset + size / 2 ? " x" : " y"));
      }
      // Not 0, which is its own negative nowhere on these curves: some other residue.
      for (const Limbs& value : {Limbs{5, 7, 0, 0}, Limbs{}}) {
        ExpectRefusal(ZkeyStatus(WithLimbs(valid_, id, at, value)), who + " is not on the curve");
      }
    }
    const Container zeroed =
        Edited(valid_, id, [&](std::string& s) { s.replace(offset, size, std::string(size, '\0')); });
    if (infinity == InfinityRule::kRefused) {
      ExpectRefusal(ZkeyStatus(zeroed), who + " is infinity");
    } else {
      EXPECT_TRUE(ZkeyStatus(zeroed).ok()) << ZkeyStatus(zeroed);
    }
  }
};

TEST_F(MalformedZkey, Protocol) {
  for (const uint32_t protocol : {0u, 2u, 10u, 99u, 0xffffffffu}) {
    ExpectRefusal(ZkeyStatus(With32(valid_, 1, 0, protocol)),
                  absl::StrCat("section 1 (protocol): protocol ", protocol));
  }
}

TEST_F(MalformedZkey, FieldSizesAndPrimes) {
  for (const auto& [offset, name] : {std::pair<size_t, const char*>{0, "base"}, {36, "scalar"}}) {
    for (const uint32_t size : {0u, 1u, 31u, 33u, 48u, 64u, 0x7fffffffu, 0xffffffffu}) {
      ExpectRefusal(ZkeyStatus(With32(valid_, 2, offset, size)),
                    absl::StrCat("section 2 (header): ", name, " field size ", size));
    }
    const Limbs other = offset == 0 ? Fr::kModulus : Fq::kModulus;
    for (const Limbs& prime : {Limbs{}, kOne, other, kBls12381, kSecp256k1, kAllOnes}) {
      ExpectRefusal(ZkeyStatus(WithLimbs(valid_, 2, offset + 4, prime)),
                    absl::StrCat("section 2 (header): ", name, " field prime 0x"));
    }
    // 64-byte fields with zero padding: the same number, another layout.
    ExpectRefusal(ZkeyStatus(Edited(valid_, 2,
                                    [&, at = offset](std::string& s) {
                                      Put32(s, at, 64);
                                      s.insert(at + 36, std::string(32, '\0'));
                                    })),
                  "section 2 (header)");
  }
}

TEST_F(MalformedZkey, Counts) {
  struct Case {
    size_t offset;
    std::vector<uint32_t> values;
    std::string want;
  };
  const std::vector<Case> cases = {
      {72, {0, 2, (1u << 29) + 1, 0xffffffff}, "section 2 (header): "},
      {72, {3, 5, 7, 12, 1u << 29}, "section 5 (A): length"},
      {76, {0, 1, 3, 5}, "section 3 (IC): length"},
      {76, {6, 7, 8, 0x80000000, 0xffffffff}, "section 2 (header): public input count"},
      {80, {0, 1, 2, 3, 7, 9, 1u << 29, 1u << 31, 0xffffffff}, "section 2 (header): domain size"},
      {80, {4, 16, 1u << 28}, "section 9 (H): length"},
  };
  for (const Case& c : cases) {
    for (const uint32_t value : c.values)
      ExpectRefusal(ZkeyStatus(With32(valid_, 2, c.offset, value)), c.want);
  }
}

TEST_F(MalformedZkey, MorePublicInputsThanCanBeVerified) {
  const Container large = With32(valid_, 2, 72, 1u << 20);
  ExpectRefusal(ZkeyStatus(With32(large, 2, 76, groth16::kPublicInputsMax)), "section 2 (header): domain");
  ExpectRefusal(ZkeyStatus(With32(large, 2, 76, groth16::kPublicInputsMax + 1)),
                "section 2 (header): public input count 65537, want at most 65536");
}

TEST_F(MalformedZkey, CoefficientCount) {
  for (const uint32_t count : {0u, 5u, 7u, 12u, 0x80000000u, 0xffffffffu}) {
    ExpectRefusal(ZkeyStatus(With32(valid_, 4, 0, count)), "section 4 (coefficients): length");
  }
}

TEST_F(MalformedZkey, Coefficients) {
  for (const uint32_t entry : {0u, 5u}) {
    const size_t at = 4 + 44 * entry;
    const std::string who = absl::StrCat(" (entry ", entry, ")");
    for (const uint32_t v : {2u, 3u, 0x80000000u, 0xffffffffu}) {
      ExpectRefusal(ZkeyStatus(With32(valid_, 4, at, v)),
                    absl::StrCat("matrix ", v, ", want 0 (A) or 1 (B)", who));
    }
    for (const uint32_t v : {8u, 70000u, 1u << 28, 0x80000000u, 0xffffffffu}) {
      ExpectRefusal(
          ZkeyStatus(With32(valid_, 4, at + 4, v)),
          absl::StrCat("toy: section 4 (coefficients): constraint index ", v, " >= domain size 8", who));
    }
    for (const uint32_t v : {6u, 70000u, 0x80000000u, 0xffffffffu}) {
      ExpectRefusal(ZkeyStatus(With32(valid_, 4, at + 8, v)),
                    absl::StrCat("section 4 (coefficients): signal index ", v, " >= variable count 6", who));
    }
    for (const Limbs& v : {Fr::kModulus, Plus(Fr::kModulus, kOne), Fq::kModulus, kAllOnes}) {
      ExpectRefusal(ZkeyStatus(WithLimbs(valid_, 4, at + 12, v)), "section 4 (coefficients): value 0x");
    }
  }
}

TEST_F(MalformedZkey, HeaderPoints) {
  struct Case {
    size_t offset;
    size_t size;
    const char* name;
  };
  for (const Case& c : {Case{84, 64, "alpha1"},
                        {148, 64, "beta1"},
                        {212, 128, "beta2"},
                        {340, 128, "gamma2"},
                        {468, 64, "delta1"},
                        {532, 128, "delta2"}}) {
    BreakPoint(2, c.offset, c.size, absl::StrCat("section 2 (header): ", c.name), InfinityRule::kRefused);
  }
}

TEST_F(MalformedZkey, HeaderPointsOutsideTheSubgroup) {
  for (const G2Affine& point : {toy::OutsideSubgroup(), toy::OfSmallOrder()}) {
    for (const auto& [offset, name] :
         {std::pair<size_t, const char*>{212, "beta2"}, {340, "gamma2"}, {532, "delta2"}}) {
      const std::string bytes(reinterpret_cast<const char*>(&point), sizeof point);
      ExpectRefusal(ZkeyStatus(Edited(
                        valid_, 2, [&, at = offset](std::string& s) { s.replace(at, bytes.size(), bytes); })),
                    absl::StrCat("section 2 (header): ", name, " is not in the subgroup"));
    }
  }
}

TEST_F(MalformedZkey, PointSections) {
  struct Case {
    uint32_t id;
    const char* name;
    size_t size;
    size_t count;
    InfinityRule infinity;
  };
  for (const Case& c : {Case{3, "IC", 64, 3, InfinityRule::kRefused},
                        {5, "A", 64, 6, InfinityRule::kAllowed},
                        {6, "B1", 64, 6, InfinityRule::kAllowed},
                        {7, "B2", 128, 6, InfinityRule::kAllowed},
                        {8, "C", 64, 3, InfinityRule::kAllowed},
                        {9, "H", 64, 8, InfinityRule::kRefused}}) {
    for (const size_t i : {size_t{1}, c.count - 1}) {
      BreakPoint(c.id, i * c.size, c.size,
                 absl::StrCat("section ", c.id, " (", c.name, "): point ", i, " of ", c.count), c.infinity);
    }
  }
}

TEST_F(MalformedZkey, GammaEqualToPlusOrMinusDelta) {
  for (const bool negated : {false, true}) {
    groth16::ProvingKey key = toy::Key();
    key.verifying_key.delta = negated ? -key.verifying_key.gamma : key.verifying_key.gamma;
    const Container insecure =
        Container::Of(toy::Written([&](const std::string& path) { return WriteZkey(path, key); }));
    const Status status = ZkeyStatus(insecure);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_NE(std::string(status.message()).find(negated ? "gamma2 = -delta2" : "gamma2 = delta2"),
              std::string::npos);
    EXPECT_TRUE(ZkeyStatus(insecure, {.allow_insecure_setup = true}).ok());
  }
}

TEST_F(MalformedZkey, Contributions) {
  Container one = valid_;
  std::string& s = one[10];
  Put32(s, 64, 1);
  const groth16::ProvingKey key = toy::Key();
  for (const G1Affine& point : {key.a[0], key.a[1], key.a[2]})
    s.append(reinterpret_cast<const char*>(&point), 64);
  s.append(reinterpret_cast<const char*>(&key.b2[1]), 128);
  s.append(64, 't');
  s.append(4, '\0');
  s += std::string("\x03\0\0\0abc", 7);
  ASSERT_TRUE(ZkeyStatus(one).ok()) << ZkeyStatus(one);

  const std::string where = "section 10 (contributions): ";
  for (const uint32_t count : {2u, 0xffffffffu})
    ExpectRefusal(ZkeyStatus(With32(one, 10, 64, count)), where + "ends");
  ExpectRefusal(ZkeyStatus(With32(one, 10, 64, 0)), where);
  for (const size_t at : {68, 132, 196, 260}) {
    ExpectRefusal(ZkeyStatus(With32(one, 10, at, 12345)), where + "contribution 0 of 1: ");
    ExpectRefusal(ZkeyStatus(WithLimbs(one, 10, at, kAllOnes)), where + "contribution 0 of 1: ");
  }
  ExpectRefusal(ZkeyStatus(With32(one, 10, 452, 2)), where + "contribution 0 of 1: type 2");
  for (const uint32_t length : {4u, 0x7fffffffu, 0xffffffffu}) {
    ExpectRefusal(ZkeyStatus(With32(one, 10, 456, length)), where + "ends");
  }
  for (const uint32_t length : {0u, 2u}) ExpectRefusal(ZkeyStatus(With32(one, 10, 456, length)), where);
}

TEST_F(MalformedZkey, G2SectionOutsideTheSubgroupIsFoundWhenAskedFor) {
  SimRandom random(1);
  const ZkeyOptions thorough{.check_g2_subgroup = true, .random = &random};
  EXPECT_TRUE(ZkeyStatus(valid_, thorough).ok());
  const G2Affine outside = toy::OutsideSubgroup();
  const Container bad = Edited(
      valid_, 7, [&](std::string& s) { s.replace(128, 128, reinterpret_cast<const char*>(&outside), 128); });
  EXPECT_TRUE(ZkeyStatus(bad).ok());  // on the curve
  ExpectRefusal(ZkeyStatus(bad, thorough), "section 7 (B2): a point is not in the subgroup");
}

TEST(AllInSubgroup, ManyPoints) {
  ThreadPool pool(2);
  SimRandom random(2);
  std::vector<G2Affine> points(5000, G2Generator());
  for (size_t i = 1; i < points.size(); ++i) points[i] = (i % 7 == 0) ? G2Affine::Infinity() : -points[i - 1];
  EXPECT_TRUE(AllInSubgroup(points, random, pool));
  for (const G2Affine& bad : {toy::OutsideSubgroup(), toy::OfSmallOrder()}) {
    for (const size_t at : {size_t{0}, size_t{4095}, size_t{4999}}) {
      const G2Affine good = points[at];
      points[at] = bad;
      EXPECT_FALSE(AllInSubgroup(points, random, pool)) << at;
      points[at] = good;
    }
    // Two that cancel in a plain sum.
    points[10] = bad;
    points[4500] = -bad;
    EXPECT_FALSE(AllInSubgroup(points, random, pool));
    points[10] = points[4500] = G2Generator();
  }
}

TEST(MalformedWtns, Values) {
  const Container valid = Container::Of(toy::CubeWitnessBytes());
  for (const uint32_t size : {0u, 31u, 33u, 64u, 0xffffffffu}) {
    ExpectRefusal(WtnsStatus(With32(valid, 1, 0, size)), "section 1 (header): field size");
  }
  for (const Limbs& prime : {Limbs{}, Fq::kModulus, kBls12381, kSecp256k1, kAllOnes}) {
    ExpectRefusal(WtnsStatus(WithLimbs(valid, 1, 4, prime)), "section 1 (header): field prime 0x");
  }
  for (const uint32_t count : {0u, (1u << 29) + 1, 0xffffffffu}) {
    ExpectRefusal(WtnsStatus(With32(valid, 1, 36, count)), "section 1 (header): value count");
  }
  for (const uint32_t count : {1u, 3u, 5u, 8u, 1u << 29}) {
    ExpectRefusal(WtnsStatus(With32(valid, 1, 36, count)), "section 2 (values): length");
  }
  for (const size_t i : {0, 1, 3}) {
    for (const Limbs& value : {Fr::kModulus, Plus(Fr::kModulus, kOne), Fq::kModulus, kAllOnes}) {
      ExpectRefusal(WtnsStatus(WithLimbs(valid, 2, 32 * i, value)),
                    absl::StrCat("section 2 (values): value ", i, " of 4 is not below"));
    }
  }
  for (const Limbs& value : {Limbs{}, Limbs{2, 0, 0, 0}, Limbs{1, 1, 0, 0}}) {
    ExpectRefusal(WtnsStatus(WithLimbs(valid, 2, 0, value)),
                  "section 2 (values): value 0 is not the constant 1");
  }
}

TEST(MalformedWtns, ASecretValueIsNotInTheMessage) {
  const Container valid = Container::Of(toy::CubeWitnessBytes());
  const Status status = WtnsStatus(WithLimbs(valid, 2, 32, {0xdeadbeef, ~0ull, ~0ull, ~0ull}));
  EXPECT_EQ(std::string(status.message()).find("deadbeef"), std::string::npos);
}

TEST(MalformedR1cs, Header) {
  const Container valid = Container::Of(toy::CubeBytes());
  for (const uint32_t size : {0u, 31u, 33u, 64u, 0xffffffffu}) {
    ExpectRefusal(R1csStatus(With32(valid, 1, 0, size)), "section 1 (header): field size");
  }
  for (const Limbs& prime : {Limbs{}, Fq::kModulus, kBls12381, kSecp256k1, kAllOnes}) {
    ExpectRefusal(R1csStatus(WithLimbs(valid, 1, 4, prime)), "section 1 (header): field prime 0x");
  }
  for (const uint32_t wires : {0u, 1u, (1u << 29) + 1, 0xffffffffu}) {
    ExpectRefusal(R1csStatus(With32(valid, 1, 36, wires)), "section 1 (header): ");
  }
  for (const uint32_t wires : {3u, 5u, 1u << 29}) {
    ExpectRefusal(R1csStatus(With32(valid, 1, 36, wires)), "section 3 (wire labels): length");
  }
  for (const size_t at : {40, 44}) {
    for (const uint32_t publics : {4u, 0x80000000u, 0xffffffffu}) {
      ExpectRefusal(R1csStatus(With32(valid, 1, at, publics)), "section 1 (header): ");
    }
  }
  for (const uint32_t constraints : {(1u << 28) + 1, 0xffffffffu}) {
    ExpectRefusal(R1csStatus(With32(valid, 1, 60, constraints)), "section 1 (header): constraint count");
  }
  for (const uint32_t constraints : {0u, 1u, 3u, 1u << 28}) {
    ExpectRefusal(R1csStatus(With32(valid, 1, 60, constraints)), "section 2 (constraints): ");
  }
}

// A few bytes must not make a circuit of 2^29 wires, whichever count of the header claims them.
TEST(MalformedR1cs, WireCountWithoutLabelsIsBoundedByTheTerms) {
  Container unlabelled = Container::Of(toy::CubeBytes());
  std::erase_if(unlabelled.sections, [](const Container::Section& section) { return section.id == 3; });
  const uint32_t most = 6 + kUnusedWiresMax;
  EXPECT_TRUE(R1csStatus(With32(unlabelled, 1, 36, most)).ok());
  for (const uint32_t wires : {most + 1, 1u << 29}) {
    for (const size_t claim : {40, 44, 48}) {
      const Container claimed = With32(unlabelled, 1, claim, wires - 2);
      ExpectRefusal(R1csStatus(With32(claimed, 1, 36, wires)),
                    absl::StrCat("section 1 (header): wire count ", wires, ", want at most ", most));
    }
  }
}

TEST(MalformedR1cs, Constraints) {
  const Container valid = Container::Of(toy::CubeBytes());
  for (size_t combination = 0; combination < 6; ++combination) {  // each: a count and one term
    const size_t at = combination * 40;
    const std::string who = absl::StrCat(" (constraint ", combination / 3, ", combination ",
                                         Sv(std::string_view("ABC").substr(combination % 3, 1)), ")");
    for (const uint32_t count : {7u, 0x80000000u, 0xffffffffu}) {
      ExpectRefusal(R1csStatus(With32(valid, 2, at, count)), "section 2 (constraints): ");
    }
    for (const uint32_t count : {0u, 2u})
      ExpectRefusal(R1csStatus(With32(valid, 2, at, count)), "section 2 (constraints): ");
    for (const uint32_t wire : {4u, 0x80000000u, 0xffffffffu}) {
      ExpectRefusal(R1csStatus(With32(valid, 2, at + 4, wire)),
                    absl::StrCat("section 2 (constraints): wire index ", wire, " >= wire count 4", who));
    }
    for (const Limbs& value : {Fr::kModulus, Plus(Fr::kModulus, kOne), kAllOnes}) {
      ExpectRefusal(R1csStatus(WithLimbs(valid, 2, at + 8, value)),
                    "section 2 (constraints): coefficient 0x");
    }
  }
}

TEST(MalformedR1cs, CustomGates) {
  for (const uint32_t id : {4u, 5u}) {
    Container container = Container::Of(toy::CubeBytes());
    container.sections.push_back({id, std::string(4, '\0')});
    ExpectRefusal(R1csStatus(container), absl::StrCat("section ", id, " (custom gate"));
  }
}

}  // namespace
}  // namespace prooflode
