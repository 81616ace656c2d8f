// Numbers and names that an audit's parts share: states and kinds of prooflode.v1, names of accounts.
#pragma once

#include <string>

#include "base/bytes.h"

namespace prooflode::transparency {

// Values of prooflode.v1.
inline constexpr uint8_t kJobWon = 4;
inline constexpr uint8_t kJobUnprovable = 7;
inline constexpr uint8_t kJobSuspended = 8;
inline constexpr uint8_t kReasonUnprovable = 14;
inline constexpr uint8_t kAttemptAdmitted = 1;
inline constexpr uint8_t kAttemptValid = 4;
inline constexpr uint8_t kAttemptWon = 5;
inline constexpr uint8_t kAttemptInvalid = 7;
inline constexpr uint8_t kAttemptTimedOut = 9;
enum TransferKind : uint8_t {
  kDeposit = 1,
  kEscrow = 2,
  kReward = 3,
  kFee = 4,
  kRefund = 5,
  kWithdrawal = 6,
  kCollateral = 7,
  kCollateralReturn = 8,
  kPenalty = 9,
  kBounty = 10,
  kCheckFee = 11,
  kWithdrawalRequest = 12,
  kWithdrawalReturn = 13
};

inline constexpr char kOutside[] = "external";

// `per_million` millionths of an amount, rounded down.
inline uint64_t PartOf(uint64_t amount, uint32_t per_million) {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(amount) * per_million / 1'000'000);
}

inline std::string Hex(const std::string& bytes) { return HexEncode(AsBytes(bytes)); }

inline std::string Available(const std::string& key) { return "available:" + Hex(key); }
inline std::string Withdrawing(const std::string& key) { return "withdrawing:" + Hex(key); }
inline std::string Escrow(const std::string& key) { return "escrow:" + Hex(key); }

}  // namespace prooflode::transparency
