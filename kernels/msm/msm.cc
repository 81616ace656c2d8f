// Pippenger's bucket method (Bernstein, Doumen, Lange, Oosterwijk, "Faster batch forgery identification",
// 2012) with signed digits and batch affine bucket sums. Stages: sort scalars out (zeros and infinite bases
// dropped, ±1 set aside); cut the rest into digits, window by window; for every (window, chunk of points)
// sort the points by bucket, sum the buckets, weigh them by running sums; put the windows together. What a
// scalar can be told from (digits, references in the order of digits) is wiped.
#include "kernels/msm/msm.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/secret_array.h"
#include "kernels/host/cpu_path.h"
#include "kernels/msm/digits.h"
#include "kernels/msm/plan.h"

namespace prooflode {

namespace {

constexpr size_t kSlice = 16384;  // points sorted out at a time, and between two looks at the cancel token

// The operations of the table for one group.
template <typename F>
struct GroupOps;
template <>
struct GroupOps<Fq> {
  static auto SumRuns() { return CpuBatchOps().sum_runs_g1; }
  static auto WeighBuckets() { return CpuBatchOps().weigh_buckets_g1; }
};
template <>
struct GroupOps<Fq2> {
  static auto SumRuns() { return CpuBatchOps().sum_runs_g2; }
  static auto WeighBuckets() { return CpuBatchOps().weigh_buckets_g2; }
};

template <typename F>
class MsmRun {
 public:
  using Affine = AffinePoint<F>;
  using Xyzz = XyzzPoint<F>;

  MsmRun(std::span<const Affine> bases, std::span<const Limbs> scalars, ThreadPool& pool,
         const MsmOptions& options)
      : bases_(bases),
        scalars_(scalars),
        pool_(pool),
        cancel_(options.cancel),
        slices_((bases.size() + kSlice - 1) / kSlice) {}

  Xyzz Run() {
    SortOut();
    if (Cancelled()) return {};
    const Xyzz units = SumUnits();
    if (count_ == 0 || Cancelled()) return units;
    CutDigits();
    if (Cancelled()) return {};
    std::vector<Xyzz> partial(plan_.windows * plan_.chunks);
    pool_.ParallelFor(partial.size(), [&](size_t task) {
      const size_t window = task / plan_.chunks;
      partial[task] = SumWindow(window, task % plan_.chunks);
    });
    Xyzz result;
    for (size_t window = plan_.windows; window-- > 0;) {
      for (int i = 0; i < plan_.window_bits; ++i) result = result.Double();
      for (size_t chunk = 0; chunk < plan_.chunks; ++chunk)
        result = result + partial[window * plan_.chunks + chunk];
    }
    return result + units;
  }

 private:
  struct Slice {
    std::vector<PointRef> units;  // bases with scalar 1 or -1
    size_t first = 0;             // where the slice's other scalars begin in refs_ and digits_
    BitLengthCounts counts{};
  };

  bool Cancelled() const { return IsCancelled(cancel_); }

  template <typename Visitor>
  void VisitSlice(size_t slice, Visitor visit) const {
    const size_t end = std::min(bases_.size(), (slice + 1) * kSlice);
    for (size_t i = slice * kSlice; i < end; ++i) {
      const Limbs& scalar = scalars_[i];
      if ((scalar[0] | scalar[1] | scalar[2] | scalar[3]) == 0 || bases_[i].IsInfinity()) continue;
      const SignedScalar s = Shorten(scalar);
      visit(static_cast<PointRef>(2 * i + (s.negative ? 1 : 0)), s.magnitude);
    }
  }

  static bool IsOne(const Limbs& value) { return value[0] == 1 && (value[1] | value[2] | value[3]) == 0; }

  void SortOut() {
    pool_.ParallelFor(slices_.size(), [&](size_t s) {
      if (Cancelled()) return;
      Slice& slice = slices_[s];
      VisitSlice(s, [&](PointRef ref, const Limbs& magnitude) {
        if (IsOne(magnitude)) {
          slice.units.push_back(ref);
        } else {
          ++slice.counts[BitLength(magnitude)];
        }
      });
    });
    BitLengthCounts counts{};
    for (Slice& slice : slices_) {
      slice.first = count_;
      for (size_t bits = 0; bits < counts.size(); ++bits) {
        counts[bits] += slice.counts[bits];
        count_ += slice.counts[bits];
      }
    }
    if (count_ > 0) plan_ = PlanMsm(counts, pool_.threads());
  }

  Xyzz SumUnits() {
    std::vector<PointRef> units;
    for (Slice& slice : slices_) {
      units.insert(units.end(), slice.units.begin(), slice.units.end());
      slice.units = {};
    }
    const size_t parts = (units.size() + kSlice - 1) / kSlice;
    std::vector<Affine> sums(parts);
    pool_.ParallelFor(parts, [&](size_t part) {
      const auto refs =
          std::span(units).subspan(part * kSlice, std::min(kSlice, units.size() - part * kSlice));
      const uint32_t end = static_cast<uint32_t>(refs.size());
      GroupOps<F>::SumRuns()(bases_.data(), refs, {&end, 1}, &sums[part], cancel_);
    });
    Xyzz total;
    for (const Affine& sum : sums) total = total + sum;
    return total;
  }

  void CutDigits() {
    refs_ = MakeSecretArray<PointRef>(count_);
    digits_ = MakeSecretArray<int16_t>(count_ * plan_.windows);
    pool_.ParallelFor(slices_.size(), [&](size_t s) {
      if (Cancelled()) return;
      size_t position = slices_[s].first;
      VisitSlice(s, [&](PointRef ref, const Limbs& magnitude) {
        if (IsOne(magnitude)) return;
        refs_[position] = ref;
        DigitReader reader(magnitude, plan_.window_bits);
        // Kept negated: the range (-2^15, 2^15] of the widest digit turns into that of int16_t.
        for (int w = 0; w < plan_.windows; ++w)
          digits_[w * count_ + position] = static_cast<int16_t>(-reader.Next());
        ++position;
      });
    });
  }

  // Σ digit·point over one chunk of the points for one window.
  Xyzz SumWindow(size_t window, size_t chunk) const {
    if (Cancelled()) return {};
    const size_t begin = count_ * chunk / plan_.chunks;
    const size_t end = count_ * (chunk + 1) / plan_.chunks;
    const int16_t* digits = digits_.get() + window * count_;
    const size_t buckets = size_t{1} << (plan_.window_bits - 1);
    // ends[b] of bucket b + 1: first counts, then where the next point goes, at last where the bucket ends.
    std::vector<uint32_t> ends(buckets + 1, 0);
    for (size_t i = begin; i < end; ++i) {
      if (i % kSlice == 0 && Cancelled()) return {};
      ++ends[std::abs(digits[i])];
    }
    uint32_t used = 0;
    for (size_t b = 1; b <= buckets; ++b) ends[b] = std::exchange(used, used + ends[b]);
    if (used == 0) return {};
    const auto sorted = MakeSecretArray<PointRef>(used);
    for (size_t i = begin; i < end; ++i) {
      if (i % kSlice == 0 && Cancelled()) return {};
      const int negated = digits[i];
      if (negated != 0) sorted[ends[std::abs(negated)]++] = refs_[i] ^ (negated > 0 ? 1u : 0u);
    }
    std::vector<Affine> sums(buckets);
    GroupOps<F>::SumRuns()(bases_.data(), {sorted.get(), used}, std::span(ends).subspan(1), sums.data(),
                           cancel_);
    return GroupOps<F>::WeighBuckets()(sums, cancel_);
  }

  const std::span<const Affine> bases_;
  const std::span<const Limbs> scalars_;
  ThreadPool& pool_;
  const CancelToken* const cancel_;
  std::vector<Slice> slices_;
  MsmPlan plan_;
  size_t count_ = 0;             // scalars that are neither 0 nor ±1, on finite bases
  SecretArray<PointRef> refs_;   // their bases, with the sign of the scalar
  SecretArray<int16_t> digits_;  // [window][point], negated
};

template <typename F>
XyzzPoint<F> Msm(std::span<const AffinePoint<F>> bases, std::span<const Limbs> scalars, ThreadPool& pool,
                 const MsmOptions& options) {
  PL_CHECK(bases.size() == scalars.size());
  PL_CHECK(bases.size() < size_t{1} << 31);
  return MsmRun<F>(bases, scalars, pool, options).Run();
}

}  // namespace

G1Xyzz MsmG1(std::span<const G1Affine> bases, std::span<const Limbs> scalars, ThreadPool& pool,
             const MsmOptions& options) {
  return Msm<Fq>(bases, scalars, pool, options);
}

G2Xyzz MsmG2(std::span<const G2Affine> bases, std::span<const Limbs> scalars, ThreadPool& pool,
             const MsmOptions& options) {
  return Msm<Fq2>(bases, scalars, pool, options);
}

}  // namespace prooflode
