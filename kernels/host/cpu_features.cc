#include "kernels/host/cpu_features.h"

#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace prooflode {

namespace {

#if defined(__x86_64__)
bool Bit(unsigned word, int bit) { return ((word >> bit) & 1) != 0; }

// XCR0 bits 1, 2 and 5 to 7: xmm, ymm, mask registers and both halves of zmm.
bool SystemSavesZmm() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || !Bit(c, 27)) return false;  // OSXSAVE
  uint32_t low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  constexpr uint32_t kNeeded = 0xe6;
  return (low & kNeeded) == kNeeded;
}

CpuFeatures Detect() {
  CpuFeatures features;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return features;
  features.bmi2 = Bit(b, 8);
  features.adx = Bit(b, 19);
  const bool avx512 = Bit(b, 16) && Bit(b, 17) && Bit(b, 31);  // F, DQ, VL
  features.avx512_ifma = avx512 && Bit(b, 21) && SystemSavesZmm();
  return features;
}
#else
CpuFeatures Detect() { return {}; }
#endif

}  // namespace

const CpuFeatures& HostCpuFeatures() {
  static const CpuFeatures features = Detect();
  return features;
}

}  // namespace prooflode
