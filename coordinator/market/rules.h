// The ranges of what an operator may set of the market (types.h Rules): the configuration takes nothing else,
// and rules that were read back from a log are held to the same.
#pragma once

#include "base/status.h"
#include "coordinator/market/types.h"

namespace prooflode::market {

// Both ends belong to it.
struct RuleRange {
  int64_t min = 0;
  int64_t max = 0;
};

inline constexpr size_t kMarketNameMax = 64;
inline constexpr RuleRange kRevealWindowMs{100, 5000};
inline constexpr RuleRange kLeaseSeconds{1, 86'400};
inline constexpr RuleRange kRacePlaceSeconds{1, 86'400};
inline constexpr RuleRange kTimeLimitSeconds{1, 366 * 86'400};  // shortest and longest, in that order
inline constexpr RuleRange kCountRange{1, 1'000'000};           // of jobs, attempts and admissions
inline constexpr RuleRange kPerMillion{0, 1'000'000};           // of a reward or a collateral
inline constexpr RuleRange kReleaseGraceSeconds{0, 3600};
inline constexpr RuleRange kUnprovableReports{1, 100};
inline constexpr RuleRange kDrawWindowMs{0, 10'000};
inline constexpr RuleRange kRaceWidth{0, 1000};  // 0: everybody
inline constexpr RuleRange kLatePercent{100, 1000};
inline constexpr RuleRange kSilenceSeconds{1, 3600};
inline constexpr RuleRange kProofRetentionSeconds{0, 100 * 366 * int64_t{86'400}};  // 0: for ever

// A name that is part of everything signed: 1 to kMarketNameMax letters, digits, '-', '_', '.'.
bool IsMarketName(std::string_view name);

// kInvalidArgument names the first rule out of its range, what it is and what was wanted.
Status CheckRules(const Rules& rules);

}  // namespace prooflode::market
