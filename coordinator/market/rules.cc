#include "coordinator/market/rules.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace prooflode::market {
namespace {

constexpr int64_t kMicrosPerMilli = 1000;
constexpr int64_t kMicrosPerSecond = 1'000'000;

// `unit`: of the range, in the value's.
Status Check(const char* rule, int64_t value, const RuleRange& range, int64_t unit = 1) {
  if (value >= range.min * unit && value <= range.max * unit) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("rules.", rule, ": ", value, ", want ", range.min * unit, " to ", range.max * unit));
}

}  // namespace

bool IsMarketName(std::string_view name) {
  return !name.empty() && name.size() <= kMarketNameMax &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
         });
}

Status CheckRules(const Rules& rules) {
  if (!IsMarketName(rules.market)) {
    return absl::InvalidArgumentError(absl::StrCat("rules.market: ", rules.market.size(),
                                                   " bytes, want 1 to ", kMarketNameMax,
                                                   " letters, digits, '-', '_', '.'"));
  }
  const auto count = [](const char* rule, uint32_t value) { return Check(rule, value, kCountRange); };
  const auto seconds = [](const char* rule, Micros value, const RuleRange& range) {
    return Check(rule, Count(value), range, kMicrosPerSecond);
  };
  PL_RETURN_IF_ERROR(Check("reveal_window_us", Count(rules.reveal_window), kRevealWindowMs, kMicrosPerMilli));
  PL_RETURN_IF_ERROR(seconds("lease_default_us", rules.lease_default, kLeaseSeconds));
  PL_RETURN_IF_ERROR(seconds("race_place_us", rules.race_place, kRacePlaceSeconds));
  PL_RETURN_IF_ERROR(seconds("time_limit_min_us", rules.time_limit_min, kTimeLimitSeconds));
  PL_RETURN_IF_ERROR(seconds("time_limit_max_us", rules.time_limit_max, kTimeLimitSeconds));
  if (rules.time_limit_min > rules.time_limit_max) {
    return absl::InvalidArgumentError(absl::StrCat("rules.time_limit_min_us: ", Count(rules.time_limit_min),
                                                   ", want at most time_limit_max_us, ",
                                                   Count(rules.time_limit_max)));
  }
  PL_RETURN_IF_ERROR(Check("draw_window_us", Count(rules.draw_window), kDrawWindowMs, kMicrosPerMilli));
  PL_RETURN_IF_ERROR(Check("race_width_default", rules.race_width_default, kRaceWidth));
  PL_RETURN_IF_ERROR(Check("late_percent", rules.late_percent, kLatePercent));
  PL_RETURN_IF_ERROR(seconds("silence_limit_us", rules.silence_limit, kSilenceSeconds));
  PL_RETURN_IF_ERROR(seconds("proof_retention_us", rules.proof_retention, kProofRetentionSeconds));
  PL_RETURN_IF_ERROR(count("open_jobs_per_requester_max", rules.open_jobs_per_requester_max));
  PL_RETURN_IF_ERROR(count("live_attempts_per_miner_max", rules.live_attempts_per_miner_max));
  PL_RETURN_IF_ERROR(count("admissions_per_miner_and_job_max", rules.admissions_per_miner_and_job_max));
  PL_RETURN_IF_ERROR(seconds("release_grace_us", rules.release_grace, kReleaseGraceSeconds));
  PL_RETURN_IF_ERROR(Check("unprovable_reports", rules.unprovable_reports, kUnprovableReports));
  PL_RETURN_IF_ERROR(Check("collateral_per_million", rules.collateral_per_million, kPerMillion));
  PL_RETURN_IF_ERROR(Check("release_fee_per_million", rules.release_fee_per_million, kPerMillion));
  PL_RETURN_IF_ERROR(Check("check_fee_per_million", rules.check_fee_per_million, kPerMillion));
  return Check("fee_per_million", rules.fee_per_million, kPerMillion);
}

}  // namespace prooflode::market
