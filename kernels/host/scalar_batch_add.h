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

namespace prooflode {

// Places of two points in an array.
struct PointPair {
  uint32_t left;
  uint32_t right;
};

// Scratch for batches of at most `max_pairs`; one thread's.
template <typename F>
class BatchAdder {
 public:
  using Point = AffinePoint<F>;

  explicit BatchAdder(size_t max_pairs) : denominators_(max_pairs), quotients_(max_pairs) {}

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
  std::vector<F> quotients_;  // first the products of the denominators before, then 1/denominator
};

}  // namespace prooflode
