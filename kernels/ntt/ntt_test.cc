// The transform against evaluation of the polynomial, and against itself, at every size that cuts it up
// differently.
#include "kernels/ntt/ntt.h"

#include <gtest/gtest.h>

#include "kernels/testing/test_values.h"

namespace prooflode {
namespace {

using testing_values::RandomElement;

std::vector<Fr> RandomVector(Random& random, size_t count) {
  std::vector<Fr> values(count);
  for (Fr& value : values) value = RandomElement<Fr>(random);
  return values;
}

Fr Evaluate(std::span<const Fr> coefficients, const Fr& x) {
  Fr sum;
  for (size_t i = coefficients.size(); i-- > 0;) sum = sum * x + coefficients[i];
  return sum;
}

TEST(Ntt, ForwardEvaluatesAtPowersOfTheRoot) {
  SimRandom random(1);
  for (int log_size = 0; log_size <= 9; ++log_size) {
    for (unsigned threads : {1u, 4u}) {
      ThreadPool pool(threads);
      const NttDomain domain(log_size, pool);
      const std::vector<Fr> coefficients = RandomVector(random, domain.size());
      std::vector<Fr> values = coefficients;
      domain.Forward(values, pool);
      Fr x = Fr::One();
      for (const Fr& value : values) {
        ASSERT_EQ(value, Evaluate(coefficients, x)) << log_size;
        x *= FrRootOfUnity(log_size);
      }
    }
  }
}

TEST(Ntt, LargeSizesAtSomePlaces) {
  SimRandom random(2);
  for (int log_size : {12, 13, 14, 15, 16}) {
    ThreadPool pool(2);
    const NttDomain domain(log_size, pool);
    const std::vector<Fr> coefficients = RandomVector(random, domain.size());
    std::vector<Fr> values = coefficients;
    domain.Forward(values, pool);
    for (size_t place : {size_t{0}, size_t{1}, domain.size() / 3, domain.size() - 1}) {
      const Fr x = FrRootOfUnity(log_size).PowVartime({place});
      EXPECT_EQ(values[place], Evaluate(coefficients, x)) << log_size;
    }
    domain.Inverse(values, pool);
    EXPECT_EQ(values, coefficients) << log_size;
  }
}

TEST(Ntt, InverseUndoesForwardBothWays) {
  SimRandom random(3);
  ThreadPool pool(2);
  for (int log_size = 0; log_size <= 11; ++log_size) {
    const NttDomain domain(log_size, pool);
    const std::vector<Fr> before = RandomVector(random, domain.size());
    std::vector<Fr> data = before;
    domain.Inverse(data, pool);
    domain.Forward(data, pool);
    EXPECT_EQ(data, before) << log_size;
  }
}

TEST(Ntt, ToCosetEvaluatesOnTheCoset) {
  SimRandom random(4);
  for (int log_size : {0, 1, 2, 3, 5, 8, 9, 10, 13, 14, 15}) {
    for (unsigned threads : {1u, 2u}) {
      ThreadPool pool(threads);
      const NttDomain domain(log_size, pool);
      const Fr shift = log_size % 2 == 0 ? FrRootOfUnity(log_size + 1) : RandomElement<Fr>(random);
      const std::vector<Fr> coefficients = RandomVector(random, domain.size());
      std::vector<Fr> values = coefficients;
      domain.Forward(values, pool);
      domain.ToCoset(values, shift, pool);
      for (size_t i = 0; i < std::min<size_t>(domain.size(), 40); ++i) {
        const size_t place =
            i * (domain.size() - 1) / std::max<size_t>(1, std::min<size_t>(domain.size(), 40) - 1);
        const Fr x = shift * FrRootOfUnity(log_size).PowVartime({place});
        ASSERT_EQ(values[place], Evaluate(coefficients, x)) << log_size << " at " << place;
      }
    }
  }
}

TEST(Ntt, SameForAnyNumberOfThreads) {
  SimRandom random(5);
  for (int log_size : {9, 13, 15}) {
    ThreadPool one(1);
    const std::vector<Fr> before = RandomVector(random, size_t{1} << log_size);
    const NttDomain domain(log_size, one);
    std::vector<Fr> forward = before;
    domain.Forward(forward, one);
    std::vector<Fr> coset = before;
    domain.ToCoset(coset, Fr::FromU64(7), one);
    for (unsigned threads = 2; threads <= 8; ++threads) {
      ThreadPool pool(threads);
      const NttDomain same_domain(log_size, pool);
      std::vector<Fr> data = before;
      same_domain.Forward(data, pool);
      EXPECT_EQ(data, forward) << threads;
      data = before;
      same_domain.ToCoset(data, Fr::FromU64(7), pool);
      EXPECT_EQ(data, coset) << threads;
    }
  }
}

TEST(Ntt, CancelledCallReturnsEarly) {
  CancelToken cancel;
  cancel.Cancel();
  ThreadPool pool(2);
  const NttDomain domain(14, pool);
  SimRandom random(6);
  const std::vector<Fr> before = RandomVector(random, domain.size());
  std::vector<Fr> data = before;
  domain.Forward(data, pool, &cancel);
  domain.Inverse(data, pool, &cancel);
  domain.ToCoset(data, Fr::FromU64(5), pool, &cancel);
  EXPECT_EQ(data, before);  // cancelled from the start: nothing was done
}

}  // namespace
}  // namespace prooflode
