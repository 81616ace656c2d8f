#include "kernels/host/ifma_batch_ops.h"

#include "kernels/host/sum_runs.h"
#include "kernels/host/weigh_buckets.h"

#if defined(__x86_64__)
#include "kernels/host/ifma_batch_add.h"
#include "kernels/host/ifma_blocks.h"
#endif

namespace prooflode {

#if defined(__x86_64__)

namespace {

using ifma::IfmaBatchAdder;
using ifma::kLanes;
using ifma::Lanes;

template <typename F>
void SumRuns(const AffinePoint<F>* bases, std::span<const PointRef> refs, std::span<const uint32_t> run_ends,
             AffinePoint<F>* sums, const CancelToken* cancel) {
  RunSummer<IfmaBatchAdder<F>> summer;
  summer.Sum(bases, refs, run_ends, sums, cancel);
}

PL_IFMA_TARGET void Multiply(Fr* out, const Fr* a, const Fr* b, size_t count) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const Lanes factors = ifma::ToLanesTimes16(ifma::LoadWords(b + i));
    ifma::StoreFr(ifma::FrMod::Mul(ifma::LoadFr(a + i), factors), out + i);
  }
  for (; i < count; ++i) out[i] = a[i] * b[i];
}

PL_IFMA_TARGET void MultiplyBy(Fr* out, const Fr* a, const Fr& factor, size_t count) {
  const Fr local = factor;
  const Lanes factors = ifma::FrMod::BroadcastOf(ifma::AsFactor(local));
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    ifma::StoreFr(ifma::FrMod::Mul(ifma::LoadFr(a + i), factors), out + i);
  }
  for (; i < count; ++i) out[i] = a[i] * local;
}

PL_IFMA_TARGET void ForwardRadix4(const Radix4Rows& r) {
  if (r.length % kLanes != 0) return ScalarBatchOps().forward_radix4(r);
  const ifma::Radix4Factors t = ifma::FactorsOf(r.outer, r.inner[0], r.inner[1]);
  for (size_t i = 0; i < r.length; i += kLanes) {
    ifma::Row4 row;
    for (size_t j = 0; j < 4; ++j) row.x[j] = ifma::LoadFr(r.rows[j] + i);
    ifma::ForwardFour(row, t.outer, t.inner0, t.inner1);  // below 5p
    for (size_t j = 0; j < 4; ++j) {
      ifma::StoreFr(ifma::FrMod::SubtractIf(ifma::Carry(row.x[j]), 4), r.rows[j] + i);
    }
  }
}

PL_IFMA_TARGET void InverseRadix4(const Radix4Rows& r) {
  if (r.length % kLanes != 0) return ScalarBatchOps().inverse_radix4(r);
  const ifma::Radix4Factors t = ifma::FactorsOf(r.outer, r.inner[0], r.inner[1]);
  for (size_t i = 0; i < r.length; i += kLanes) {
    ifma::Row4 row;
    for (size_t j = 0; j < 4; ++j) row.x[j] = ifma::LoadFr(r.rows[j] + i);
    ifma::InverseFour(row, t.outer, t.inner0, t.inner1);
    for (size_t j = 0; j < 4; ++j) ifma::StoreFr(row.x[j], r.rows[j] + i);
  }
}

void ForwardBlock(Fr* data, int log_length, const Fr* twiddles, size_t block) {
  PL_CHECK(log_length <= kLogBlockMax);  // the bounds of what is not reduced
  if (log_length < ifma::kLogGroup) {
    return ScalarBatchOps().forward_block(data, log_length, twiddles, block);
  }
  ifma::ForwardBlock(data, log_length, twiddles, block);
}

void InverseBlock(Fr* data, int log_length, const Fr* twiddles, size_t block) {
  if (log_length < ifma::kLogGroup) {
    return ScalarBatchOps().inverse_block(data, log_length, twiddles, block);
  }
  ifma::InverseBlock(data, log_length, twiddles, block);
}

constexpr BatchOps kIfmaOps = {
    .sum_runs_g1 = SumRuns<Fq>,
    .sum_runs_g2 = SumRuns<Fq2>,
    .weigh_buckets_g1 = WeighBuckets<Fq, IfmaBatchAdder<Fq>>,
    .weigh_buckets_g2 = WeighBuckets<Fq2, IfmaBatchAdder<Fq2>>,
    .multiply = Multiply,
    .multiply_by = MultiplyBy,
    .forward_radix4 = ForwardRadix4,
    .inverse_radix4 = InverseRadix4,
    .forward_block = ForwardBlock,
    .inverse_block = InverseBlock,
};

}  // namespace

const BatchOps& IfmaBatchOps() { return kIfmaOps; }

#else

const BatchOps& IfmaBatchOps() { return ScalarBatchOps(); }

#endif

}  // namespace prooflode
