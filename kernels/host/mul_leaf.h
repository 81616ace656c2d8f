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

// CIOS with the no-carry shortcut that two spare bits allow (Koç, Acar, Kaliski 1996; gnark-crypto's remark).
constexpr void MontgomeryMulPortable(std::array<uint64_t, 4>& r, const std::array<uint64_t, 4>& a,
                                     const std::array<uint64_t, 4>& b, const std::array<uint64_t, 4>& p,
                                     uint64_t n0) {
  using uint128 = unsigned __int128;
  uint64_t t[4] = {0, 0, 0, 0};
  for (int i = 0; i < 4; ++i) {
    uint128 product = uint128{a[i]} * b[0] + t[0];
    uint64_t carry_ab = static_cast<uint64_t>(product >> 64);
    const uint64_t m = static_cast<uint64_t>(product) * n0;
    uint64_t carry_mp = static_cast<uint64_t>((uint128{m} * p[0] + static_cast<uint64_t>(product)) >> 64);
    for (int j = 1; j < 4; ++j) {
      product = uint128{a[i]} * b[j] + t[j] + carry_ab;
      carry_ab = static_cast<uint64_t>(product >> 64);
      const uint128 reduced = uint128{m} * p[j] + static_cast<uint64_t>(product) + carry_mp;
      t[j - 1] = static_cast<uint64_t>(reduced);
      carry_mp = static_cast<uint64_t>(reduced >> 64);
    }
    t[3] = carry_ab + carry_mp;
  }
  uint64_t s[4] = {0, 0, 0, 0};
  uint64_t borrow = 0;
  for (int i = 0; i < 4; ++i) {
    const uint128 difference = uint128{t[i]} - p[i] - borrow;
    s[i] = static_cast<uint64_t>(difference);
    borrow = static_cast<uint64_t>(difference >> 64) & 1;
  }
  for (int i = 0; i < 4; ++i) r[i] = borrow ? t[i] : s[i];
}

namespace host_internal {

// Whether the CPU path in force multiplies with mulx/adcx/adox; written by SetCpuPath alone.
extern bool use_adx;

// The portable leaf out of line, so that the branch not taken costs no code at every product.
void MontgomeryMulCall(uint64_t* r, const uint64_t* a, const uint64_t* b, const uint64_t* p, uint64_t n0);

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

}  // namespace prooflode
