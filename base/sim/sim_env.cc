#include "base/sim/sim_env.h"

#include <bit>

namespace prooflode {

SimRandom::SimRandom(uint64_t seed) {
  for (uint64_t& word : state_) {  // SplitMix64, as the generator's authors advise for seeding
    seed += 0x9e3779b97f4a7c15;
    uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    word = z ^ (z >> 31);
  }
}

uint64_t SimRandom::Step() {
  const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

void SimRandom::Fill(std::span<uint8_t> out) {
  uint64_t word = 0;
  for (size_t i = 0; i < out.size(); ++i, word >>= 8) {
    if (i % 8 == 0) word = Step();
    out[i] = static_cast<uint8_t>(word);
  }
}

}  // namespace prooflode
