// Sums of runs of affine points by batch affine additions: x3 = λ² - x1 - x2, y3 = λ(x1 - x3) - y1, with the
// denominators of thousands of independent additions inverted together (Montgomery 1987). 5 products and 1
// square an addition against 10 of a mixed XYZZ one.
//
// Points are copied into a block that stays in the L2 cache and added pairwise, level by level, like a tree;
// so additions of one level never depend on each other, whatever the runs look like: one run of all points is
// as cheap as many short ones. A run that crosses the end of a block goes on with its partial sum as first
// point of the next.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "kernels/host/batch_ops.h"

namespace prooflode {

template <typename F>
class ScalarRunSummer {
 public:
  using Point = AffinePoint<F>;

  ScalarRunSummer() : points_(kBlock), denominators_(kBlock / 2), quotients_(kBlock / 2) {
    pairs_.reserve(kBlock / 2);
    segments_.reserve(kBlock);
  }

  // Contract: BatchOps::sum_runs_g1.
  void Sum(const Point* bases, std::span<const PointRef> refs, std::span<const uint32_t> run_ends,
           Point* sums, const CancelToken* cancel) {
    size_t position = 0;
    size_t run = 0;
    bool continued = false;  // points_[0] holds the partial sum of `run`
    while (run < run_ends.size()) {
      if (cancel != nullptr && cancel->cancelled()) return;
      segments_.clear();
      size_t used = 0;
      while (run < run_ends.size() && used < kBlock) {
        const size_t begin = used;
        if (continued) ++used;
        const size_t take = std::min<size_t>(run_ends[run] - position, kBlock - used);
        CopyPoints(bases, refs, position, take, used);
        used += take;
        position += take;
        segments_.push_back({run, begin, used - begin});
        continued = position < run_ends[run];
        if (continued) break;
        ++run;
      }
      ReduceSegments();
      for (const Segment& segment : segments_) {
        sums[segment.run] = segment.length == 0 ? Point::Infinity() : points_[segment.offset];
      }
      if (continued) points_[0] = points_[segments_.back().offset];
    }
  }

 private:
  static constexpr size_t kLanes = 4;
  // 256 KiB of points of G1 or G2.
  static constexpr size_t kBlock = (size_t{256} << 10) / sizeof(Point);

  struct Segment {
    size_t run;
    size_t offset;
    size_t length;
  };
  struct Pair {
    uint32_t left;
    uint32_t right;
  };

  void CopyPoints(const Point* bases, std::span<const PointRef> refs, size_t position, size_t count,
                  size_t to) {
    constexpr size_t kAhead = 12;
    for (size_t i = 0; i < count; ++i) {
      if (position + i + kAhead < refs.size()) {
        const char* next = reinterpret_cast<const char*>(&bases[refs[position + i + kAhead] >> 1]);
        for (size_t line = 0; line < sizeof(Point); line += 64) __builtin_prefetch(next + line);
        __builtin_prefetch(next + sizeof(Point) - 1);
      }
      const PointRef ref = refs[position + i];
      const Point& base = bases[ref >> 1];
      points_[to + i] = (ref & 1) != 0 ? -base : base;
    }
  }

  // Leaves the sum of every segment in its first point.
  void ReduceSegments() {
    active_.clear();
    for (const Segment& segment : segments_) {
      if (segment.length > 1) active_.push_back(segment);
    }
    for (size_t stride = 1; !active_.empty(); stride *= 2) {
      pairs_.clear();
      for (const Segment& segment : active_) {
        for (size_t k = 0; k + stride < segment.length; k += 2 * stride) {
          pairs_.push_back({static_cast<uint32_t>(segment.offset + k),
                            static_cast<uint32_t>(segment.offset + k + stride)});
        }
      }
      AddPairs();
      std::erase_if(active_, [stride](const Segment& segment) { return segment.length <= 2 * stride; });
    }
  }

  // points[left] += points[right] for all pairs, which share no point. A product's latency is about twice its
  // share of the multiplier, so that every stage keeps kLanes independent products in flight.
  void AddPairs() {
    std::array<F, kLanes> products;
    products.fill(F::One());
    size_t count = 0;  // pairs that need a division, moved to the front
    for (const Pair pair : pairs_) {
      const Point& a = points_[pair.left];
      const Point& b = points_[pair.right];
      F denominator = b.x - a.x;
      if (__builtin_expect(denominator.IsZero() || a.IsInfinity() || b.IsInfinity(), 0)) {
        denominator = AddSpecial(pair);
        if (denominator.IsZero()) continue;
      }
      pairs_[count] = pair;
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
    for (size_t i = 0; i < count; i += kLanes) FinishPairs(i, std::min(kLanes, count - i));
  }

  // quotients_ holds 1/denominator for pairs [first, first + count).
  void FinishPairs(size_t first, size_t count) {
    std::array<F, kLanes> slopes;
    std::array<F, kLanes> squares;
    for (size_t i = 0; i < count; ++i) {
      const Point& a = points_[pairs_[first + i].left];
      const Point& b = points_[pairs_[first + i].right];
      F numerator = b.y - a.y;
      if (__builtin_expect(a.x == b.x, 0)) {  // doubling: 3x²/2y
        const F xx = a.x.Square();
        numerator = xx.Double() + xx;
      }
      slopes[i] = numerator * quotients_[first + i];
    }
    for (size_t i = 0; i < count; ++i) squares[i] = slopes[i].Square();
    for (size_t i = 0; i < count; ++i) {
      Point& a = points_[pairs_[first + i].left];
      const F x3 = squares[i] - a.x - points_[pairs_[first + i].right].x;
      a.y = slopes[i] * (a.x - x3) - a.y;
      a.x = x3;
    }
  }

  // The denominator of a doubling; zero where the sum needed no division and is done.
  F AddSpecial(Pair pair) {
    Point& a = points_[pair.left];
    const Point& b = points_[pair.right];
    if (b.IsInfinity()) return F::Zero();
    if (a.IsInfinity()) {
      a = b;
      return F::Zero();
    }
    if (a.y == b.y && !a.y.IsZero()) return a.y.Double();
    a = Point::Infinity();
    return F::Zero();
  }

  std::vector<Point> points_;
  std::vector<F> denominators_;
  std::vector<F> quotients_;  // first the products of the denominators before, then 1/denominator
  std::vector<Pair> pairs_;
  std::vector<Segment> segments_;
  std::vector<Segment> active_;
};

}  // namespace prooflode
