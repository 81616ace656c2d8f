#include "prover/workload/workload.h"

#include <array>
#include <utility>
#include <vector>

#include "prover/workload/builder.h"
#include "prover/workload/poseidon.h"
#include "prover/workload/random_field.h"
#include "prover/workload/rollup.h"
#include "prover/workload/sha256.h"

namespace prooflode::workload {
namespace {

struct KindInfo {
  Kind kind;
  std::string_view name;
  std::string_view unit;
  uint32_t size_min;
  uint32_t size_max;
  void (*build)(Builder& builder, uint32_t size, Random& random);
};

// h_0 is private; h_{i+1} = Poseidon(h_i, private input i); h_size is public.
void BuildPoseidon(Builder& builder, uint32_t size, Random& random) {
  LinearCombination hash = builder.PrivateInput(UniformElement<Fr>(random));
  for (uint32_t i = 0; i < size; ++i) {
    const std::array inputs = {hash, builder.PrivateInput(UniformElement<Fr>(random))};
    hash = Poseidon(builder, inputs);
  }
  builder.PublicOutput(hash);
}

void BuildSha256(Builder& builder, uint32_t size, Random& random) {
  std::vector<uint8_t> message(size);
  random.Fill(message);
  std::vector<LinearCombination> bits;
  for (uint8_t byte : message) {
    for (int i = 7; i >= 0; --i) {
      bits.push_back(builder.PrivateInput(Fr::FromU64((byte >> i) & 1)));
      builder.AssertBit(bits.back());
    }
  }
  for (const LinearCombination& half : Sha256(builder, bits)) builder.PublicOutput(half);
}

// Twice as many accounts as transfers, and any two of them for each transfer.
void BuildRollupBatch(Builder& builder, uint32_t size, Random& random) {
  RollupState state(2 * size, random);
  const Fr old_root = state.root();
  std::vector<Transfer> transfers;
  for (uint32_t i = 0; i < size; ++i) {
    const size_t sender = random.Below(state.account_count());
    const size_t receiver = random.Below(state.account_count());
    const uint64_t amount = random.Below(state.account(sender).balance + 1);
    transfers.push_back(state.Execute(sender, receiver, amount));
  }
  BuildRollup(builder, old_root, transfers);
}

constexpr std::array kKinds = {
    KindInfo{Kind::kRollup, "rollup", "transfers", 1, kRollupTransfersMax, BuildRollupBatch},
    KindInfo{Kind::kPoseidon, "poseidon", "hashes", 1, kPoseidonHashesMax, BuildPoseidon},
    KindInfo{Kind::kSha256, "sha256", "bytes", 0, kSha256BytesMax, BuildSha256},
};

}  // namespace

StatusOr<Kind> ParseKind(std::string_view name) {
  std::string known;
  for (const KindInfo& info : kKinds) {
    if (info.name == name) return info.kind;
    absl::StrAppend(&known, known.empty() ? "" : ", ", Sv(info.name));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("workload: got \"", Sv(name.substr(0, 64)), "\", want one of ", known));
}

uint32_t SizeMax(Kind kind) {
  for (const KindInfo& info : kKinds) {
    if (info.kind == kind) return info.size_max;
  }
  return 0;
}

StatusOr<Circuit> Build(Kind kind, uint32_t size, Random& random) {
  for (const KindInfo& info : kKinds) {
    if (info.kind != kind) continue;
    if (size < info.size_min || size > info.size_max) {
      return absl::InvalidArgumentError(absl::StrCat("workload ", Sv(info.name), ": size is ", size,
                                                     ", want ", info.size_min, " to ", info.size_max, " ",
                                                     Sv(info.unit)));
    }
    Builder builder;
    info.build(builder, size, random);
    return std::move(builder).Finish();
  }
  return absl::InvalidArgumentError("workload: no such kind");
}

}  // namespace prooflode::workload
