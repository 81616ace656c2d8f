// What came of a command, as its leaf has it (docs/formats/log.md, fields 101 to 104): jobs and attempts that
// changed, transfers that were made, draws that were held.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/units.h"

namespace prooflode::transparency {

inline constexpr uint16_t kJobRecordsField = 101;
inline constexpr uint16_t kAttemptRecordsField = 102;
inline constexpr uint16_t kTransferRecordsField = 103;
inline constexpr uint16_t kDrawRecordsField = 104;

// Ids and keys are raw bytes; states, reasons and kinds have the numbers of prooflode.v1.
struct JobRecord {
  std::string job;
  uint8_t state = 0;
  Micros deadline{};
  std::string delivered_attempt;  // zeros for none
  std::string winning_attempt;    // zeros for none
};

struct AttemptRecord {
  std::string attempt;
  std::string job;
  std::string miner;
  uint8_t state = 0;
  uint8_t reason = 0;
  uint64_t fence = 0;
  Micros reveal_by{};
};

struct TransferRecord {
  uint64_t id = 0;
  uint8_t kind = 0;
  uint64_t amount = 0;
  std::string debit;
  std::string credit;
  std::string job;  // hexadecimal, or empty
};

struct DrawRecord {
  struct Candidate {
    std::string miner;
    uint32_t tickets = 0;
    bool admitted = false;
  };
  std::string job;
  uint32_t number = 0;
  uint32_t places = 0;
  std::vector<Candidate> candidates;  // in the order in which they get places
};

// Records stand back to back to the end of the field; kDataLoss where the last one is cut.
StatusOr<std::vector<JobRecord>> DecodeJobRecords(std::string_view field);
StatusOr<std::vector<AttemptRecord>> DecodeAttemptRecords(std::string_view field);
StatusOr<std::vector<TransferRecord>> DecodeTransferRecords(std::string_view field);
StatusOr<std::vector<DrawRecord>> DecodeDrawRecords(std::string_view field);

}  // namespace prooflode::transparency
