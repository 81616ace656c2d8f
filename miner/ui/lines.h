// The miner's lines for people: one an event, ids shortened to six hexadecimal digits. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "miner/session/types.h"

namespace prooflode::miner {

// The market's money, for display.
struct Money {
  std::string name;
  uint32_t decimals = 0;
};

// What a proof took, in milliseconds.
struct ProofTimes {
  bool warm = false;  // the key was in memory already
  double load_ms = 0;
  double quotient_ms = 0;
  double msm_g1_ms = 0;
  double msm_g2_ms = 0;
  double finish_ms = 0;
  double verify_ms = 0;
  double prove_ms = 0;
  double total_ms() const { return load_ms + prove_ms + verify_ms; }
};

std::string ShortId(const JobId& id);
// "1.74 s", "38 ms".
std::string DurationText(double ms);
std::string AmountText(Amount amount, const Money& money);
// For estimates: rounded to three digits behind the point, or to three that are not zero.
std::string RoughAmountText(Amount amount, const Money& money);

// The disk that holds the cache, in bytes.
struct DiskState {
  uint64_t free = 0;
  uint64_t free_min = 0;  // what is to stay free
  uint64_t room = 0;      // what the cache may hold
  uint64_t quota = 0;     // what it may hold at most
  uint64_t deleted = 0;   // of its files, just now
  bool low() const { return room < quota; }
};
std::string DiskLine(const DiskState& disk);

// `left` until the deadline.
std::string NewJobLine(const action::ReportNewJob& report, Micros left, const Money& money);
// `disk`, where it is known, tells whether a job is too large for the quota or for the disk.
std::string SkippedLine(const action::ReportSkipped& report, const Money& money,
                        const std::optional<DiskState>& disk);
std::string CoordinatorStopsLine(const action::ReportCoordinatorStops& report);
std::string RefusedLine(const action::ReportRefused& report, const Money& money);
std::string ProofLine(const JobId& job, const ProofTimes& times);
std::string EndedLine(const action::ReportEnded& report, const Money& money);
std::string AsideLine(const action::ReportAside& report);
std::string BreakerLine(const action::ReportBreaker& report);

// One row of the table.
struct DeviceRow {
  std::string name;
  double proofs_per_hour = 0;
  double median_ms = 0;
  uint64_t won = 0;
  uint64_t lost = 0;
  uint64_t bad = 0;
};
// How races were won and lost; medians over the last ones, 0 where none is known.
struct Margins {
  uint64_t won = 0;
  uint64_t lost = 0;
  double won_ms = 0;   // ahead of the next valid proof
  double lost_ms = 0;  // behind the winner
};
// At the end of a run.
std::string SummaryLine(const Margins& margins, Amount earned, const Money& money);

// The last line sums up.
std::vector<std::string> TableLines(const std::vector<DeviceRow>& rows, Micros uptime, Amount earned,
                                    const Money& money);

}  // namespace prooflode::miner
