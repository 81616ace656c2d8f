#include "prover/groth16/work_units.h"

#include <algorithm>
#include <limits>
#include <span>

#include "base/check.h"

namespace prooflode::groth16 {
namespace {

// In butterflies of a transform: one product, one addition, one subtraction of scalars, 17 ns as measured. An
// addition in G1 took 130 ns, one in G2 345 ns, a matrix entry 15 ns.
constexpr uint64_t kG1Addition = 8;
constexpr uint64_t kG2Addition = 21;
constexpr uint64_t kMatrixEntry = 1;
constexpr uint64_t kButterfliesPerUnit = 1000;
// Three polynomials, each there and back on a coset.
constexpr uint64_t kTransforms = 6;

constexpr uint64_t kScalarBits = 253;  // and a sign
constexpr uint64_t kWindowBitsMax = 16;

struct Terms {
  uint64_t full = 0;
  uint64_t bits = 0;
};

// Additions of a sum by the bucket method with the best window: a digit of each scalar and 2.3 for each of
// 2^(w-1) buckets in every window; a bit is added once.
uint64_t Additions(const Terms& terms) {
  if (terms.full == 0) return terms.bits;
  uint64_t best = std::numeric_limits<uint64_t>::max();
  for (uint64_t window_bits = 1; window_bits <= kWindowBitsMax; ++window_bits) {
    const uint64_t windows = kScalarBits / window_bits + 1;
    const uint64_t buckets = uint64_t{1} << (window_bits - 1);
    best = std::min(best, windows * (terms.full + buckets * 23 / 10));
  }
  return best + terms.bits;
}

// points[i] belongs to wire `first` + i.
template <typename Point>
Terms Count(std::span<const Point> points, size_t first, const std::vector<bool>& bits) {
  Terms terms;
  for (size_t i = 0; i < points.size(); ++i) {
    if (points[i].IsInfinity()) continue;
    ++(!bits.empty() && bits[first + i] ? terms.bits : terms.full);
  }
  return terms;
}

}  // namespace

uint64_t WorkUnits(const ProvingKey& key, const std::vector<bool>& bits) {
  PL_CHECK(bits.empty() || bits.size() == key.variable_count);
  const uint64_t domain = key.domain_size();
  const auto log_domain = static_cast<uint64_t>(key.log_domain);
  const uint64_t butterflies = kTransforms * log_domain * domain / 2;
  const uint64_t g1 = Additions(Count<G1Affine>(key.a, 0, bits)) +
                      Additions(Count<G1Affine>(key.b1, 0, bits)) +
                      Additions(Count<G1Affine>(key.c, size_t{key.public_count} + 1, bits)) +
                      Additions({.full = domain});  // the quotient's values are as good as random
  const uint64_t g2 = Additions(Count<G2Affine>(key.b2, 0, bits));
  const uint64_t cost =
      butterflies + kG1Addition * g1 + kG2Addition * g2 + kMatrixEntry * key.coefficients.size();
  return (cost + kButterfliesPerUnit - 1) / kButterfliesPerUnit;
}

}  // namespace prooflode::groth16
