// Whole blocks of a transform in lanes: unpacked once, all levels done in the L2 cache, packed again.
//
// A register has eight neighbours for the levels whose halves are eight elements and more. For the last three
// levels forward, and the first three on the way back, groups of 64 elements are transposed: then a register
// has the same place of eight neighbouring blocks of eight, each with a twiddle of its own. Between the two
// forms registers are transposed here; from and to memory the transposed form costs nothing more.
#pragma once

#if defined(__x86_64__)

#include <string.h>

#include <vector>

#include "kernels/host/ifma_ntt.h"

namespace prooflode::ifma {

// Blocks of fewer elements are left to scalar code.
constexpr int kLogGroup = 6;
constexpr size_t kGroupRegisters = 8;

// Lanes of one block, a thread's own; what they held is wiped after each use, for it comes of a witness.
class BlockScratch {
 public:
  static Lanes* Of(size_t registers) {
    static thread_local std::vector<Lanes> lanes;
    if (lanes.size() < registers) lanes.resize(registers);
    return lanes.data();
  }
};

// One limb of eight registers: row i lane j becomes row j lane i.
PL_IFMA void TransposeLimb(Lanes* x, int limb) {
  __m512i r[8], s[8];
  PL_UNROLL
  for (int i = 0; i < 8; i += 2) {
    r[i] = _mm512_unpacklo_epi64(x[i].v[limb], x[i + 1].v[limb]);
    r[i + 1] = _mm512_unpackhi_epi64(x[i].v[limb], x[i + 1].v[limb]);
  }
  // Pairs of lanes are single elements from here on.
  PL_UNROLL
  for (int i = 0; i < 2; ++i) {
    s[i] = _mm512_shuffle_i64x2(r[i], r[i + 2], 0x88);
    s[i + 2] = _mm512_shuffle_i64x2(r[i], r[i + 2], 0xdd);
    s[i + 4] = _mm512_shuffle_i64x2(r[i + 4], r[i + 6], 0x88);
    s[i + 6] = _mm512_shuffle_i64x2(r[i + 4], r[i + 6], 0xdd);
  }
  PL_UNROLL
  for (int i = 0; i < 2; ++i) {
    x[i].v[limb] = _mm512_shuffle_i64x2(s[i], s[i + 4], 0x88);
    x[i + 4].v[limb] = _mm512_shuffle_i64x2(s[i], s[i + 4], 0xdd);
    x[i + 2].v[limb] = _mm512_shuffle_i64x2(s[i + 2], s[i + 6], 0x88);
    x[i + 6].v[limb] = _mm512_shuffle_i64x2(s[i + 2], s[i + 6], 0xdd);
  }
}
PL_IFMA void TransposeGroup(Lanes* x) {
  PL_UNROLL
  for (int limb = 0; limb < 5; ++limb) TransposeLimb(x, limb);
}

// twiddles[first + stride·lane], 16 times.
PL_IFMA Lanes TwiddleLanes(const Fr* twiddles, size_t first, size_t stride) {
  const uint64_t* at[kLanes];
  PL_UNROLL
  for (size_t i = 0; i < kLanes; ++i) at[i] = twiddles[first + stride * i].limbs.data();
  return ToLanesTimes16(Gather(at, 0));
}

// Three levels on a transposed group whose lanes are the blocks of eight with the numbers from `block` on.
// Twiddles are not reduced, so that products are below 5p, 6p and 8p; elements below 21p before, 40p after.
PL_IFMA void ForwardGroup(Lanes* x, const Fr* twiddles, size_t block) {
  const Lanes outer = TwiddleLanes(twiddles, block, 1);
  for (int i = 0; i < 4; ++i) Forward<5>(x[i], x[i + 4], outer);
  for (int half = 0; half < 2; ++half) {
    const Lanes t = TwiddleLanes(twiddles, 2 * block + half, 2);
    Forward<6>(x[4 * half], x[4 * half + 2], t);
    Forward<6>(x[4 * half + 1], x[4 * half + 3], t);
  }
  for (int i = 0; i < 4; ++i) {
    Forward<8>(x[2 * i], x[2 * i + 1], TwiddleLanes(twiddles, 4 * block + i, 4));
  }
}
// The way back; elements below p before, normal and below 4p after.
PL_IFMA void InverseGroup(Lanes* x, const Fr* twiddles, size_t block) {
  for (int i = 0; i < 4; ++i) {
    Inverse<1>(x[2 * i], x[2 * i + 1], TwiddleLanes(twiddles, 4 * block + i, 4));
  }
  for (int half = 0; half < 2; ++half) {
    const Lanes t = TwiddleLanes(twiddles, 2 * block + half, 2);
    Inverse<2>(x[4 * half], x[4 * half + 2], t);
    Inverse<2>(x[4 * half + 1], x[4 * half + 3], t);
  }
  const Lanes outer = TwiddleLanes(twiddles, block, 1);
  for (int i = 0; i < 4; ++i) {
    Inverse<4>(x[i], x[i + 4], outer);
    x[i] = FrMod::SubtractIf(Carry(x[i]), 4);
  }
}

// A value below 64p, reduced.
PL_IFMA Lanes ReducedFrom64p(const Lanes& x) {
  return FrMod::Reduced(Below4p(FrMod::SubtractIf(FrMod::SubtractIf(Carry(x), 32), 16)));
}

struct Radix4Factors {
  Lanes outer, inner0, inner1;
};
PL_IFMA Radix4Factors FactorsOf(const Fr& outer, const Fr& inner0, const Fr& inner1) {
  return {FrMod::BroadcastOf(AsFactor(outer)), FrMod::BroadcastOf(AsFactor(inner0)),
          FrMod::BroadcastOf(AsFactor(inner1))};
}

// Contract of both: BatchOps; 2^log_length is 64 at least.
PL_IFMA_TARGET inline void ForwardBlock(Fr* data, int log_length, const Fr* twiddles, size_t block) {
  const size_t registers = size_t{1} << (log_length - 3);
  Lanes* x = BlockScratch::Of(registers);
  for (size_t i = 0; i < registers; ++i) x[i] = LoadFr(data + kLanes * i);
  size_t blocks = 1;
  size_t length = registers;  // of a block, in registers
  if (log_length % 2 == 0) {  // an odd number of levels before the last three
    const Lanes t = FrMod::BroadcastOf(AsFactor(twiddles[block]));
    for (size_t i = 0; i < length / 2; ++i) Forward(x[i], x[i + length / 2], t);
    blocks = 2;
    length /= 2;
  }
  for (; length > 1; length /= 4, blocks *= 4) {
    const size_t quarter = length / 4;
    for (size_t b = 0; b < blocks; ++b) {
      const size_t number = block * blocks + b;
      const Radix4Factors t = FactorsOf(twiddles[number], twiddles[2 * number], twiddles[2 * number + 1]);
      for (size_t i = b * length; i < b * length + quarter; ++i) {
        Row4 row{{x[i], x[i + quarter], x[i + 2 * quarter], x[i + 3 * quarter]}};
        ForwardFour(row, t.outer, t.inner0, t.inner1);
        for (size_t j = 0; j < 4; ++j) x[i + j * quarter] = row.x[j];
      }
    }
  }
  for (size_t g = 0; g < registers; g += kGroupRegisters) {
    TransposeGroup(x + g);
    ForwardGroup(x + g, twiddles, (block << (log_length - 3)) + g);
    for (size_t j = 0; j < kGroupRegisters; ++j) {
      uint64_t* at[kLanes];
      for (size_t i = 0; i < kLanes; ++i) at[i] = data[kLanes * (g + i) + j].limbs.data();
      Scatter(ToWords(ReducedFrom64p(x[g + j])), at, 0, 0xff);
    }
  }
  explicit_bzero(x, registers * sizeof(Lanes));
}

PL_IFMA_TARGET inline void InverseBlock(Fr* data, int log_length, const Fr* twiddles, size_t block) {
  const size_t registers = size_t{1} << (log_length - 3);
  Lanes* x = BlockScratch::Of(registers);
  for (size_t g = 0; g < registers; g += kGroupRegisters) {
    for (size_t j = 0; j < kGroupRegisters; ++j) {
      const uint64_t* at[kLanes];
      for (size_t i = 0; i < kLanes; ++i) at[i] = data[kLanes * (g + i) + j].limbs.data();
      x[g + j] = ToLanes(Gather(at, 0));
    }
    InverseGroup(x + g, twiddles, (block << (log_length - 3)) + g);
    TransposeGroup(x + g);
  }
  size_t length = 4;  // of a block, in registers
  for (; length <= registers; length *= 4) {
    const size_t quarter = length / 4;
    const size_t blocks = registers / length;
    for (size_t b = 0; b < blocks; ++b) {
      const size_t number = block * blocks + b;
      const Radix4Factors t = FactorsOf(twiddles[number], twiddles[2 * number], twiddles[2 * number + 1]);
      for (size_t i = b * length; i < b * length + quarter; ++i) {
        Row4 row{{x[i], x[i + quarter], x[i + 2 * quarter], x[i + 3 * quarter]}};
        InverseFour(row, t.outer, t.inner0, t.inner1);
        for (size_t j = 0; j < 4; ++j) x[i + j * quarter] = row.x[j];
      }
    }
  }
  if (log_length % 2 == 0) {
    const Lanes t = FrMod::BroadcastOf(AsFactor(twiddles[block]));
    const size_t half = registers / 2;
    for (size_t i = 0; i < half; ++i) {
      Inverse<4>(x[i], x[i + half], t);
      x[i] = FrMod::SubtractIf(Carry(x[i]), 4);
    }
  }
  for (size_t i = 0; i < registers; ++i) StoreFr(x[i], data + kLanes * i);
  explicit_bzero(x, registers * sizeof(Lanes));
}

}  // namespace prooflode::ifma

#endif  // __x86_64__
