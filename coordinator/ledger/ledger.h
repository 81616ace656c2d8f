// Double-entry accounts in integers of the smallest unit. Every transfer debits one account and credits
// another by the same amount; accounts other than "external" never go below zero; the sum over all accounts
// is zero at any time. Pure; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/units.h"

namespace prooflode::ledger {

// "available:<hex key>", "escrow:<hex key>", "fees", "external".
using AccountName = std::string;
AccountName Available(const std::string& hex_key);
AccountName Escrow(const std::string& hex_key);
inline const AccountName kFees = "fees";
inline const AccountName kExternal = "external";  // the world outside: owes what the market holds

enum class TransferKind : uint8_t {
  kDeposit = 1,
  kEscrow = 2,
  kReward = 3,
  kFee = 4,
  kRefund = 5,
  kWithdrawal = 6
};

struct Transfer {
  uint64_t id = 0;  // dense, from 1
  TransferKind kind = TransferKind::kDeposit;
  Micros time{};
  Amount amount{};
  AccountName debit;   // loses
  AccountName credit;  // gains
  std::string job;     // hex id, empty where no job is involved
  std::string external_reference;
  friend bool operator==(const Transfer&, const Transfer&) = default;
};

class Ledger {
 public:
  // kFailedPrecondition when the debit account has too little, kResourceExhausted when an account would
  // overflow. A refused transfer changes nothing. Returns the id.
  StatusOr<uint64_t> Post(Transfer transfer);

  // Credits less debits; zero for an unknown account. External's is returned as what it owes.
  Amount Balance(const AccountName& account) const;
  const std::map<AccountName, Amount>& balances() const;
  // Transfers posted since the start of this process, by id; older ones live in the store.
  const Transfer* Find(uint64_t id) const;
  // The transfer that a deposit or withdrawal with this reference made.
  std::optional<uint64_t> FindReference(const std::string& external_reference) const;
  uint64_t transfer_count() const;

  // Sum of all balances equals what external owes.
  bool IsConserved() const;
};

}  // namespace prooflode::ledger
