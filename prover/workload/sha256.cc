#include "prover/workload/sha256.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "base/check.h"

namespace prooflode::workload {
namespace {

using Lc = LinearCombination;
using Word = std::array<Lc, 32>;  // Word[0] is the lowest bit
using State = std::array<Word, 8>;

constexpr int kRounds = 64;

// The first 32 bits of the fractional part of the square root (power 2) or cube root (power 3) of a prime
// below 2^9: the largest x with x^power <= prime·2^(32·power), by bisection below 2^37, so that x³ stays
// below 2^111.
uint32_t FractionOfRoot(uint32_t prime, int power) {
  using uint128 = unsigned __int128;
  uint64_t low = 0;
  uint64_t high = uint64_t{1} << 37;
  while (high - low > 1) {
    const uint64_t middle = low + (high - low) / 2;
    uint128 raised = 1;
    for (int i = 0; i < power; ++i) raised *= middle;
    (raised <= (uint128{prime} << (32 * power)) ? low : high) = middle;
  }
  return static_cast<uint32_t>(low);
}

std::array<uint32_t, kRounds> FractionsOfRoots(int power) {
  std::array<uint32_t, kRounds> out{};
  size_t count = 0;
  for (uint32_t n = 2; count < out.size(); ++n) {
    bool prime = true;
    for (uint32_t d = 2; d * d <= n; ++d) prime = prime && n % d != 0;
    if (prime) out[count++] = FractionOfRoot(n, power);
  }
  return out;
}

Word ConstantWord(uint32_t value) {
  Word word;
  for (size_t i = 0; i < 32; ++i) word[i] = Lc::Constant((value >> i) & 1);
  return word;
}

Word RotateRight(const Word& word, size_t count) {
  Word out;
  for (size_t i = 0; i < 32; ++i) out[i] = word[(i + count) % 32];
  return out;
}

Word ShiftRight(const Word& word, size_t count) {
  Word out;
  for (size_t i = 0; i + count < 32; ++i) out[i] = word[i + count];
  return out;
}

Lc Xor(Builder& builder, const Lc& a, const Lc& b) {
  return builder.MulAdd(a * Fr::FromU64(2), Lc::Constant(1) - b, b - a);  // 2a(1 - b) + b - a
}

// Two constraints: b·c, then a·(1 - 2b - 2c + 4bc) + b + c - 2bc.
Lc Xor(Builder& builder, const Lc& a, const Lc& b, const Lc& c) {
  if (a.IsConstant()) return Xor(builder, a, Xor(builder, b, c));
  const Lc both = builder.Mul(b, c);
  const Lc either = b + c - both * Fr::FromU64(2);
  return builder.MulAdd(a, Lc::Constant(1) - either * Fr::FromU64(2), either);
}

Word Xor(Builder& builder, const Word& a, const Word& b, const Word& c) {
  Word out;
  for (size_t i = 0; i < 32; ++i) out[i] = Xor(builder, a[i], b[i], c[i]);
  return out;
}

Word Sum(Builder& builder, const Word& word, size_t r0, size_t r1, size_t r2) {
  return Xor(builder, RotateRight(word, r0), RotateRight(word, r1), RotateRight(word, r2));
}

// A shift fills with constants: those go first, where they fold.
Word ScheduleSum(Builder& builder, const Word& word, size_t r0, size_t r1, size_t shift) {
  return Xor(builder, ShiftRight(word, shift), RotateRight(word, r0), RotateRight(word, r1));
}

Word Choose(Builder& builder, const Word& e, const Word& f, const Word& g) {
  Word out;
  for (size_t i = 0; i < 32; ++i) out[i] = Select(builder, e[i], f[i], g[i]);
  return out;
}

Word Majority(Builder& builder, const Word& a, const Word& b, const Word& c) {
  Word out;
  for (size_t i = 0; i < 32; ++i) {
    const Lc both = builder.Mul(b[i], c[i]);
    out[i] = builder.MulAdd(a[i], b[i] + c[i] - both * Fr::FromU64(2), both);
  }
  return out;
}

// The low 32 bits of a sum of at most `addends` words.
Word Truncate(Builder& builder, const Lc& sum, uint32_t addends) {
  const int carry_bits = std::bit_width(addends - 1);
  const std::vector<Lc> bits = builder.Bits(sum, 32 + carry_bits);
  Word out;
  std::copy_n(bits.begin(), out.size(), out.begin());
  return out;
}

std::vector<Word> Schedule(Builder& builder, std::span<const Lc> block) {
  std::vector<Word> words;
  for (size_t t = 0; t < 16; ++t) {
    Word word;
    for (size_t i = 0; i < 32; ++i) word[31 - i] = block[32 * t + i];
    words.push_back(std::move(word));
  }
  for (size_t t = 16; t < kRounds; ++t) {
    const Word low = ScheduleSum(builder, words[t - 15], 7, 18, 3);
    const Word high = ScheduleSum(builder, words[t - 2], 17, 19, 10);
    words.push_back(Truncate(builder, Pack(high) + Pack(words[t - 7]) + Pack(low) + Pack(words[t - 16]), 4));
  }
  return words;
}

void Compress(Builder& builder, State& state, std::span<const Lc> block) {
  static const std::array<uint32_t, kRounds> round_constants = FractionsOfRoots(3);
  const std::vector<Word> words = Schedule(builder, block);
  auto [a, b, c, d, e, f, g, h] = state;
  for (size_t t = 0; t < kRounds; ++t) {
    Lc first = Pack(h) + Pack(Sum(builder, e, 6, 11, 25)) + Pack(Choose(builder, e, f, g)) + Pack(words[t]);
    first.AddConstant(Fr::FromU64(round_constants[t]));
    first = builder.Shorten(first);  // used twice
    const Lc second = Pack(Sum(builder, a, 2, 13, 22)) + Pack(Majority(builder, a, b, c));
    h = g;
    g = f;
    f = e;
    e = Truncate(builder, Pack(d) + first, 6);
    d = c;
    c = b;
    b = a;
    a = Truncate(builder, first + second, 7);
  }
  const State working = {a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < state.size(); ++i) {
    state[i] = Truncate(builder, Pack(state[i]) + Pack(working[i]), 2);
  }
}

}  // namespace

std::array<LinearCombination, 2> Sha256(Builder& builder, std::span<const LinearCombination> message) {
  PL_CHECK(message.size() % 8 == 0);
  std::vector<Lc> padded(message.begin(), message.end());
  padded.push_back(Lc::Constant(1));
  while (padded.size() % 512 != 448) padded.emplace_back();
  for (int i = 63; i >= 0; --i) padded.push_back(Lc::Constant((uint64_t{message.size()} >> i) & 1));

  static const std::array<uint32_t, kRounds> square_roots = FractionsOfRoots(2);
  State state;
  for (size_t i = 0; i < state.size(); ++i) state[i] = ConstantWord(square_roots[i]);
  for (size_t i = 0; i < padded.size(); i += 512) {
    Compress(builder, state, std::span<const Lc>(padded).subspan(i, 512));
  }
  std::array<Lc, 2> digest;
  for (size_t i = 0; i < state.size(); ++i) {
    digest[i / 4] = digest[i / 4] * Fr::FromU64(uint64_t{1} << 32) + Pack(state[i]);
  }
  return digest;
}

}  // namespace prooflode::workload
