// Parameters of the Poseidon permutation over Fr of BN254: x^5, 8 full rounds, widths 2 to 17.
//
// Round constants come from the Grain LFSR in its self-shrinking mode and the mixing matrix is the Cauchy
// matrix drawn from the same stream (Grassi, Khovratovich, Rechberger, Roy, Schofnegger, eprint 2019/458,
// section 4.2 and appendix E), with the numbers of partial rounds that circomlib chose, so hashes equal
// circomlib's.
#pragma once

#include <vector>

#include "kernels/field/bn254.h"

namespace prooflode::workload {

constexpr int kPoseidonWidthMin = 2;
constexpr int kPoseidonWidthMax = 17;
constexpr int kPoseidonFullRounds = 8;

struct PoseidonParameters {
  int width;
  int partial_rounds;
  std::vector<Fr> round_constants;  // width for each of the kPoseidonFullRounds + partial_rounds rounds
  std::vector<Fr> mix;              // width x width by rows: new[i] = sum of mix[i·width + j]·old[j]
  std::vector<Fr> mix_inverse;

  int rounds() const { return kPoseidonFullRounds + partial_rounds; }
  bool IsFull(int round) const {
    return round < kPoseidonFullRounds / 2 || round >= kPoseidonFullRounds / 2 + partial_rounds;
  }
  const Fr& constant(int round, int lane) const {
    return round_constants[static_cast<size_t>(round * width + lane)];
  }
  const Fr& mix_at(int row, int column) const { return mix[static_cast<size_t>(row * width + column)]; }
  const Fr& mix_inverse_at(int row, int column) const {
    return mix_inverse[static_cast<size_t>(row * width + column)];
  }
};

// Made once a width (milliseconds), then kept for good; safe from any thread. kPoseidonWidthMin <= width <=
// kPoseidonWidthMax.
const PoseidonParameters& PoseidonParametersFor(int width);

}  // namespace prooflode::workload
