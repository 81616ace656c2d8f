// Lines of an exported log (docs/formats/log.md), read back: only what can be checked is taken from them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"

namespace prooflode::transparency {

struct LogLine {
  uint64_t leaf_index = 0;
  std::string leaf;                    // the leaf's bytes
  Digest said_hash{};                  // what the line says of them
  std::optional<std::string> proof{};  // beside the leaf, to be held against the hash in it
};

inline constexpr size_t kLogLineBytesMax = size_t{64} << 20;

// kInvalidArgument names the member that is missing or malformed. What else is in the line is not looked at.
StatusOr<LogLine> ParseLogLine(std::string_view line);

}  // namespace prooflode::transparency
