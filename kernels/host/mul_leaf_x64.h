// Field leaves for x86-64 in inline assembly: Montgomery multiplication with mulx/adcx/adox (BMI2 and ADX
// must be there), modular addition and subtraction (any x86-64). Contracts as in kernels/host/mul_leaf.h.
//
// Inline, so that no compiler flag has to allow the instructions and no call stands between products.
// Everything is AT&T syntax for gcc and clang, at any optimisation level: at -O0 the memory operands that
// tell the compiler what is read would need more registers than there are, so there a memory clobber says it.
#pragma once

#include <cstdint>

#ifdef __OPTIMIZE__
#define PL_ASM_READS(pointer) , "m"(*reinterpret_cast<const uint64_t(*)[4]>(pointer))
#define PL_ASM_MEMORY
#else
#define PL_ASM_READS(pointer)
#define PL_ASM_MEMORY , "memory"
#endif

namespace prooflode::host_internal {

// One row of the reduction: t += (t0·n0 mod 2^64)·p, then t >>= 64, with `a` the word above t. n0 is in %rdx
// on entry.
#define PL_REDUCE_ROW                \
  "imulq %[t0], %%rdx\n\t"           \
  "xorl %%eax, %%eax\n\t"            \
  "mulxq 0(%[p]), %%rax, %[b]\n\t"   \
  "adcxq %[t0], %%rax\n\t"           \
  "movq %[b], %[t0]\n\t"             \
  "adcxq %[t1], %[t0]\n\t"           \
  "mulxq 8(%[p]), %%rax, %[t1]\n\t"  \
  "adoxq %%rax, %[t0]\n\t"           \
  "adcxq %[t2], %[t1]\n\t"           \
  "mulxq 16(%[p]), %%rax, %[t2]\n\t" \
  "adoxq %%rax, %[t1]\n\t"           \
  "adcxq %[t3], %[t2]\n\t"           \
  "mulxq 24(%[p]), %%rax, %[t3]\n\t" \
  "adoxq %%rax, %[t2]\n\t"           \
  "movl $0, %%eax\n\t"               \
  "adcxq %%rax, %[t3]\n\t"           \
  "adoxq %[a], %[t3]\n\t"

// One row of the product: (a, t) = t + x[offset]·y.
#define PL_PRODUCT_ROW(offset)      \
  "movq " #offset                   \
  "(%[x]), %%rdx\n\t"               \
  "xorl %%eax, %%eax\n\t"           \
  "mulxq 0(%[y]), %%rax, %[a]\n\t"  \
  "adoxq %%rax, %[t0]\n\t"          \
  "adcxq %[a], %[t1]\n\t"           \
  "mulxq 8(%[y]), %%rax, %[a]\n\t"  \
  "adoxq %%rax, %[t1]\n\t"          \
  "adcxq %[a], %[t2]\n\t"           \
  "mulxq 16(%[y]), %%rax, %[a]\n\t" \
  "adoxq %%rax, %[t2]\n\t"          \
  "adcxq %[a], %[t3]\n\t"           \
  "mulxq 24(%[y]), %%rax, %[a]\n\t" \
  "adoxq %%rax, %[t3]\n\t"          \
  "movl $0, %%eax\n\t"              \
  "adcxq %%rax, %[a]\n\t"           \
  "adoxq %%rax, %[a]\n\t"           \
  "movq %[n0], %%rdx\n\t"

// t < 2p: keep t - p unless that borrows.
#define PL_SUBTRACT_ONCE     \
  "movq %[t0], %%rax\n\t"    \
  "subq 0(%[p]), %%rax\n\t"  \
  "movq %[t1], %%rdx\n\t"    \
  "sbbq 8(%[p]), %%rdx\n\t"  \
  "movq %[t2], %[a]\n\t"     \
  "sbbq 16(%[p]), %[a]\n\t"  \
  "movq %[t3], %[b]\n\t"     \
  "sbbq 24(%[p]), %[b]\n\t"  \
  "cmovncq %%rax, %[t0]\n\t" \
  "cmovncq %%rdx, %[t1]\n\t" \
  "cmovncq %[a], %[t2]\n\t"  \
  "cmovncq %[b], %[t3]\n\t"

// The same interleaved CIOS as the portable leaf, 36 mulx/imul, with two carry chains.
__attribute__((always_inline)) inline void MontgomeryMulAdx(uint64_t* r, const uint64_t* x, const uint64_t* y,
                                                            const uint64_t* p, uint64_t n0) {
  uint64_t t0, t1, t2, t3, a, b;
  asm("movq 0(%[x]), %%rdx\n\t"
      "xorl %%eax, %%eax\n\t"
      "mulxq 0(%[y]), %[t0], %[t1]\n\t"
      "mulxq 8(%[y]), %%rax, %[t2]\n\t"
      "adoxq %%rax, %[t1]\n\t"
      "mulxq 16(%[y]), %%rax, %[t3]\n\t"
      "adoxq %%rax, %[t2]\n\t"
      "mulxq 24(%[y]), %%rax, %[a]\n\t"
      "adoxq %%rax, %[t3]\n\t"
      "movl $0, %%eax\n\t"
      "adoxq %%rax, %[a]\n\t"
      "movq %[n0], %%rdx\n\t"  //
      PL_REDUCE_ROW PL_PRODUCT_ROW(8) PL_REDUCE_ROW PL_PRODUCT_ROW(16) PL_REDUCE_ROW PL_PRODUCT_ROW(24)
          PL_REDUCE_ROW PL_SUBTRACT_ONCE
      : [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [a] "=&r"(a), [b] "=&r"(b)
      : [x] "r"(x), [y] "r"(y), [p] "r"(p), [n0] "r"(n0)PL_ASM_READS(x) PL_ASM_READS(y) PL_ASM_READS(p)
      : "rax", "rdx", "cc" PL_ASM_MEMORY);
  r[0] = t0;
  r[1] = t1;
  r[2] = t2;
  r[3] = t3;
}

// A second product on top of a row: (a, t) += x[offset]·y.
#define PL_ADD_PRODUCT_ROW(offset)   \
  "movq " #offset                    \
  "(%[x1]), %%rdx\n\t"               \
  "xorl %%eax, %%eax\n\t"            \
  "mulxq 0(%[y1]), %%rax, %[b]\n\t"  \
  "adoxq %%rax, %[t0]\n\t"           \
  "adcxq %[b], %[t1]\n\t"            \
  "mulxq 8(%[y1]), %%rax, %[b]\n\t"  \
  "adoxq %%rax, %[t1]\n\t"           \
  "adcxq %[b], %[t2]\n\t"            \
  "mulxq 16(%[y1]), %%rax, %[b]\n\t" \
  "adoxq %%rax, %[t2]\n\t"           \
  "adcxq %[b], %[t3]\n\t"            \
  "mulxq 24(%[y1]), %%rax, %[b]\n\t" \
  "adoxq %%rax, %[t3]\n\t"           \
  "adcxq %[b], %[a]\n\t"             \
  "movl $0, %%eax\n\t"               \
  "adoxq %%rax, %[a]\n\t"            \
  "movq %[n0], %%rdx\n\t"

// r = (x·y + x1·y1)/2^256 mod p with one reduction for both products: 52 mulx/imul instead of 72 and no
// addition. With p < 2^254 a row stays below 3p·2^64 < 2^320 and the sum ends below p·(1 + 2p/2^256) < 2p. r
// may alias any operand.
__attribute__((always_inline)) inline void MontgomeryMul2Adx(uint64_t* r, const uint64_t* x,
                                                             const uint64_t* y, const uint64_t* x1,
                                                             const uint64_t* y1, const uint64_t* p,
                                                             uint64_t n0) {
  uint64_t t0, t1, t2, t3, a, b;
  asm("movq 0(%[x]), %%rdx\n\t"
      "xorl %%eax, %%eax\n\t"
      "mulxq 0(%[y]), %[t0], %[t1]\n\t"
      "mulxq 8(%[y]), %%rax, %[t2]\n\t"
      "adoxq %%rax, %[t1]\n\t"
      "mulxq 16(%[y]), %%rax, %[t3]\n\t"
      "adoxq %%rax, %[t2]\n\t"
      "mulxq 24(%[y]), %%rax, %[a]\n\t"
      "adoxq %%rax, %[t3]\n\t"
      "movl $0, %%eax\n\t"
      "adoxq %%rax, %[a]\n\t"  //
      PL_ADD_PRODUCT_ROW(0) PL_REDUCE_ROW PL_PRODUCT_ROW(8) PL_ADD_PRODUCT_ROW(8)
          PL_REDUCE_ROW PL_PRODUCT_ROW(16) PL_ADD_PRODUCT_ROW(16) PL_REDUCE_ROW PL_PRODUCT_ROW(24)
              PL_ADD_PRODUCT_ROW(24) PL_REDUCE_ROW PL_SUBTRACT_ONCE
      : [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [a] "=&r"(a), [b] "=&r"(b)
      : [x] "r"(x), [y] "r"(y), [x1] "r"(x1), [y1] "r"(y1), [p] "r"(p),
        [n0] "rm"(n0)PL_ASM_READS(x) PL_ASM_READS(y) PL_ASM_READS(x1) PL_ASM_READS(y1) PL_ASM_READS(p)
      : "rax", "rdx", "cc" PL_ASM_MEMORY);
  r[0] = t0;
  r[1] = t1;
  r[2] = t2;
  r[3] = t3;
}

#undef PL_SUBTRACT_ONCE
#undef PL_ADD_PRODUCT_ROW
#undef PL_PRODUCT_ROW
#undef PL_REDUCE_ROW

// r = x + y mod p for x, y < p < 2^255; r may alias x or y.
__attribute__((always_inline)) inline void AddModX64(uint64_t* r, const uint64_t* x, const uint64_t* y,
                                                     const uint64_t* p) {
  uint64_t t0 = x[0], t1 = x[1], t2 = x[2], t3 = x[3];
  uint64_t s0, s1, s2, s3;
  asm("addq 0(%[y]), %[t0]\n\t"
      "adcq 8(%[y]), %[t1]\n\t"
      "adcq 16(%[y]), %[t2]\n\t"
      "adcq 24(%[y]), %[t3]\n\t"
      "movq %[t0], %[s0]\n\t"
      "subq 0(%[p]), %[s0]\n\t"
      "movq %[t1], %[s1]\n\t"
      "sbbq 8(%[p]), %[s1]\n\t"
      "movq %[t2], %[s2]\n\t"
      "sbbq 16(%[p]), %[s2]\n\t"
      "movq %[t3], %[s3]\n\t"
      "sbbq 24(%[p]), %[s3]\n\t"
      "cmovncq %[s0], %[t0]\n\t"
      "cmovncq %[s1], %[t1]\n\t"
      "cmovncq %[s2], %[t2]\n\t"
      "cmovncq %[s3], %[t3]\n\t"
      : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [s0] "=&r"(s0), [s1] "=&r"(s1),
        [s2] "=&r"(s2), [s3] "=&r"(s3)
      : [y] "r"(y), [p] "r"(p)PL_ASM_READS(y) PL_ASM_READS(p)
      : "cc" PL_ASM_MEMORY);
  r[0] = t0;
  r[1] = t1;
  r[2] = t2;
  r[3] = t3;
}

// r = x - y mod p for x, y < p; r may alias x or y.
__attribute__((always_inline)) inline void SubModX64(uint64_t* r, const uint64_t* x, const uint64_t* y,
                                                     const uint64_t* p) {
  uint64_t t0 = x[0], t1 = x[1], t2 = x[2], t3 = x[3];
  uint64_t s0, s1, s2, s3, zero;
  asm("xorl %k[zero], %k[zero]\n\t"
      "subq 0(%[y]), %[t0]\n\t"
      "sbbq 8(%[y]), %[t1]\n\t"
      "sbbq 16(%[y]), %[t2]\n\t"
      "sbbq 24(%[y]), %[t3]\n\t"
      "movq 0(%[p]), %[s0]\n\t"
      "movq 8(%[p]), %[s1]\n\t"
      "movq 16(%[p]), %[s2]\n\t"
      "movq 24(%[p]), %[s3]\n\t"
      "cmovncq %[zero], %[s0]\n\t"
      "cmovncq %[zero], %[s1]\n\t"
      "cmovncq %[zero], %[s2]\n\t"
      "cmovncq %[zero], %[s3]\n\t"
      "addq %[s0], %[t0]\n\t"
      "adcq %[s1], %[t1]\n\t"
      "adcq %[s2], %[t2]\n\t"
      "adcq %[s3], %[t3]\n\t"
      : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [s0] "=&r"(s0), [s1] "=&r"(s1),
        [s2] "=&r"(s2), [s3] "=&r"(s3), [zero] "=&r"(zero)
      : [y] "r"(y), [p] "r"(p)PL_ASM_READS(y) PL_ASM_READS(p)
      : "cc" PL_ASM_MEMORY);
  r[0] = t0;
  r[1] = t1;
  r[2] = t2;
  r[3] = t3;
}

}  // namespace prooflode::host_internal

#undef PL_ASM_READS
#undef PL_ASM_MEMORY
