// What this processor and its operating system allow: instruction sets by CPUID, register state by xgetbv.
#pragma once

namespace prooflode {

struct CpuFeatures {
  bool bmi2 = false;
  bool adx = false;
  // AVX-512 F, DQ, VL and IFMA, with the operating system saving the zmm registers.
  bool avx512_ifma = false;
};

// Asked of the processor once; the same answer for the life of the process. All false off x86-64.
const CpuFeatures& HostCpuFeatures();

}  // namespace prooflode
