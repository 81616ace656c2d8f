// The curve constants, and one small multi-scalar multiplication and transform against their definitions.
#include <gtest/gtest.h>

#include "base/thread_pool.h"
#include "kernels/msm/msm.h"
#include "kernels/ntt/ntt.h"

namespace prooflode {
namespace {

TEST(Bn254, GeneratorsHaveOrderR) {
  EXPECT_TRUE(IsOnCurve(G1Generator()));
  EXPECT_TRUE(IsOnCurve(G2Generator()));
  EXPECT_TRUE(IsInSubgroup(G2Generator()));
  EXPECT_TRUE(ScalarMul(G1Generator(), Fr::kModulus).IsInfinity());
  EXPECT_TRUE(ScalarMul(G2Generator(), Fr::kModulus).IsInfinity());
}

TEST(Msm, SmallAgainstScalarMul) {
  ThreadPool pool(2);
  const std::vector<G1Affine> bases = {
      G1Generator(), -G1Generator(), {}, ScalarMul(G1Generator(), {7}).ToAffine()};
  const std::vector<Limbs> scalars = {{9, 1, 2, 3}, {4}, {5}, {6}};
  G1Xyzz want;
  for (size_t i = 0; i < bases.size(); ++i) want = want + ScalarMul(bases[i], scalars[i]);
  EXPECT_TRUE(SamePoint(MsmG1(bases, scalars, pool), want));
}

TEST(Ntt, RoundTripAndDefinition) {
  ThreadPool pool(2);
  const NttDomain domain(3, pool);
  std::vector<Fr> data(8);
  for (size_t i = 0; i < 8; ++i) data[i] = Fr::FromU64(i * i + 1);
  std::vector<Fr> values = data;
  domain.Forward(values, pool);
  Fr x = Fr::One();
  for (size_t i = 0; i < 8; ++i, x *= FrRootOfUnity(3)) {
    Fr want;
    for (size_t j = 8; j-- > 0;) want = want * x + data[j];
    EXPECT_EQ(values[i], want);
  }
  domain.Inverse(values, pool);
  EXPECT_EQ(values, data);
}

}  // namespace
}  // namespace prooflode
