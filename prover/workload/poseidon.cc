#include "prover/workload/poseidon.h"

#include <utility>

#include "base/check.h"
#include "prover/workload/poseidon_constants.h"

namespace prooflode::workload {
namespace {

// In partial rounds a lane without S-box grows by a wire a round. Shortening them more often means fewer
// terms and more constraints: with three times Poseidon(2) has 6 terms a constraint, and 2.5% of its
// constraints are for this.
constexpr int kShortenings = 3;

Fr FifthPower(const Fr& x) { return x.Square().Square() * x; }

// x⁴ of an S-box whose output is still to be constrained.
LinearCombination FourthPower(Builder& builder, const LinearCombination& x) {
  const LinearCombination square = builder.Mul(x, x);
  return builder.Mul(square, square);
}

LinearCombination MixRow(const PoseidonParameters& p, int row, std::span<const LinearCombination> lanes) {
  LinearCombination sum;
  for (int j = 0; j < p.width; ++j) sum.AddScaled(lanes[static_cast<size_t>(j)], p.mix_at(row, j));
  return sum;
}

class Permutation {
 public:
  Permutation(Builder& builder, const PoseidonParameters& parameters, std::vector<LinearCombination> lanes)
      : builder_(builder),
        p_(parameters),
        inverse_of_first_(parameters.mix_at(0, 0).Inverse()),
        lanes_(std::move(lanes)) {}

  // The first lane after all rounds.
  LinearCombination Run() {
    for (int i = 0; i < p_.width; ++i) lanes_[Index(i)].AddConstant(p_.constant(0, i));
    const int rounds_between = (p_.partial_rounds + kShortenings - 1) / kShortenings;
    int partial = 0;
    for (int round = 0; round + 1 < p_.rounds(); ++round) {
      if (!p_.IsFull(round)) {
        PartialRound(round);
        ++partial;
        if (partial % rounds_between == 0 || p_.IsFull(round + 1)) ShortenLanes();
      } else if (round == 0) {
        FirstRound();
      } else {
        FullRound(round);
      }
    }
    for (LinearCombination& lane : lanes_) lane = builder_.Mul(FourthPower(builder_, lane), lane);
    return MixRow(p_, 0, lanes_);
  }

 private:
  static size_t Index(int i) { return static_cast<size_t>(i); }

  // Lanes may be constant here, so that there are fewer equations than lanes: x⁵ gets wires of its own.
  void FirstRound() {
    for (LinearCombination& lane : lanes_) lane = builder_.Mul(FourthPower(builder_, lane), lane);
    std::vector<LinearCombination> next;
    for (int i = 0; i < p_.width; ++i) {
      next.push_back(MixRow(p_, i, lanes_));
      next.back().AddConstant(p_.constant(1, i));
    }
    lanes_ = std::move(next);
  }

  void FullRound(int round) {
    std::vector<LinearCombination> fourth;
    std::vector<Fr> fifth;
    for (const LinearCombination& lane : lanes_) {
      fourth.push_back(FourthPower(builder_, lane));
      fifth.push_back(FifthPower(lane.value()));
    }
    std::vector<LinearCombination> next;
    for (int i = 0; i < p_.width; ++i) {
      Fr value = p_.constant(round + 1, i);
      for (int j = 0; j < p_.width; ++j) value += p_.mix_at(i, j) * fifth[Index(j)];
      next.push_back(builder_.Intermediate(value));
    }
    for (int i = 0; i < p_.width; ++i) {
      LinearCombination power;
      Fr constant;
      for (int j = 0; j < p_.width; ++j) {
        power.AddScaled(next[Index(j)], p_.mix_inverse_at(i, j));
        constant += p_.mix_inverse_at(i, j) * p_.constant(round + 1, j);
      }
      power.AddConstant(-constant);
      builder_.Constrain(fourth[Index(i)], lanes_[Index(i)], power);
    }
    lanes_ = std::move(next);
  }

  // mix_at(0, 0) is not zero: no element of a Cauchy matrix is.
  void PartialRound(int round) {
    const LinearCombination fourth = FourthPower(builder_, lanes_[0]);
    LinearCombination others = LinearCombination::Constant(p_.constant(round + 1, 0));
    for (int j = 1; j < p_.width; ++j) others.AddScaled(lanes_[Index(j)], p_.mix_at(0, j));
    const Fr fifth = FifthPower(lanes_[0].value());
    LinearCombination next_first = builder_.Intermediate(p_.mix_at(0, 0) * fifth + others.value());
    const LinearCombination power = (next_first - others) * inverse_of_first_;
    builder_.Constrain(fourth, lanes_[0], power);

    std::vector<LinearCombination> next = {std::move(next_first)};
    lanes_[0] = power;
    for (int i = 1; i < p_.width; ++i) {
      next.push_back(MixRow(p_, i, lanes_));
      next.back().AddConstant(p_.constant(round + 1, i));
    }
    lanes_ = std::move(next);
  }

  void ShortenLanes() {
    for (LinearCombination& lane : lanes_) lane = builder_.Shorten(lane);
  }

  Builder& builder_;
  const PoseidonParameters& p_;
  const Fr inverse_of_first_;
  std::vector<LinearCombination> lanes_;
};

}  // namespace

Fr Poseidon(std::span<const Fr> inputs) {
  PL_CHECK(!inputs.empty() && inputs.size() <= kPoseidonInputsMax);
  const PoseidonParameters& p = PoseidonParametersFor(static_cast<int>(inputs.size()) + 1);
  std::vector<Fr> lanes = {Fr::Zero()};
  lanes.insert(lanes.end(), inputs.begin(), inputs.end());
  std::vector<Fr> mixed(lanes.size());
  for (int round = 0; round < p.rounds(); ++round) {
    for (int i = 0; i < p.width; ++i) {
      Fr& lane = lanes[static_cast<size_t>(i)];
      lane += p.constant(round, i);
      if (i == 0 || p.IsFull(round)) lane = FifthPower(lane);
    }
    for (int i = 0; i < p.width; ++i) {
      Fr sum;
      for (int j = 0; j < p.width; ++j) sum += p.mix_at(i, j) * lanes[static_cast<size_t>(j)];
      mixed[static_cast<size_t>(i)] = sum;
    }
    lanes.swap(mixed);
  }
  return lanes[0];
}

LinearCombination Poseidon(Builder& builder, std::span<const LinearCombination> inputs) {
  PL_CHECK(!inputs.empty() && inputs.size() <= kPoseidonInputsMax);
  std::vector<LinearCombination> lanes = {LinearCombination()};
  lanes.insert(lanes.end(), inputs.begin(), inputs.end());
  const PoseidonParameters& parameters = PoseidonParametersFor(static_cast<int>(lanes.size()));
  return Permutation(builder, parameters, std::move(lanes)).Run();
}

}  // namespace prooflode::workload
