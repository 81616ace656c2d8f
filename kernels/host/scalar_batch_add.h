// Batch affine addition: x3 = λ² - x1 - x2, y3 = λ(x1 - x3) - y1 for many independent pairs of points, with
// the denominators of all slopes inverted together (Montgomery 1987): 5 products and 1 square a pair, against
// 10 for a mixed XYZZ addition.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/check.h"
#include "kernels/curve/point.h"
#include "kernels/host/batch_ops.h"

namespace prooflode {

// Places of two points in an array.
struct PointPair {
  uint32_t left;
  uint32_t right;
};

// Two points of an array of bases, with signs, and the place for their sum.
struct RefPair {
  PointRef left;
  PointRef right;
  uint32_t to;
};

template <typename F>
AffinePoint<F> At(const AffinePoint<F>* bases, PointRef ref) {
  const AffinePoint<F>& base = bases[ref >> 1];
  return (ref & 1) != 0 ? -base : base;
}

// Has the next bases that a batch wants on their way from memory.
template <typename Point>
void PrefetchRefs(const Point* bases, std::span<const RefPair> pairs, size_t at) {
  if (at >= pairs.size()) return;
  for (const PointRef ref : {pairs[at].left, pairs[at].right}) {
    const char* base = reinterpret_cast<const char*>(&bases[ref >> 1]);
    for (size_t line = 0; line < sizeof(Point); line += 64) __builtin_prefetch(base + line);
    __builtin_prefetch(base + sizeof(Point) - 1);
  }
}

// Scratch for batches of at most `max_pairs`; one thread's.
template <typename F>
class BatchAdder {
 public:
  using Point = AffinePoint<F>;

  explicit BatchAdder(size_t max_pairs) : denominators_(max_pairs), quotients_(max_pairs) {}

  // points[to] = ±bases[left] ± bases[right] for all pairs. Any points.
  void AddRefs(const Point* bases, std::span<const RefPair> pairs, std::span<Point> points) {
    const size_t batch = std::min<size_t>(1024, denominators_.size());
    loaded_.resize(2 * batch);
    for (size_t begin = 0; begin < pairs.size(); begin += batch) {
      const size_t count = std::min(batch, pairs.size() - begin);
      loaded_pairs_.clear();
      for (uint32_t i = 0; i < count; ++i) {
        PrefetchRefs(bases, pairs, begin + i + 6);
        loaded_[2 * i] = At(bases, pairs[begin + i].left);
        loaded_[2 * i + 1] = At(bases, pairs[begin + i].right);
        loaded_pairs_.push_back({2 * i, 2 * i + 1});
      }
      AddPairs(loaded_, loaded_pairs_);
      for (size_t i = 0; i < count; ++i) points[pairs[begin + i].to] = loaded_[2 * i];
    }
  }

  // points[left] += points[right] for all pairs, where the left point of a pair is in no other pair. Any
  // points: equal, opposite, infinite. Leaves `pairs` in disorder. A product's latency is about twice its
  // share of the multiplier, so that every stage keeps kLanes independent products in flight.
  void AddPairs(std::span<Point> points, std::span<PointPair> pairs) {
    PL_CHECK(pairs.size() <= denominators_.size());
    std::array<F, kLanes> products;
    products.fill(F::One());
    size_t count = 0;  // pairs that need a division, moved to the front
    for (const PointPair pair : pairs) {
      const Point& a = points[pair.left];
      const Point& b = points[pair.right];
      F denominator = b.x - a.x;
      if (__builtin_expect(denominator.IsZero() || a.IsInfinity() || b.IsInfinity(), 0)) {
        denominator = AddSpecial(points, pair);
        if (denominator.IsZero()) continue;
      }
      pairs[count] = pair;
      denominators_[count] = denominator;
      F& product = products[count % kLanes];
      quotients_[count] = product;
      product = product * denominator;
      ++count;
    }
    std::array<F, kLanes> scratch;
    BatchInvert<F>(products, scratch);
    for (size_t i = count; i-- > 0;) {
      F& inverse = products[i % kLanes];
      quotients_[i] = inverse * quotients_[i];
      inverse = inverse * denominators_[i];
    }
    for (size_t i = 0; i < count; i += kLanes) {
      FinishPairs(points, pairs.subspan(i, std::min(kLanes, count - i)), &quotients_[i]);
    }
  }

 private:
  static constexpr size_t kLanes = 4;

  // The sums of at most kLanes pairs from 1/denominator of each.
  static void FinishPairs(std::span<Point> points, std::span<const PointPair> pairs, const F* quotients) {
    std::array<F, kLanes> slopes;
    std::array<F, kLanes> squares;
    for (size_t i = 0; i < pairs.size(); ++i) {
      const Point& a = points[pairs[i].left];
      const Point& b = points[pairs[i].right];
      F numerator = b.y - a.y;
      if (__builtin_expect(a.x == b.x, 0)) {  // doubling: 3x²/2y
        const F xx = a.x.Square();
        numerator = xx.Double() + xx;
      }
      slopes[i] = numerator * quotients[i];
    }
    for (size_t i = 0; i < pairs.size(); ++i) squares[i] = slopes[i].Square();
    for (size_t i = 0; i < pairs.size(); ++i) {
      Point& a = points[pairs[i].left];
      const F x3 = squares[i] - a.x - points[pairs[i].right].x;
      a.y = slopes[i] * (a.x - x3) - a.y;
      a.x = x3;
    }
  }

  // The denominator of a doubling; zero where the sum needed no division and is done.
  static F AddSpecial(std::span<Point> points, PointPair pair) {
    Point& a = points[pair.left];
    const Point& b = points[pair.right];
    if (b.IsInfinity()) return F::Zero();
    if (a.IsInfinity()) {
      a = b;
      return F::Zero();
    }
    if (a.y == b.y && !a.y.IsZero()) return a.y.Double();
    a = Point::Infinity();
    return F::Zero();
  }

  std::vector<F> denominators_;
  std::vector<Point> loaded_;  // of AddRefs
  std::vector<PointPair> loaded_pairs_;
  std::vector<F> quotients_;  // first the products of the denominators before, then 1/denominator
};

}  // namespace prooflode
