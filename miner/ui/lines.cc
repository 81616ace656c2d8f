#include "miner/ui/lines.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "absl/numeric/int128.h"
#include "absl/strings/str_format.h"
#include "base/amount_text.h"

namespace prooflode::miner {
namespace {

std::string ClockText(Micros duration) {
  const int64_t s = std::max<int64_t>(Count(duration) / 1'000'000, 0);
  if (s < 3600) return absl::StrFormat("%02d:%02d", s / 60, s % 60);
  if (s < 86'400) return absl::StrFormat("%dh%02d", s / 3600, s / 60 % 60);
  return absl::StrFormat("%dd%02dh", s / 86'400, s / 3600 % 24);
}

std::string SizeText(uint64_t domain_size) {
  if (std::has_single_bit(domain_size)) return absl::StrFormat("2^%d", std::countr_zero(domain_size));
  return absl::StrFormat("%d rows", domain_size);
}

// Races are close: tenths of a millisecond count.
std::string MarginText(double ms) { return ms < 10 ? absl::StrFormat("%.1f ms", ms) : DurationText(ms); }

// Whether it was us who were slow: " (after 1.79 s, about 1.74 s were expected)".
std::string SpentText(const action::ReportEnded& report) {
  if (Count(report.spent) == 0 || Count(report.predicted) == 0) return "";
  return absl::StrFormat(" (after %s, about %s were expected)", DurationText(ToMillis(report.spent)),
                         DurationText(ToMillis(report.predicted)));
}

std::string WinRatioText(uint64_t won, uint64_t lost) {
  if (won + lost == 0) return "-";
  return absl::StrFormat("%.1f%%", 100.0 * static_cast<double>(won) / static_cast<double>(won + lost));
}

// The reward for 1000 work units, where the work is known.
std::string PriceText(const OfferedJob& job, const Money& money) {
  if (job.work_units == 0) return "";
  const absl::uint128 price = absl::uint128(Count(job.reward)) * 1000 / job.work_units;
  if (price > std::numeric_limits<uint64_t>::max()) return "";
  return absl::StrFormat(" (%s for 1000 units)", AmountText(Amount{static_cast<uint64_t>(price)}, money));
}

}  // namespace

std::string ShortId(const JobId& id) { return HexEncode(ByteSpan(id).first(3)); }

std::string DurationText(double ms) {
  if (ms < 1000) return absl::StrFormat("%.0f ms", ms);
  return absl::StrFormat("%.2f s", ms / 1000);
}

std::string AmountText(Amount amount, const Money& money) {
  const std::string number = FormatAmount(amount, money.decimals);
  return money.name.empty() ? number : number + " " + money.name;
}

std::string RoughAmountText(Amount amount, const Money& money) {
  // Of a whole amount three decimals are kept; of less the first three digits that are not zero.
  uint64_t whole = 1;
  for (uint32_t i = 0; i < money.decimals; ++i) whole *= 10;
  uint64_t step = 1;
  while (std::min(Count(amount), whole - 1) / step >= 1000) step *= 10;
  const uint64_t down = Count(amount) - Count(amount) % step;
  const bool up = Count(amount) - down >= step - step / 2 && down <= ~uint64_t{0} - step;
  return AmountText(Amount{up ? down + step : down}, money);
}

std::string NewJobLine(const action::ReportNewJob& report, Micros left, const Money& money) {
  const OfferedJob& job = report.job;
  const Worth& worth = report.worth;
  const std::string of = job.width > 0 ? absl::StrFormat(" of %d", job.width) : "";
  const std::string place = worth.place < 1 ? absl::StrFormat("place %.0f%%, ", worth.place * 100) : "";
  const std::string collateral =
      Count(job.collateral) > 0 ? " collateral " + AmountText(job.collateral, money) : "";
  return absl::StrFormat(
      "new job %s %s %s reward %s%s%s deadline %s (%d%s racing), about %s here, %schance %.0f%%, worth %s, "
      "%s an hour",
      ShortId(job.id), job.circuit_name, SizeText(job.domain_size), AmountText(job.reward, money),
      PriceText(job, money), collateral, ClockText(left), job.racers, of,
      DurationText(ToMillis(worth.predicted)), place, worth.chance * 100,
      RoughAmountText(worth.expected, money), RoughAmountText(worth.per_hour, money));
}

std::string SkippedLine(const action::ReportSkipped& report, const Money& money,
                        const std::optional<DiskState>& disk) {
  const OfferedJob& job = report.job;
  std::string why = ReasonText(report.reason);
  if (report.reason == Reason::kDisk && disk && job.zkey_bytes + job.witness_bytes > disk->quota) {
    why =
        absl::StrFormat("key and witness need %d MB, cache.quota_mb allows %d",
                        (job.zkey_bytes + job.witness_bytes + 999'999) / 1'000'000, disk->quota / 1'000'000);
  }
  return absl::StrFormat("skipped %s %s reward %s: %s", ShortId(job.id), job.circuit_name,
                         AmountText(job.reward, money), why);
}

std::string CoordinatorStopsLine(const action::ReportCoordinatorStops& report) {
  return absl::StrFormat("the coordinator stops within %s: no more offers until it is back",
                         ClockText(report.left));
}

std::string RefusedLine(const action::ReportRefused& report, const Money& money) {
  std::string amounts;
  if (report.reason == Reason::kCollateralTooLow) {
    const std::string balance = report.balance ? AmountText(*report.balance, money) : "not known";
    amounts =
        absl::StrFormat(" (collateral %s, balance %s)", AmountText(report.job.collateral, money), balance);
  }
  return absl::StrFormat("not admitted to %s: %s%s", ShortId(report.job.id), ReasonText(report.reason),
                         amounts);
}

std::string ProofLine(const JobId& job, const ProofTimes& t) {
  return absl::StrFormat("proof %s %s (load %s%s ntt %s msm g1 %s g2 %s verify %s)", ShortId(job),
                         DurationText(t.total_ms()), DurationText(t.load_ms), t.warm ? " warm" : "",
                         DurationText(t.quotient_ms), DurationText(t.msm_g1_ms), DurationText(t.msm_g2_ms),
                         DurationText(t.verify_ms));
}

std::string EndedLine(const action::ReportEnded& report, const Money& money) {
  const std::string id = ShortId(report.job);
  switch (report.state) {
    case AttemptState::kWon:
      return absl::StrFormat("WON %s +%s%s (%s)", id, AmountText(report.paid, money),
                             report.margin ? " by " + MarginText(ToMillis(*report.margin)) : "",
                             DurationText(ToMillis(report.spent)));
    case AttemptState::kLost:
      if (!report.committed) {
        return absl::StrFormat("lost %s before our proof was ready%s", id, SpentText(report));
      }
      if (!report.margin) return absl::StrFormat("lost %s to an earlier proof%s", id, SpentText(report));
      return absl::StrFormat("lost %s %s behind the winner%s", id, MarginText(ToMillis(*report.margin)),
                             SpentText(report));
    case AttemptState::kInvalid:
      return absl::StrFormat("REJECTED %s: %s", id, ReasonText(report.reason));
    case AttemptState::kTimedOut:
      return absl::StrFormat("TIMED OUT %s: %s", id, ReasonText(report.reason));
    case AttemptState::kReleased:
      return absl::StrFormat("released %s: %s", id, ReasonText(report.reason));
    case AttemptState::kJobEnded:
      return absl::StrFormat("ended %s: %s", id, ReasonText(report.reason));
    default:
      return absl::StrFormat("ended %s while we were away, outcome not known here", id);
  }
}

std::string DiskLine(const DiskState& disk) {
  const auto mb = [](uint64_t bytes) { return bytes / 1'000'000; };
  if (!disk.low()) return absl::StrFormat("disk has room again: %d MB free", mb(disk.free));
  return absl::StrFormat(
      "disk runs low: %d MB free, %d MB of it stay free; the cache may hold %d of %d MB, %d MB were deleted, "
      "and jobs that need more are skipped",
      mb(disk.free), mb(disk.free_min), mb(disk.room), mb(disk.quota), mb(disk.deleted));
}

std::string AsideLine(const action::ReportAside& report) {
  return absl::StrFormat(
      "circuit %s is put aside for %s: its jobs ended the worker again and again; others go on",
      report.circuit_name, ClockText(report.pause));
}

std::string SummaryLine(const Margins& margins, Amount earned, const Money& money) {
  const auto by = [](double ms, const char* what) {
    return ms > 0 ? absl::StrFormat(" (median %s %s)", MarginText(ms), what) : "";
  };
  return absl::StrFormat("won %d%s, lost %d%s, earned %s", margins.won, by(margins.won_ms, "ahead"),
                         margins.lost, by(margins.lost_ms, "behind"), AmountText(earned, money));
}

std::string BreakerLine(const action::ReportBreaker& report) {
  if (!report.open) {
    return absl::StrFormat("no longer stopped by %s: taking work again unless something else is amiss",
                           StopReasonText(report.reason));
  }
  switch (report.reason) {
    case StopReason::kFailures:
      return absl::StrFormat("too many failures in a row: taking no work for %s", ClockText(report.pause));
    case StopReason::kDisk:
      return "the disk is full: taking no work until there is room again";
    case StopReason::kMemory:
      return "memory is short: taking no work until there is enough again";
  }
  return "taking no work";
}

std::vector<std::string> TableLines(const std::vector<DeviceRow>& rows, Micros uptime, Amount earned,
                                    const Money& money) {
  std::vector<std::string> lines;
  lines.push_back(absl::StrFormat("%-2s %-16s %9s %9s %6s %6s %5s", "#", "device", "proofs/h", "p50", "won",
                                  "lost", "bad"));
  DeviceRow all;
  for (size_t i = 0; i < rows.size(); ++i) {
    const DeviceRow& r = rows[i];
    lines.push_back(absl::StrFormat("%-2d %-16s %9.0f %9s %6d %6d %5d", i, r.name, r.proofs_per_hour,
                                    r.median_ms > 0 ? DurationText(r.median_ms) : "-", r.won, r.lost, r.bad));
    all.proofs_per_hour += r.proofs_per_hour;
    all.won += r.won;
    all.lost += r.lost;
    all.bad += r.bad;
  }
  lines.push_back(absl::StrFormat("%-2s %-16s %9.0f %9s %6d %6d %5d  win %s  earned %s  up %s", "*", "",
                                  all.proofs_per_hour, "-", all.won, all.lost, all.bad,
                                  WinRatioText(all.won, all.lost), AmountText(earned, money),
                                  ClockText(uptime)));
  return lines;
}

}  // namespace prooflode::miner
