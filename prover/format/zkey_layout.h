// The sections of a Groth16 .zkey, for its reader and its writer alone. docs/formats/zkey.md tells them in
// full.
#pragma once

#include <array>

#include "prover/format/binfile.h"

namespace prooflode::zkey {

enum Id : uint32_t {
  kProtocol = 1,
  kHeader = 2,
  kIc = 3,
  kCoefficients = 4,
  kA = 5,
  kB1 = 6,
  kB2 = 7,
  kC = 8,
  kH = 9,
  kContributions = 10,
};

inline constexpr std::array<BinSection, 10> kSections = {{{kProtocol, "protocol"},
                                                          {kHeader, "header"},
                                                          {kIc, "IC"},
                                                          {kCoefficients, "coefficients"},
                                                          {kA, "A"},
                                                          {kB1, "B1"},
                                                          {kB2, "B2"},
                                                          {kC, "C"},
                                                          {kH, "H"},
                                                          {kContributions, "contributions"}}};
inline constexpr BinSchema kSchema = {"zkey", 1, kSections};

constexpr uint32_t kGroth16 = 1;
constexpr uint64_t kHeaderBytes = 2 * (4 + 32) + 3 * 4 + 3 * 64 + 3 * 128;
constexpr uint64_t kCoefficientBytes = 3 * 4 + 32;
constexpr uint64_t kCircuitHashBytes = 64;

constexpr uint32_t kVariablesMax = uint32_t{1} << 29;
constexpr uint32_t kDomainMax = uint32_t{1} << 28;

}  // namespace prooflode::zkey
