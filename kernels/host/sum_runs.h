// Sums of runs of affine points by batch affine additions.
//
// The points of a run are added pairwise, level by level, like a tree; so additions of one level never depend
// on each other, whatever the runs look like: one run of all points is as cheap as many short ones. The first
// level takes points from wherever they lie and leaves its sums in a block that stays in the L2 cache, where
// the others are done. A run that does not fit a block goes on with its partial sum as first point of the
// next.
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

  RunSummer() : points_(kBlock), adder_(kBlock) {
    ref_pairs_.reserve(kBlock);
    pairs_.reserve(kBlock);
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
      ref_pairs_.clear();
      size_t used = 0;
      while (run < run_ends.size() && used < kBlock) {
        const size_t begin = used;
        if (continued) ++used;
        const size_t take = std::min<size_t>(run_ends[run] - position, 2 * (kBlock - used));
        for (size_t i = 0; i + 1 < take; i += 2) {
          ref_pairs_.push_back({refs[position + i], refs[position + i + 1], static_cast<uint32_t>(used++)});
        }
        if (take % 2 != 0) points_[used++] = At(bases, refs[position + take - 1]);
        position += take;
        segments_.push_back({run, begin, used - begin});
        continued = position < run_ends[run];
        if (continued) break;
        ++run;
      }
      adder_.AddRefs(bases, ref_pairs_, points_);
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
  std::vector<RefPair> ref_pairs_;
  std::vector<PointPair> pairs_;
  std::vector<Segment> segments_;
  std::vector<Segment> active_;
};

}  // namespace prooflode
