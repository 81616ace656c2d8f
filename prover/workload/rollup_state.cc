#include "prover/workload/rollup_state.h"

#include <array>
#include <utility>

#include "base/check.h"
#include "prover/workload/poseidon.h"

namespace prooflode::workload {

Fr AccountLeaf(const Account& account) {
  return Poseidon(
      std::array{account.key.x, account.key.y, Fr::FromU64(account.balance), Fr::FromU64(account.nonce)});
}

Fr TransferMessage(const Transfer& transfer) {
  return Poseidon(std::array{Fr::FromU64(transfer.sender.index), Fr::FromU64(transfer.receiver.index),
                             Fr::FromU64(transfer.amount), Fr::FromU64(transfer.sender.account.nonce)});
}

RollupState::RollupState(uint32_t count, Random& random) {
  PL_CHECK(count >= 1 && count <= kMerkleLeaves);
  // i -> stride·i + offset is a permutation of the indices for an odd stride.
  const auto stride = static_cast<uint32_t>(2 * random.Below(kMerkleLeaves / 2) + 1);
  const auto offset = static_cast<uint32_t>(random.Below(kMerkleLeaves));
  for (uint32_t i = 0; i < count; ++i) {
    Owned owned{(stride * i + offset) % kMerkleLeaves, MakeEddsaKey(random), {}};
    owned.account = {owned.key.point, random.Below(uint64_t{1} << 40), random.Below(uint64_t{1} << 20)};
    Store(owned);
    accounts_.push_back(std::move(owned));
  }
}

Transfer RollupState::Execute(size_t sender, size_t receiver, uint64_t amount) {
  Owned& from = accounts_[sender];
  Owned& to = accounts_[receiver];
  Transfer transfer;
  transfer.amount = amount;
  transfer.sender = See(from);
  transfer.receiver.index = to.index;
  transfer.signature = EddsaSign(from.key, TransferMessage(transfer));
  from.account.balance -= amount;
  ++from.account.nonce;
  Store(from);
  transfer.receiver = See(to);
  to.account.balance += amount;
  Store(to);
  return transfer;
}

}  // namespace prooflode::workload
