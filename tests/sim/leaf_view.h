// A leaf of the log as docs/formats/log.md describes its bytes, read by code of its own: the checkers share
// none with what they judge.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace prooflode::sim {

using Key = std::array<uint8_t, 32>;
using Id = std::array<uint8_t, 16>;

// Numbers of the format.
enum LeafKind : uint16_t {
  kRegister = 1,
  kPost = 2,
  kCancel = 3,
  kAdmission = 4,
  kCommit = 5,
  kReveal = 6,
  kRelease = 7,
  kVerdict = 8,
  kDeposit = 9,
  kWithdrawal = 10,
  kTick = 11,
  kStart = 12,
  kCandidacyOver = 17,
  kHolderSilent = 18,
};
// Withdrawals and suspensions.
enum LaterKind : uint16_t {
  kPayWithdrawal = 13,
  kRejectWithdrawal = 14,
  kCancelWithdrawal = 15,
  kSuspension = 16
};
enum WithdrawalPhase : uint8_t { kRequested = 1, kPaid = 2, kRejected = 3, kWithdrawalCancelled = 4 };
enum JobPhase : uint8_t {
  kOpen = 1,
  kClosing = 2,
  kDelivered = 3,
  kWon = 4,
  kExpired = 5,
  kCancelled = 6,
  kUnprovable = 7,
  kSuspended = 8,
};
enum AttemptPhase : uint8_t {
  kAdmitted = 1,
  kCommitted = 2,
  kRevealed = 3,
  kValid = 4,
  kAttemptWon = 5,
  kLost = 6,
  kInvalid = 7,
  kReleased = 8,
  kTimedOut = 9,
  kJobEnded = 10,
};
enum MoneyKind : uint8_t {
  kMoneyDeposit = 1,
  kMoneyEscrow = 2,
  kMoneyReward = 3,
  kMoneyFee = 4,
  kMoneyRefund = 5,
  kMoneyWithdrawal = 6,
  kMoneyCollateral = 7,
  kMoneyCollateralReturn = 8,
  kMoneyPenalty = 9,
  kMoneyBounty = 10,
  kMoneyCheckFee = 11,
  kMoneyWithdrawalRequest = 12,
  kMoneyWithdrawalReturn = 13,
};
constexpr uint8_t kReasonRevealWindow = 7;
constexpr uint8_t kReasonPlaceOver = 8;
constexpr uint8_t kReasonDeadline = 9;
constexpr uint8_t kReasonUnprovable = 14;
constexpr uint8_t kReasonSuspended = 16;

struct JobRecord {
  Id id{};
  uint8_t phase = 0;
  int64_t deadline = 0;
  Id delivered{};
  Id winning{};
};
struct AttemptRecord {
  Id id{};
  Id job{};
  Key miner{};
  uint8_t phase = 0;
  uint8_t reason = 0;
  uint64_t fence = 0;
  int64_t reveal_by = 0;
};
struct MoneyRecord {
  uint64_t id = 0;
  uint8_t kind = 0;
  uint64_t amount = 0;
  std::string debit, credit, job;
};

struct DrawnRecord {
  Key miner{};
  uint32_t tickets = 0;
  bool admitted = false;
};
struct DrawRecord {
  Id job{};
  uint32_t number = 0;
  uint32_t places = 0;
  std::vector<DrawnRecord> entries;
};

struct LeafView {
  uint64_t index = 0;
  uint16_t kind = 0;
  int64_t time = 0;
  std::map<uint16_t, std::string> fields;  // of the command
  std::vector<JobRecord> jobs;
  std::vector<AttemptRecord> attempts;
  std::vector<MoneyRecord> money;
  std::vector<DrawRecord> draws;
  std::optional<std::string> proof{};  // beside it
  Digest root_before{};  // of the log that this leaf was added to; of posts and starts alone, by who keeps
                         // the log

  // Zero, or empty, where the field is absent or has another size.
  template <typename T>
  T Number(uint16_t field) const {
    const auto it = fields.find(field);
    if (it == fields.end() || it->second.size() != sizeof(T)) return T{};
    return LoadLe<T>(AsBytes(it->second).data());
  }
  template <typename Array>
  Array Bytes(uint16_t field) const {
    Array out{};
    const auto it = fields.find(field);
    if (it != fields.end() && it->second.size() == out.size()) {
      std::copy(it->second.begin(), it->second.end(), out.begin());
    }
    return out;
  }
  std::string Text(uint16_t field) const {
    const auto it = fields.find(field);
    return it == fields.end() ? "" : it->second;
  }
  bool Has(uint16_t field) const { return fields.contains(field); }
};

// nullopt where the bytes are not what the format says.
std::optional<LeafView> ReadLeaf(uint64_t index, const std::string& bytes);

}  // namespace prooflode::sim
