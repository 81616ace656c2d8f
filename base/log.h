// Log lines on stderr (spdlog behind). One line an event; never keys, witnesses or whole proofs.
//
// On a terminal lines carry time and colour; under journald a priority prefix and no time. Thread-safe.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "absl/strings/str_format.h"

namespace prooflode {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  bool json = false;  // one JSON object a line: time, level, part, message, fields
};

void InitLog(const LogOptions& options);
// `part` is a short lower-case word: net, engine, gpu 0, …
void Log(LogLevel level, std::string_view part, std::string_view message);

// A number that scripts need, as a member of its own in JSON; the message says it in words.
struct LogField {
  std::string_view name;  // none of time_us, level, part, message
  int64_t value = 0;
};
void Log(LogLevel level, std::string_view part, std::string_view message,
         std::initializer_list<LogField> fields);

template <typename... Args>
void LogInfo(std::string_view part, const absl::FormatSpec<Args...>& format, const Args&... args) {
  Log(LogLevel::kInfo, part, absl::StrFormat(format, args...));
}
template <typename... Args>
void LogWarning(std::string_view part, const absl::FormatSpec<Args...>& format, const Args&... args) {
  Log(LogLevel::kWarning, part, absl::StrFormat(format, args...));
}
template <typename... Args>
void LogError(std::string_view part, const absl::FormatSpec<Args...>& format, const Args&... args) {
  Log(LogLevel::kError, part, absl::StrFormat(format, args...));
}

}  // namespace prooflode
