#include "prover/format/points.h"

#include <algorithm>
#include <atomic>

#include "base/mutex.h"

namespace prooflode {

namespace {

template <typename Point>
std::string_view Defect(const Point& point, InfinityRule infinity) {
  if (!point.x.IsReduced()) return "x is not below the field's prime";
  if (!point.y.IsReduced()) return "y is not below the field's prime";
  if (point.IsInfinity()) return infinity == InfinityRule::kAllowed ? "" : "is infinity";
  if (!IsOnCurve(point)) return "is not on the curve";
  return "";
}

// Bytes that one task reads and checks while they are in cache.
constexpr size_t kChunkBytes = 512 << 10;

}  // namespace

std::string_view PointDefect(const G1Affine& point, InfinityRule infinity) { return Defect(point, infinity); }
std::string_view PointDefect(const G2Affine& point, InfinityRule infinity) { return Defect(point, infinity); }

template <typename Point>
StatusOr<std::vector<Point>> ReadPoints(const BinFile& file, uint32_t id, size_t count, std::string_view why,
                                        InfinityRule infinity, ThreadPool& pool) {
  PL_RETURN_IF_ERROR(file.WantSize(id, uint64_t{count} * sizeof(Point), why));
  std::vector<Point> points;
  PL_RETURN_IF_ERROR(file.Resize(id, count, points));
  constexpr size_t kChunk = kChunkBytes / sizeof(Point);
  Mutex mutex;
  size_t first_bad = count;
  Status status;
  pool.ParallelFor((count + kChunk - 1) / kChunk, [&](size_t chunk) {
    const size_t begin = chunk * kChunk;
    {
      const MutexLock lock(mutex);
      if (first_bad < begin) return;  // only an earlier one could still matter
    }
    const auto part = std::span(points).subspan(begin, std::min(kChunk, count - begin));
    Status local =
        file.Read(id, begin * sizeof(Point), {reinterpret_cast<uint8_t*>(part.data()), part.size_bytes()});
    size_t bad = local.ok() ? count : begin;
    for (size_t i = 0; i < part.size() && bad == count; ++i) {
      const std::string_view defect = PointDefect(part[i], infinity);
      if (defect.empty()) continue;
      bad = begin + i;
      local = file.Error(id, absl::StrCat("point ", bad, " of ", count, " ", Sv(defect)));
    }
    if (bad == count) return;
    const MutexLock lock(mutex);
    if (bad >= first_bad) return;
    first_bad = bad;
    status = std::move(local);
  });
  PL_RETURN_IF_ERROR(status);
  return points;
}

template StatusOr<std::vector<G1Affine>> ReadPoints(const BinFile&, uint32_t, size_t, std::string_view,
                                                    InfinityRule, ThreadPool&);
template StatusOr<std::vector<G2Affine>> ReadPoints(const BinFile&, uint32_t, size_t, std::string_view,
                                                    InfinityRule, ThreadPool&);

namespace {

// The twist's cofactor 2q - r has 10069 as its smallest prime factor. A single combination with large
// coefficients would let a point of order 10069 through once in 10069 times; so there are ten independent
// ones, with coefficients below 2^13 < 10069: two different coefficients never agree modulo any factor, and a
// bad set passes each with probability at most 2^-13.
constexpr int kCoefficientBits = 13;
constexpr size_t kBuckets = size_t{1} << kCoefficientBits;
constexpr size_t kCombinations = 10;
constexpr size_t kBlock = 4096;
// Below this many points, testing each is cheaper than filling buckets.
constexpr size_t kFewPoints = 2048;

// Σ i·buckets[i] by running sums.
G2Affine SumOfBuckets(std::span<const G2Xyzz> buckets) {
  G2Xyzz running;
  G2Xyzz total;
  for (size_t i = buckets.size(); i-- > 1;) {
    running = running + buckets[i];
    total = total + running;
  }
  return total.ToAffine();
}

}  // namespace

bool AllInSubgroup(std::span<const G2Affine> points, Random& random, ThreadPool& pool,
                   const CancelToken* cancel) {
  if (points.size() < kFewPoints) {
    std::atomic<bool> good{true};
    pool.ParallelFor((points.size() + 63) / 64, [&](size_t chunk) {
      if (IsCancelled(cancel)) return;
      for (const G2Affine& point :
           points.subspan(chunk * 64, std::min<size_t>(64, points.size() - chunk * 64))) {
        if (!point.IsInfinity() && !IsInSubgroup(point)) good = false;
      }
    });
    return good;
  }
  std::vector<std::vector<G2Xyzz>> buckets(kCombinations, std::vector<G2Xyzz>(kBuckets));
  std::vector<uint16_t> coefficients(kBlock * kCombinations);
  for (size_t begin = 0; begin < points.size(); begin += kBlock) {
    const auto block = points.subspan(begin, std::min(kBlock, points.size() - begin));
    random.Fill({reinterpret_cast<uint8_t*>(coefficients.data()), coefficients.size() * sizeof(uint16_t)});
    pool.ParallelFor(kCombinations, [&](size_t combination) {
      if (IsCancelled(cancel)) return;
      const uint16_t* const own = coefficients.data() + combination * kBlock;
      for (size_t i = 0; i < block.size(); ++i) {
        G2Xyzz& bucket = buckets[combination][own[i] % kBuckets];
        bucket = bucket + block[i];
      }
    });
  }
  std::atomic<bool> good{true};
  pool.ParallelFor(kCombinations, [&](size_t combination) {
    if (IsCancelled(cancel)) return;
    if (!IsInSubgroup(SumOfBuckets(buckets[combination]))) good = false;
  });
  return good;
}

}  // namespace prooflode
