// Eight elements of a prime field at a time in AVX-512 IFMA registers: five limbs of 52 bits a lane.
//
// The product is a·b/2^260 mod p, Montgomery's reduction limb by limb (Gueron and Krasnov, "Accelerating Big
// Integer Arithmetic Using Intel IFMA Extensions", 2016). Elements in memory are x·2^256 mod p, as Fp has
// them, and stay so: with them a product here is short of a factor 16 (2^260/2^256), which its callers make
// good where they have a constant to put it into.
//
// Ranges: a value is *normal* when every limb is below 2^52, as products want their operands and give their
// results; sums and differences are limb by limb, so that limbs may be larger or negative until Carry(). A
// product of a, b with a·b < 84·p² is below 2p.
//
// Every function carries the target it needs, so that none of these instructions gets into code that other
// processors run. Call them where HostCpuFeatures().avx512_ifma alone.
#pragma once

#if defined(__x86_64__)

#include <immintrin.h>

#include <array>
#include <cstdint>

#include "kernels/field/fp.h"

// Loops over limbs must be straight code, so that limbs stay in registers; clang makes them so by itself.
#if defined(__clang__)
#define PL_UNROLL
#else
#define PL_UNROLL _Pragma("GCC unroll 8")
#endif
#define PL_IFMA_TARGET __attribute__((target("avx512f,avx512dq,avx512vl,avx512ifma")))
// With what sanitizers put into it, all in one piece would take minutes to compile.
#ifdef PROOFLODE_SANITIZED
#define PL_IFMA_INLINE
#else
#define PL_IFMA_INLINE __attribute__((always_inline))
#endif
#define PL_IFMA PL_IFMA_TARGET PL_IFMA_INLINE static inline
#define PL_IFMA_MEMBER PL_IFMA_TARGET PL_IFMA_INLINE inline

namespace prooflode::ifma {

constexpr int kLanes = 8;
constexpr uint64_t kLimbMask = (uint64_t{1} << 52) - 1;

// Words or limbs of eight elements, one register a word.
struct alignas(64) Words {
  __m512i w[4];
};
struct alignas(64) Lanes {
  __m512i v[5];
};

constexpr std::array<uint64_t, 5> To52(const Limbs& a) {
  return {a[0] & kLimbMask, (a[0] >> 52 | a[1] << 12) & kLimbMask, (a[1] >> 40 | a[2] << 24) & kLimbMask,
          (a[2] >> 28 | a[3] << 36) & kLimbMask, a[3] >> 16};
}

PL_IFMA __m512i Broadcast(uint64_t value) { return _mm512_set1_epi64(static_cast<int64_t>(value)); }
PL_IFMA __m512i Lo(__m512i sum, __m512i a, __m512i b) { return _mm512_madd52lo_epu64(sum, a, b); }
PL_IFMA __m512i Hi(__m512i sum, __m512i a, __m512i b) { return _mm512_madd52hi_epu64(sum, a, b); }

// --- Memory ---

// From two elements a register to one word a register, and back.
PL_IFMA Words Transposed(__m512i e01, __m512i e23, __m512i e45, __m512i e67) {
  const __m512i low = _mm512_setr_epi64(0, 4, 8, 12, 1, 5, 9, 13);
  const __m512i high = _mm512_setr_epi64(2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i a = _mm512_permutex2var_epi64(e01, low, e23);
  const __m512i b = _mm512_permutex2var_epi64(e01, high, e23);
  const __m512i c = _mm512_permutex2var_epi64(e45, low, e67);
  const __m512i d = _mm512_permutex2var_epi64(e45, high, e67);
  return {{_mm512_shuffle_i64x2(a, c, 0x44), _mm512_shuffle_i64x2(a, c, 0xee),
           _mm512_shuffle_i64x2(b, d, 0x44), _mm512_shuffle_i64x2(b, d, 0xee)}};
}
struct Elements {
  __m512i e[4];  // two in each
};
PL_IFMA Elements Transposed(const Words& x) {
  const __m512i low = _mm512_setr_epi64(0, 4, 8, 12, 1, 5, 9, 13);
  const __m512i high = _mm512_setr_epi64(2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i a = _mm512_shuffle_i64x2(x.w[0], x.w[1], 0x44);
  const __m512i b = _mm512_shuffle_i64x2(x.w[2], x.w[3], 0x44);
  const __m512i c = _mm512_shuffle_i64x2(x.w[0], x.w[1], 0xee);
  const __m512i d = _mm512_shuffle_i64x2(x.w[2], x.w[3], 0xee);
  return {{_mm512_permutex2var_epi64(a, low, b), _mm512_permutex2var_epi64(a, high, b),
           _mm512_permutex2var_epi64(c, low, d), _mm512_permutex2var_epi64(c, high, d)}};
}

// Eight elements of 32 bytes that stand anywhere, or one after the other.
PL_IFMA __m512i LoadTwo(const void* first, const void* second) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256(static_cast<const __m256i*>(first))),
                            _mm256_loadu_si256(static_cast<const __m256i*>(second)), 1);
}
PL_IFMA Words Gather(const uint64_t* const (&at)[kLanes], size_t word) {
  return Transposed(LoadTwo(at[0] + word, at[1] + word), LoadTwo(at[2] + word, at[3] + word),
                    LoadTwo(at[4] + word, at[5] + word), LoadTwo(at[6] + word, at[7] + word));
}
PL_IFMA Words LoadWords(const void* eight) {
  const auto* from = static_cast<const __m512i*>(eight);
  return Transposed(_mm512_loadu_si512(from), _mm512_loadu_si512(from + 1), _mm512_loadu_si512(from + 2),
                    _mm512_loadu_si512(from + 3));
}
// Only the lanes of `mask` are written.
PL_IFMA void Scatter(const Words& x, uint64_t* const (&at)[kLanes], size_t word, __mmask8 mask) {
  const Elements elements = Transposed(x);
  PL_UNROLL
  for (int i = 0; i < 4; ++i) {
    if ((mask >> (2 * i)) & 1) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(at[2 * i] + word),
                          _mm512_castsi512_si256(elements.e[i]));
    }
    if ((mask >> (2 * i + 1)) & 1) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(at[2 * i + 1] + word),
                          _mm512_extracti64x4_epi64(elements.e[i], 1));
    }
  }
}
PL_IFMA void StoreWords(const Words& x, void* eight) {
  const Elements elements = Transposed(x);
  auto* to = static_cast<__m512i*>(eight);
  PL_UNROLL
  for (int i = 0; i < 4; ++i) _mm512_storeu_si512(to + i, elements.e[i]);
}

PL_IFMA __m512i OrAnd(__m512i a, __m512i b, __m512i mask) {  // (a | b) & mask
  return _mm512_ternarylogic_epi64(a, b, mask, 0xa8);
}

// The same integers in limbs; normal.
PL_IFMA Lanes ToLanes(const Words& x) {
  const __m512i mask = Broadcast(kLimbMask);
  return {{_mm512_and_si512(x.w[0], mask),
           OrAnd(_mm512_srli_epi64(x.w[0], 52), _mm512_slli_epi64(x.w[1], 12), mask),
           OrAnd(_mm512_srli_epi64(x.w[1], 40), _mm512_slli_epi64(x.w[2], 24), mask),
           OrAnd(_mm512_srli_epi64(x.w[2], 28), _mm512_slli_epi64(x.w[3], 36), mask),
           _mm512_srli_epi64(x.w[3], 16)}};
}
// 16 times the integers, which must be below 2^256; normal.
PL_IFMA Lanes ToLanesTimes16(const Words& x) {
  const __m512i mask = Broadcast(kLimbMask);
  return {{_mm512_and_si512(_mm512_slli_epi64(x.w[0], 4), mask),
           OrAnd(_mm512_srli_epi64(x.w[0], 48), _mm512_slli_epi64(x.w[1], 16), mask),
           OrAnd(_mm512_srli_epi64(x.w[1], 36), _mm512_slli_epi64(x.w[2], 28), mask),
           OrAnd(_mm512_srli_epi64(x.w[2], 24), _mm512_slli_epi64(x.w[3], 40), mask),
           _mm512_srli_epi64(x.w[3], 12)}};
}
// Normal integers below 2^256.
PL_IFMA Words ToWords(const Lanes& x) {
  return {{_mm512_or_si512(x.v[0], _mm512_slli_epi64(x.v[1], 52)),
           _mm512_or_si512(_mm512_srli_epi64(x.v[1], 12), _mm512_slli_epi64(x.v[2], 40)),
           _mm512_or_si512(_mm512_srli_epi64(x.v[2], 24), _mm512_slli_epi64(x.v[3], 28)),
           _mm512_or_si512(_mm512_srli_epi64(x.v[3], 36), _mm512_slli_epi64(x.v[4], 16))}};
}

// --- Arithmetic that knows no modulus ---

PL_IFMA Lanes operator+(const Lanes& a, const Lanes& b) {
  Lanes r;
  PL_UNROLL
  for (int i = 0; i < 5; ++i) r.v[i] = _mm512_add_epi64(a.v[i], b.v[i]);
  return r;
}
PL_IFMA Lanes operator-(const Lanes& a, const Lanes& b) {
  Lanes r;
  PL_UNROLL
  for (int i = 0; i < 5; ++i) r.v[i] = _mm512_sub_epi64(a.v[i], b.v[i]);
  return r;
}
// 2^bits·a for small shifts of limbs.
PL_IFMA Lanes ShiftedLeft(const Lanes& a, unsigned bits) {
  Lanes r;
  PL_UNROLL
  for (int i = 0; i < 5; ++i) r.v[i] = _mm512_slli_epi64(a.v[i], bits);
  return r;
}
// The same values, normal but for the highest limb, which has the sign.
PL_IFMA Lanes Carry(const Lanes& a) {
  const __m512i mask = Broadcast(kLimbMask);
  Lanes r;
  __m512i carry = _mm512_srai_epi64(a.v[0], 52);
  r.v[0] = _mm512_and_si512(a.v[0], mask);
  PL_UNROLL
  for (int i = 1; i < 4; ++i) {
    const __m512i limb = _mm512_add_epi64(a.v[i], carry);
    carry = _mm512_srai_epi64(limb, 52);
    r.v[i] = _mm512_and_si512(limb, mask);
  }
  r.v[4] = _mm512_add_epi64(a.v[4], carry);
  return r;
}
// b in the lanes of `mask`, a in the others.
PL_IFMA Lanes Blend(__mmask8 mask, const Lanes& a, const Lanes& b) {
  Lanes r;
  PL_UNROLL
  for (int i = 0; i < 5; ++i) r.v[i] = _mm512_mask_mov_epi64(a.v[i], mask, b.v[i]);
  return r;
}

// --- Modulo p ---

template <typename F>  // an Fp
struct Mod {
  static constexpr std::array<uint64_t, 5> kP = To52(F::kModulus);
  static constexpr uint64_t kN0 = F::kNegatedInverse & kLimbMask;

  PL_IFMA Lanes BroadcastOf(const F& x) {
    const std::array<uint64_t, 5> limbs = To52(x.limbs);
    return {{Broadcast(limbs[0]), Broadcast(limbs[1]), Broadcast(limbs[2]), Broadcast(limbs[3]),
             Broadcast(limbs[4])}};
  }
  // multiple·p, limb by limb.
  PL_IFMA Lanes Times(uint64_t multiple) {
    return {{Broadcast(multiple * kP[0]), Broadcast(multiple * kP[1]), Broadcast(multiple * kP[2]),
             Broadcast(multiple * kP[3]), Broadcast(multiple * kP[4])}};
  }

  // a·b/2^260: below (a·b/2^260) + p, normal; a and b normal.
  PL_IFMA Lanes Mul(const Lanes& a, const Lanes& b) {
    Lanes t{};
    PL_UNROLL
    for (int i = 0; i < 5; ++i) t.v[i] = _mm512_setzero_si512();
    Row(t, a.v[0], b);
    Row(t, a.v[1], b);
    Row(t, a.v[2], b);
    Row(t, a.v[3], b);
    Row(t, a.v[4], b);
    return Carry(t);
  }
  // (a·b + c·d)/2^260 with one reduction.
  PL_IFMA Lanes SumOfProducts(const Lanes& a, const Lanes& b, const Lanes& c, const Lanes& d) {
    Lanes t{};
    PL_UNROLL
    for (int i = 0; i < 5; ++i) t.v[i] = _mm512_setzero_si512();
    Row2(t, a.v[0], b, c.v[0], d);
    Row2(t, a.v[1], b, c.v[1], d);
    Row2(t, a.v[2], b, c.v[2], d);
    Row2(t, a.v[3], b, c.v[3], d);
    Row2(t, a.v[4], b, c.v[4], d);
    return Carry(t);
  }
  // a - multiple·p where that is not negative, else a; a normal, and so is the result.
  PL_IFMA Lanes SubtractIf(const Lanes& a, uint64_t multiple) {
    const Lanes less = Carry(a - Times(multiple));
    return Blend(_mm512_movepi64_mask(less.v[4]), less, a);
  }
  // The value in [0, p) of a normal one below 4p.
  PL_IFMA Lanes Reduced(const Lanes& below_4p) { return SubtractIf(SubtractIf(below_4p, 2), 1); }

 private:
  // t = (t + a·b + m·p)/2^52 with the m that makes this exact, a one limb.
  PL_IFMA void Row(Lanes& t, __m512i a, const Lanes& b) {
    const __m512i t0 = Lo(t.v[0], a, b.v[0]);
    const __m512i m = Lo(_mm512_setzero_si512(), t0, Broadcast(kN0));
    const __m512i t1 = Hi(Lo(t.v[1], a, b.v[1]), a, b.v[0]);
    const __m512i t2 = Hi(Lo(t.v[2], a, b.v[2]), a, b.v[1]);
    const __m512i t3 = Hi(Lo(t.v[3], a, b.v[3]), a, b.v[2]);
    const __m512i t4 = Hi(Lo(t.v[4], a, b.v[4]), a, b.v[3]);
    const __m512i t5 = Hi(_mm512_setzero_si512(), a, b.v[4]);
    Reduce(t, t0, t1, t2, t3, t4, t5, m);
  }
  PL_IFMA void Row2(Lanes& t, __m512i a, const Lanes& b, __m512i c, const Lanes& d) {
    const __m512i t0 = Lo(Lo(t.v[0], a, b.v[0]), c, d.v[0]);
    const __m512i m = Lo(_mm512_setzero_si512(), t0, Broadcast(kN0));
    const __m512i t1 = Hi(Hi(Lo(Lo(t.v[1], a, b.v[1]), c, d.v[1]), a, b.v[0]), c, d.v[0]);
    const __m512i t2 = Hi(Hi(Lo(Lo(t.v[2], a, b.v[2]), c, d.v[2]), a, b.v[1]), c, d.v[1]);
    const __m512i t3 = Hi(Hi(Lo(Lo(t.v[3], a, b.v[3]), c, d.v[3]), a, b.v[2]), c, d.v[2]);
    const __m512i t4 = Hi(Hi(Lo(Lo(t.v[4], a, b.v[4]), c, d.v[4]), a, b.v[3]), c, d.v[3]);
    const __m512i t5 = Hi(Hi(_mm512_setzero_si512(), a, b.v[4]), c, d.v[4]);
    Reduce(t, t0, t1, t2, t3, t4, t5, m);
  }
  PL_IFMA void Reduce(Lanes& t, __m512i t0, __m512i t1, __m512i t2, __m512i t3, __m512i t4, __m512i t5,
                      __m512i m) {
    const __m512i carry = _mm512_srli_epi64(Lo(t0, m, Broadcast(kP[0])), 52);
    t1 = Hi(Lo(t1, m, Broadcast(kP[1])), m, Broadcast(kP[0]));
    t.v[0] = _mm512_add_epi64(t1, carry);
    t.v[1] = Hi(Lo(t2, m, Broadcast(kP[2])), m, Broadcast(kP[1]));
    t.v[2] = Hi(Lo(t3, m, Broadcast(kP[3])), m, Broadcast(kP[2]));
    t.v[3] = Hi(Lo(t4, m, Broadcast(kP[4])), m, Broadcast(kP[3]));
    t.v[4] = Hi(t5, m, Broadcast(kP[4]));
  }
};

}  // namespace prooflode::ifma

#endif  // __x86_64__
