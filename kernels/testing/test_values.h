// What the tests of the kernels share: seeded values with plenty of edge cases, points of known discrete
// logarithm, and a loop over the CPU paths of this machine.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/sim/sim_env.h"
#include "base/thread_pool.h"
#include "kernels/curve/bn254.h"
#include "kernels/host/cpu_path.h"

namespace prooflode::testing_values {

// Uniform below the modulus.
template <typename F>
Limbs RandomCanonical(Random& random) {
  while (true) {
    Limbs value{random.Next64(), random.Next64(), random.Next64(), random.Next64() >> 2};
    if (fp_internal::Less(value, F::kModulus)) return value;
  }
}

template <typename F>
F RandomElement(Random& random) {
  return *F::FromCanonical(RandomCanonical<F>(random));
}

// 0, 1, 2, p-1, p-2, (p±1)/2, powers of two and their neighbours, then random ones, as integers below p.
template <typename F>
std::vector<Limbs> EdgeCanonicals(Random& random, size_t randoms) {
  std::vector<Limbs> values;
  const auto minus = [](uint64_t n) {
    Limbs value{};
    fp_internal::Sub(value, F::kModulus, {n, 0, 0, 0});
    return value;
  };
  for (uint64_t n : {0, 1, 2, 3}) values.push_back({n, 0, 0, 0});
  for (uint64_t n : {1, 2, 3}) values.push_back(minus(n));
  Limbs half = F::kModulus;
  for (int j = 0; j < 4; ++j) half[j] = (half[j] >> 1) | (j < 3 ? half[j + 1] << 63 : 0);
  values.push_back(half);
  ++half[0];
  values.push_back(half);
  for (int bit : {31, 32, 63, 64, 127, 128, 191, 192, 252, 253}) {
    Limbs power{};
    power[bit / 64] = uint64_t{1} << (bit % 64);
    values.push_back(power);
    Limbs below{};
    fp_internal::Sub(below, power, {1, 0, 0, 0});
    values.push_back(below);
  }
  values.push_back(F::kR);
  for (size_t i = 0; i < randoms; ++i) values.push_back(RandomCanonical<F>(random));
  return values;
}

template <typename F>
AffinePoint<F> Generator();
template <>
inline AffinePoint<Fq> Generator<Fq>() {
  return G1Generator();
}
template <>
inline AffinePoint<Fq2> Generator<Fq2>() {
  return G2Generator();
}

// start·G, (start+1)·G, … : different points with known logarithms.
template <typename F>
std::vector<AffinePoint<F>> ConsecutiveMultiples(const Limbs& start, size_t count) {
  std::vector<AffinePoint<F>> points(count);
  XyzzPoint<F> point = ScalarMul(Generator<F>(), start);
  for (AffinePoint<F>& out : points) {
    out = point.ToAffine();
    point = point + Generator<F>();
  }
  return points;
}

// Runs `body` once with each CPU path in force and restores the first.
inline void ForEachCpuPath(const std::function<void(const std::string& path)>& body) {
  const std::string before(CpuPathName());
  for (const std::string_view path : SupportedCpuPaths()) {
    PL_CHECK(SetCpuPath(path).ok());
    body(std::string(path));
  }
  PL_CHECK(SetCpuPath(before).ok());
}

}  // namespace prooflode::testing_values
