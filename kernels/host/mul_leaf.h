// The one operation everything rests on: 256-bit Montgomery multiplication, r = a·b/2^256 mod p.
//
// Contract of every leaf: a, b < p < 2^254, p odd, n0 = -1/p mod 2^64; r < p; r may alias a or b.
// MontgomeryMul runs the leaf of the CPU path in force (kernels/host/cpu_path.h): mulx/adcx/adox on x86-64
// with BMI2 and ADX, portable C++ elsewhere and in builds with PROOFLODE_NO_ASM. All leaves give the same
// limbs.
#pragma once

#include <array>
#include <cstdint>

#if defined(__x86_64__) && !defined(PROOFLODE_NO_ASM)
#define PL_HAVE_X64_ASM 1
#include "kernels/host/mul_leaf_x64.h"
#else
#define PL_HAVE_X64_ASM 0
#endif

namespace prooflode {

namespace host_internal {

using uint128 = unsigned __int128;

// (t, *above) += x·y for one limb x; *above takes what does not fit t.
constexpr void AddProductRow(uint64_t (&t)[4], uint64_t& above, uint64_t x, const uint64_t* y) {
  uint64_t carry = 0;
  for (int j = 0; j < 4; ++j) {
    const uint128 sum = uint128{x} * y[j] + t[j] + carry;
    t[j] = static_cast<uint64_t>(sum);
    carry = static_cast<uint64_t>(sum >> 64);
  }
  above += carry;
}

// (t, above) = ((t, above) + m·p)/2^64 with the m that makes this exact.
constexpr void ReduceRow(uint64_t (&t)[4], uint64_t above, const uint64_t* p, uint64_t n0) {
  const uint64_t m = t[0] * n0;
  uint64_t carry = static_cast<uint64_t>((uint128{m} * p[0] + t[0]) >> 64);
  for (int j = 1; j < 4; ++j) {
    const uint128 sum = uint128{m} * p[j] + t[j] + carry;
    t[j - 1] = static_cast<uint64_t>(sum);
    carry = static_cast<uint64_t>(sum >> 64);
  }
  t[3] = above + carry;
}

// r = t - p unless that borrows.
constexpr void SubtractOnce(uint64_t* r, const uint64_t (&t)[4], const uint64_t* p) {
  uint64_t s[4] = {0, 0, 0, 0};
  uint64_t borrow = 0;
  for (int i = 0; i < 4; ++i) {
    const uint128 difference = uint128{t[i]} - p[i] - borrow;
    s[i] = static_cast<uint64_t>(difference);
    borrow = static_cast<uint64_t>(difference >> 64) & 1;
  }
  for (int i = 0; i < 4; ++i) r[i] = borrow ? t[i] : s[i];
}

}  // namespace host_internal

// CIOS with the no-carry shortcut that two spare bits allow (Koç, Acar, Kaliski 1996; gnark-crypto's remark).
constexpr void MontgomeryMulPortable(uint64_t* r, const uint64_t* a, const uint64_t* b, const uint64_t* p,
                                     uint64_t n0) {
  uint64_t t[4] = {0, 0, 0, 0};
  for (int i = 0; i < 4; ++i) {
    uint64_t above = 0;
    host_internal::AddProductRow(t, above, a[i], b);
    host_internal::ReduceRow(t, above, p, n0);
  }
  host_internal::SubtractOnce(r, t, p);
}

// (a·b + c·d)/2^256 mod p: rows of both products before each reduction (Longa, eprint 2022/367). A row stays
// below 3p·2^64 < 2^320, the sum ends below p·(1 + 2p/2^256) < 2p.
constexpr void MontgomeryMul2Portable(uint64_t* r, const uint64_t* a, const uint64_t* b, const uint64_t* c,
                                      const uint64_t* d, const uint64_t* p, uint64_t n0) {
  uint64_t t[4] = {0, 0, 0, 0};
  for (int i = 0; i < 4; ++i) {
    uint64_t above = 0;
    host_internal::AddProductRow(t, above, a[i], b);
    host_internal::AddProductRow(t, above, c[i], d);
    host_internal::ReduceRow(t, above, p, n0);
  }
  host_internal::SubtractOnce(r, t, p);
}

namespace host_internal {

// Whether the CPU path in force multiplies with mulx/adcx/adox; written by SetCpuPath alone.
extern bool use_adx;

// The portable leaves out of line, so that the branch not taken costs no code at every product.
void MontgomeryMulCall(uint64_t* r, const uint64_t* a, const uint64_t* b, const uint64_t* p, uint64_t n0);
void MontgomeryMul2Call(uint64_t* r, const uint64_t* a, const uint64_t* b, const uint64_t* c,
                        const uint64_t* d, const uint64_t* p, uint64_t n0);

}  // namespace host_internal

inline void MontgomeryMul(std::array<uint64_t, 4>& r, const std::array<uint64_t, 4>& a,
                          const std::array<uint64_t, 4>& b, const std::array<uint64_t, 4>& p, uint64_t n0) {
#if PL_HAVE_X64_ASM
  if (__builtin_expect(host_internal::use_adx, true)) {
    host_internal::MontgomeryMulAdx(r.data(), a.data(), b.data(), p.data(), n0);
    return;
  }
#endif
  host_internal::MontgomeryMulCall(r.data(), a.data(), b.data(), p.data(), n0);
}

// r = (a·b + c·d)/2^256 mod p with one reduction for both products; contract otherwise as for the product.
inline void MontgomerySumOfProducts(std::array<uint64_t, 4>& r, const std::array<uint64_t, 4>& a,
                                    const std::array<uint64_t, 4>& b, const std::array<uint64_t, 4>& c,
                                    const std::array<uint64_t, 4>& d, const std::array<uint64_t, 4>& p,
                                    uint64_t n0) {
#if PL_HAVE_X64_ASM
  if (__builtin_expect(host_internal::use_adx, true)) {
    host_internal::MontgomeryMul2Adx(r.data(), a.data(), b.data(), c.data(), d.data(), p.data(), n0);
    return;
  }
#endif
  host_internal::MontgomeryMul2Call(r.data(), a.data(), b.data(), c.data(), d.data(), p.data(), n0);
}

}  // namespace prooflode
