#include "prover/workload/babyjubjub_gadget.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/check.h"

namespace prooflode::workload {
namespace {

using Lc = LinearCombination;

constexpr size_t kWindows = 84;  // of three bits: 252 >= kBabyJubjubScalarBits

// The wire q with q·denominator = numerator; unique where the denominator is not zero.
Lc Quotient(Builder& builder, const Lc& numerator, const Lc& denominator, const Fr& inverse) {
  Lc quotient = builder.Intermediate(numerator.value() * inverse);
  builder.Constrain(quotient, denominator, numerator);
  return quotient;
}

// (x, y) = (x_numerator/x_denominator, y_numerator/y_denominator) with one inversion.
PointWires Quotients(Builder& builder, const Lc& x_numerator, const Lc& x_denominator, const Lc& y_numerator,
                     const Lc& y_denominator) {
  const Fr inverse = (x_denominator.value() * y_denominator.value()).Inverse();
  return {Quotient(builder, x_numerator, x_denominator, inverse * y_denominator.value()),
          Quotient(builder, y_numerator, y_denominator, inverse * x_denominator.value())};
}

// One coordinate of entry low + 2·high of a table whose entry 0 is constant. 3 constraints.
Lc Lookup(Builder& builder, const Lc& low, const Lc& high, const std::array<Lc, 4>& table) {
  return Select(builder, high, Select(builder, low, table[3], table[2]),
                Select(builder, low, table[1], table[0]));
}

// Entry b0 + 2·b1 + 4·b2 of eight constants as the polynomial that is linear in each bit: the coefficient of
// a product of bits is the alternating sum of the entries below it (Moebius inversion on subsets).
// `products[s]` is the product of the bits in the set s.
Lc Interpolate(const std::array<Lc, 8>& products, std::array<Fr, 8> entries) {
  for (size_t bit = 1; bit < 8; bit *= 2) {
    for (size_t s = 0; s < 8; ++s) {
      if ((s & bit) != 0) entries[s] -= entries[s ^ bit];
    }
  }
  Lc sum;
  for (size_t s = 0; s < 8; ++s) sum.AddScaled(products[s], entries[s]);
  return sum;
}

using Window = std::array<BabyJubjubPoint, 8>;

// windows[w][k] = k·8^w·base.
std::vector<Window> MakeBaseWindows() {
  std::vector<Window> windows(kWindows);
  BabyJubjubPoint step = BabyJubjubBase();
  for (Window& window : windows) {
    for (size_t k = 1; k < window.size(); ++k) window[k] = Add(window[k - 1], step);
    step = Add(window[7], step);
  }
  return windows;
}

PointWires WindowPoint(Builder& builder, const Window& window, std::span<const Lc, 3> bits) {
  std::array<Lc, 8> products;
  products[0] = Lc::Constant(1);
  for (size_t i = 0; i < 3; ++i) products[size_t{1} << i] = bits[i];
  for (size_t s : {3, 5, 6}) products[s] = builder.Mul(products[s & (s - 1)], products[s & (0 - s)]);
  products[7] = builder.Mul(products[3], products[4]);
  std::array<Fr, 8> x;
  std::array<Fr, 8> y;
  for (size_t k = 0; k < 8; ++k) {
    x[k] = window[k].x;
    y[k] = window[k].y;
  }
  return {Interpolate(products, x), Interpolate(products, y)};
}

}  // namespace

PointWires PrivatePoint(Builder& builder, const BabyJubjubPoint& value) {
  return {builder.PrivateInput(value.x), builder.PrivateInput(value.y)};
}

void AssertOnCurve(Builder& builder, const PointWires& point) {
  const Lc x2 = builder.Mul(point.x, point.x);
  const Lc y2 = builder.Mul(point.y, point.y);
  Lc right = x2 * Fr::FromU64(kBabyJubjubA) + y2;
  right.AddConstant(-Fr::One());
  builder.Constrain(x2 * Fr::FromU64(kBabyJubjubD), y2, right);
}

void AssertEqual(Builder& builder, const PointWires& a, const PointWires& b) {
  builder.AssertEqual(a.x, b.x);
  builder.AssertEqual(a.y, b.y);
}

// x3 = (x1·y2 + y1·x2)/(1 + d·x1·x2·y1·y2), y3 = (y1·y2 - a·x1·x2)/(1 - d·x1·x2·y1·y2); the numerator of y3
// comes from (y1 - a·x1)·(x2 + y2) and the two products of x3.
PointWires Add(Builder& builder, const PointWires& p, const PointWires& q) {
  const Fr a = Fr::FromU64(kBabyJubjubA);
  const Lc x1y2 = builder.Mul(p.x, q.y);
  const Lc y1x2 = builder.Mul(p.y, q.x);
  const Lc mixed = builder.Mul(p.y - p.x * a, q.x + q.y);
  const Lc all = builder.Mul(x1y2, y1x2) * Fr::FromU64(kBabyJubjubD);
  const Lc one = Lc::Constant(1);
  return Quotients(builder, x1y2 + y1x2, one + all, mixed + x1y2 * a - y1x2, one - all);
}

// As Add, with 1 + d·x²·y² replaced by a·x² + y², which it equals on the curve.
PointWires Double(Builder& builder, const PointWires& p) {
  const Lc xy = builder.Mul(p.x, p.y);
  const Lc ax2 = builder.Mul(p.x, p.x) * Fr::FromU64(kBabyJubjubA);
  const Lc y2 = builder.Mul(p.y, p.y);
  return Quotients(builder, xy * Fr::FromU64(2), ax2 + y2, y2 - ax2, Lc::Constant(2) - ax2 - y2);
}

PointWires Multiply(Builder& builder, std::span<const LinearCombination> bits, const PointWires& a) {
  PL_CHECK(!bits.empty());
  const PointWires twice = Double(builder, a);
  const PointWires thrice = Add(builder, twice, a);
  const std::array<Lc, 4> x = {Lc(), a.x, twice.x, thrice.x};
  const std::array<Lc, 4> y = {Lc::Constant(1), a.y, twice.y, thrice.y};
  PointWires sum;
  for (size_t window = (bits.size() + 1) / 2; window-- > 0;) {
    const Lc high = 2 * window + 1 < bits.size() ? bits[2 * window + 1] : Lc();
    const Lc& low = bits[2 * window];
    const PointWires entry = {Lookup(builder, low, high, x), Lookup(builder, low, high, y)};
    const bool first = 2 * window + 2 >= bits.size();
    sum = first ? entry : Add(builder, Double(builder, Double(builder, sum)), entry);
  }
  return sum;
}

PointWires MultiplyBase(Builder& builder, std::span<const LinearCombination> bits) {
  PL_CHECK(!bits.empty() && bits.size() <= 3 * kWindows);
  static const std::vector<Window> windows = MakeBaseWindows();
  PointWires sum;
  for (size_t w = 0; 3 * w < bits.size(); ++w) {
    std::array<Lc, 3> window_bits;
    for (size_t i = 0; i < 3 && 3 * w + i < bits.size(); ++i) window_bits[i] = bits[3 * w + i];
    const PointWires entry = WindowPoint(builder, windows[w], window_bits);
    sum = w == 0 ? entry : Add(builder, sum, entry);
  }
  return sum;
}

}  // namespace prooflode::workload
