// Sums of runs of affine points by batch affine additions.
//
// Points are copied into a block that stays in the L2 cache and added pairwise, level by level, like a tree;
// so additions of one level never depend on each other, whatever the runs look like: one run of all points is
// as cheap as many short ones. A run that crosses the end of a block goes on with its partial sum as first
// point of the next.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "kernels/host/batch_ops.h"
#include "kernels/host/scalar_batch_add.h"

namespace prooflode {

// Adder: BatchAdder, or what has its interface.
template <typename Adder>
class RunSummer {
 public:
  using Point = typename Adder::Point;

  RunSummer() : points_(kBlock), adder_(kBlock / 2) {
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
      if (IsCancelled(cancel)) return;
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
  // 256 KiB of points of G1 or G2.
  static constexpr size_t kBlock = (size_t{256} << 10) / sizeof(Point);

  struct Segment {
    size_t run;
    size_t offset;
    size_t length;
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
      adder_.AddPairs(points_, pairs_);
      std::erase_if(active_, [stride](const Segment& segment) { return segment.length <= 2 * stride; });
    }
  }

  std::vector<Point> points_;
  Adder adder_;
  std::vector<PointPair> pairs_;
  std::vector<Segment> segments_;
  std::vector<Segment> active_;
};

}  // namespace prooflode
