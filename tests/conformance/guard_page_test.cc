// The assembly leaves touch their operands and nothing else: each operand is put at the very end of a page
// that is followed by one without access, and at the very beginning of one that comes after such a page, so
// that a read or write beside it is a fault. Operands that are read alone lie in pages that cannot be
// written.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "kernels/field/bn254.h"
#include "kernels/host/cpu_features.h"
#include "kernels/host/mul_leaf.h"
#include "kernels/testing/test_values.h"

namespace prooflode {
namespace {

using testing_values::EdgeCanonicals;

enum class Side { kBeforeGuard, kBehindGuard };

// Four limbs in a page of their own, between two pages without access.
class Guarded {
 public:
  explicit Guarded(Side side) : page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
    void* const memory = mmap(nullptr, 3 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    PL_CHECK(memory != MAP_FAILED);
    begin_ = static_cast<uint8_t*>(memory);
    limbs_ = reinterpret_cast<uint64_t*>(begin_ + page_ +
                                         (side == Side::kBeforeGuard ? page_ - sizeof(Limbs) : 0));
    Allow(PROT_READ | PROT_WRITE);
  }
  ~Guarded() { munmap(begin_, 3 * page_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  uint64_t* limbs() { return limbs_; }
  void Set(const Limbs& value) { std::memcpy(limbs_, value.data(), sizeof(value)); }
  Limbs Get() const {
    Limbs value;
    std::memcpy(value.data(), limbs_, sizeof(value));
    return value;
  }
  void Allow(int access) { PL_CHECK(mprotect(begin_ + page_, page_, access) == 0); }

 private:
  const size_t page_;
  uint8_t* begin_;
  uint64_t* limbs_;
};

// The operands of one call. The inputs' pages are made readable alone for as long as it lasts.
struct Operands {
  explicit Operands(Side side)
      : result(side), inputs{Guarded(side), Guarded(side), Guarded(side), Guarded(side)}, modulus(side) {}

  template <typename Call>
  Limbs Run(const std::array<Limbs, 4>& values, const Limbs& p, Call call) {
    for (size_t i = 0; i < 4; ++i) inputs[i].Set(values[i]);
    modulus.Set(p);
    for (Guarded& input : inputs) input.Allow(PROT_READ);
    modulus.Allow(PROT_READ);
    call(result.limbs(), inputs[0].limbs(), inputs[1].limbs(), inputs[2].limbs(), inputs[3].limbs(),
         modulus.limbs());
    for (Guarded& input : inputs) input.Allow(PROT_READ | PROT_WRITE);
    modulus.Allow(PROT_READ | PROT_WRITE);
    return result.Get();
  }
  // The result takes the place of operand `alias`.
  template <typename Call>
  Limbs RunInPlace(const std::array<Limbs, 4>& values, const Limbs& p, size_t alias, Call call) {
    for (size_t i = 0; i < 4; ++i) inputs[i].Set(values[i]);
    modulus.Set(p);
    call(inputs[alias].limbs(), inputs[0].limbs(), inputs[1].limbs(), inputs[2].limbs(), inputs[3].limbs(),
         modulus.limbs());
    return inputs[alias].Get();
  }

  Guarded result;
  std::array<Guarded, 4> inputs;
  Guarded modulus;
};

// A leaf as a function of r, a, b, c, d, p; `operands` of a to d count.
template <typename F, typename Leaf, typename Reference>
void ExpectWithinOperands(size_t operand_count, Leaf leaf, Reference reference) {
  SimRandom random(1);
  const std::vector<Limbs> edges = EdgeCanonicals<F>(random, 10);
  for (const Side side : {Side::kBeforeGuard, Side::kBehindGuard}) {
    Operands operands(side);
    for (size_t i = 0; i < edges.size(); ++i) {
      const std::array<Limbs, 4> values = {edges[i], edges[(i * 7 + 3) % edges.size()],
                                           edges[(i * 5 + 1) % edges.size()],
                                           edges[(i * 11 + 2) % edges.size()]};
      Limbs want;
      reference(want.data(), values[0].data(), values[1].data(), values[2].data(), values[3].data(),
                F::kModulus.data());
      EXPECT_EQ(operands.Run(values, F::kModulus, leaf), want) << i;
      for (size_t alias = 0; alias < operand_count; ++alias) {
        EXPECT_EQ(operands.RunInPlace(values, F::kModulus, alias, leaf), want)
            << i << " in place of " << alias;
      }
    }
  }
}

template <typename F>
class GuardPages : public testing::Test {};
using Fields = testing::Types<Fq, Fr>;
TYPED_TEST_SUITE(GuardPages, Fields);

template <typename F>
void PortableProduct(uint64_t* r, const uint64_t* a, const uint64_t* b, const uint64_t*, const uint64_t*,
                     const uint64_t* p) {
  MontgomeryMulPortable(r, a, b, p, F::kNegatedInverse);
}
template <typename F>
void PortableSumOfProducts(uint64_t* r, const uint64_t* a, const uint64_t* b, const uint64_t* c,
                           const uint64_t* d, const uint64_t* p) {
  MontgomeryMul2Portable(r, a, b, c, d, p, F::kNegatedInverse);
}

// The portable leaves are the reference of the others; that they keep to their operands is checked too.
TYPED_TEST(GuardPages, PortableLeaves) {
  ExpectWithinOperands<TypeParam>(2, PortableProduct<TypeParam>, PortableProduct<TypeParam>);
  ExpectWithinOperands<TypeParam>(4, PortableSumOfProducts<TypeParam>, PortableSumOfProducts<TypeParam>);
}

#if PL_HAVE_X64_ASM
TYPED_TEST(GuardPages, AdxLeaves) {
  if (!HostCpuFeatures().bmi2 || !HostCpuFeatures().adx) GTEST_SKIP() << "this processor has no BMI2 and ADX";
  constexpr uint64_t kN0 = TypeParam::kNegatedInverse;
  ExpectWithinOperands<TypeParam>(
      2,
      [](uint64_t* r, const uint64_t* a, const uint64_t* b, const uint64_t*, const uint64_t*,
         const uint64_t* p) { host_internal::MontgomeryMulAdx(r, a, b, p, kN0); },
      PortableProduct<TypeParam>);
  ExpectWithinOperands<TypeParam>(
      4,
      [](uint64_t* r, const uint64_t* a, const uint64_t* b, const uint64_t* c, const uint64_t* d,
         const uint64_t* p) { host_internal::MontgomeryMul2Adx(r, a, b, c, d, p, kN0); },
      PortableSumOfProducts<TypeParam>);
}

TYPED_TEST(GuardPages, SumAndDifference) {
  const auto add = [](uint64_t* r, const uint64_t* a, const uint64_t* b, const uint64_t*, const uint64_t*,
                      const uint64_t* p) { host_internal::AddModX64(r, a, b, p); };
  const auto subtract = [](uint64_t* r, const uint64_t* a, const uint64_t* b, const uint64_t*,
                           const uint64_t*, const uint64_t* p) { host_internal::SubModX64(r, a, b, p); };
  const auto load = [](const uint64_t* limbs) {
    Limbs value;
    std::memcpy(value.data(), limbs, sizeof(value));
    return value;
  };
  // By limbs with carries, as builds without assembly do it.
  ExpectWithinOperands<TypeParam>(2, add,
                                  [&](uint64_t* r, const uint64_t* a, const uint64_t* b, const uint64_t*,
                                      const uint64_t*, const uint64_t* p) {
                                    Limbs sum{};
                                    fp_internal::Add(sum, load(a), load(b));
                                    Limbs reduced{};
                                    if (fp_internal::Sub(reduced, sum, load(p)) != 0) reduced = sum;
                                    std::memcpy(r, reduced.data(), sizeof(reduced));
                                  });
  ExpectWithinOperands<TypeParam>(2, subtract,
                                  [&](uint64_t* r, const uint64_t* a, const uint64_t* b, const uint64_t*,
                                      const uint64_t*, const uint64_t* p) {
                                    Limbs difference{};
                                    if (fp_internal::Sub(difference, load(a), load(b)) != 0) {
                                      Limbs raised{};
                                      fp_internal::Add(raised, difference, load(p));
                                      difference = raised;
                                    }
                                    std::memcpy(r, difference.data(), sizeof(difference));
                                  });
}
#endif

// A leaf that reads eight bytes too many, so that it is known that such a one is caught.
TEST(GuardPagesDeathTest, AReadBehindAnOperandIsAFault) {
  Guarded operand(Side::kBeforeGuard);
  const volatile uint64_t* const limbs = operand.limbs();
  EXPECT_EQ(limbs[3], 0u);
  EXPECT_DEATH((void)limbs[4], "");
  Guarded behind(Side::kBehindGuard);
  const volatile uint64_t* const first = behind.limbs();
  EXPECT_DEATH((void)first[-1], "");
}

}  // namespace
}  // namespace prooflode
