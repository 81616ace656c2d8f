#include "kernels/host/batch_ops.h"
#include "kernels/host/sum_runs.h"
#include "kernels/host/weigh_buckets.h"

namespace prooflode {

namespace {

template <typename F>
void SumRuns(const AffinePoint<F>* bases, std::span<const PointRef> refs, std::span<const uint32_t> run_ends,
             AffinePoint<F>* sums, const CancelToken* cancel) {
  RunSummer<BatchAdder<F>> summer;
  summer.Sum(bases, refs, run_ends, sums, cancel);
}

void Multiply(Fr* out, const Fr* a, const Fr* b, size_t count) {
  for (size_t i = 0; i < count; ++i) out[i] = a[i] * b[i];
}

void MultiplyBy(Fr* out, const Fr* a, const Fr& factor, size_t count) {
  const Fr local = factor;
  for (size_t i = 0; i < count; ++i) out[i] = a[i] * local;
}

// kFirst: block 0, whose outer and first inner twiddles are one.
template <bool kFirst>
void ForwardRadix4(Fr* x0, Fr* x1, Fr* x2, Fr* x3, size_t length, const Fr& outer, const Fr& inner0,
                   const Fr& inner1) {
  for (size_t i = 0; i < length; ++i) {
    const Fr v2 = kFirst ? x2[i] : x2[i] * outer;
    const Fr v3 = kFirst ? x3[i] : x3[i] * outer;
    const Fr a0 = x0[i] + v2;
    const Fr a2 = x0[i] - v2;
    const Fr a1 = kFirst ? x1[i] + v3 : (x1[i] + v3) * inner0;
    const Fr a3 = (x1[i] - v3) * inner1;
    x0[i] = a0 + a1;
    x1[i] = a0 - a1;
    x2[i] = a2 + a3;
    x3[i] = a2 - a3;
  }
}

template <bool kFirst>
void InverseRadix4(Fr* x0, Fr* x1, Fr* x2, Fr* x3, size_t length, const Fr& outer, const Fr& inner0,
                   const Fr& inner1) {
  for (size_t i = 0; i < length; ++i) {
    const Fr a0 = x0[i] + x1[i];
    const Fr a1 = kFirst ? x0[i] - x1[i] : (x0[i] - x1[i]) * inner0;
    const Fr a2 = x2[i] + x3[i];
    const Fr a3 = (x2[i] - x3[i]) * inner1;
    x0[i] = a0 + a2;
    x1[i] = a1 + a3;
    x2[i] = kFirst ? a0 - a2 : (a0 - a2) * outer;
    x3[i] = kFirst ? a1 - a3 : (a1 - a3) * outer;
  }
}

void ForwardRadix4Rows(const Radix4Rows& r) {
  const bool first = r.outer == Fr::One() && r.inner[0] == Fr::One();
  const auto level = first ? ForwardRadix4<true> : ForwardRadix4<false>;
  level(r.rows[0], r.rows[1], r.rows[2], r.rows[3], r.length, r.outer, r.inner[0], r.inner[1]);
}

void InverseRadix4Rows(const Radix4Rows& r) {
  const bool first = r.outer == Fr::One() && r.inner[0] == Fr::One();
  const auto level = first ? InverseRadix4<true> : InverseRadix4<false>;
  level(r.rows[0], r.rows[1], r.rows[2], r.rows[3], r.length, r.outer, r.inner[0], r.inner[1]);
}

void ForwardRadix2(Fr* data, size_t half, const Fr& twiddle) {
  for (size_t i = 0; i < half; ++i) {
    const Fr v = data[half + i] * twiddle;
    data[half + i] = data[i] - v;
    data[i] += v;
  }
}

void InverseRadix2(Fr* data, size_t half, const Fr& twiddle) {
  for (size_t i = 0; i < half; ++i) {
    const Fr difference = data[i] - data[half + i];
    data[i] += data[half + i];
    data[half + i] = difference * twiddle;
  }
}

template <bool kForward>
void Radix4Block(Fr* data, size_t quarter, const Fr* twiddles, size_t block) {
  Radix4Rows rows{{data, data + quarter, data + 2 * quarter, data + 3 * quarter},
                  quarter,
                  twiddles[block],
                  {twiddles[2 * block], twiddles[2 * block + 1]}};
  if (kForward) {
    ForwardRadix4Rows(rows);
  } else {
    InverseRadix4Rows(rows);
  }
}

void ForwardBlock(Fr* data, int log_length, const Fr* twiddles, size_t block) {
  const size_t length = size_t{1} << log_length;
  size_t blocks = 1;
  int log_block = log_length;
  if (log_block % 2 != 0) {
    ForwardRadix2(data, length / 2, twiddles[block]);
    blocks = 2;
    --log_block;
  }
  for (; log_block >= 2; log_block -= 2, blocks *= 4) {
    const size_t quarter = size_t{1} << (log_block - 2);
    for (size_t b = 0; b < blocks; ++b)
      Radix4Block<true>(data + b * 4 * quarter, quarter, twiddles, block * blocks + b);
  }
}

void InverseBlock(Fr* data, int log_length, const Fr* twiddles, size_t block) {
  const size_t length = size_t{1} << log_length;
  for (int log_block = 2; log_block <= log_length; log_block += 2) {
    const size_t quarter = size_t{1} << (log_block - 2);
    const size_t blocks = length / (4 * quarter);
    for (size_t b = 0; b < blocks; ++b) {
      Radix4Block<false>(data + b * 4 * quarter, quarter, twiddles, block * blocks + b);
    }
  }
  if (log_length % 2 != 0) InverseRadix2(data, length / 2, twiddles[block]);
}

constexpr BatchOps kScalarOps = {
    .sum_runs_g1 = SumRuns<Fq>,
    .sum_runs_g2 = SumRuns<Fq2>,
    .weigh_buckets_g1 = WeighBuckets<Fq, BatchAdder<Fq>>,
    .weigh_buckets_g2 = WeighBuckets<Fq2, BatchAdder<Fq2>>,
    .multiply = Multiply,
    .multiply_by = MultiplyBy,
    .forward_radix4 = ForwardRadix4Rows,
    .inverse_radix4 = InverseRadix4Rows,
    .forward_block = ForwardBlock,
    .inverse_block = InverseBlock,
};

}  // namespace

const BatchOps& ScalarBatchOps() { return kScalarOps; }

}  // namespace prooflode
