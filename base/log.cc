#include "base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/printable.h"

namespace prooflode {

namespace {

bool g_json = false;

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

const char* JournalPriority(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "<7>";
    case LogLevel::kInfo:
      return "<6>";
    case LogLevel::kWarning:
      return "<4>";
    case LogLevel::kError:
      return "<3>";
  }
  return "<6>";
}

const char* LevelWord(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

bool UnderJournal() { return std::getenv("JOURNAL_STREAM") != nullptr && !isatty(STDERR_FILENO); }

std::shared_ptr<spdlog::logger> Logger() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    const bool colour = isatty(STDERR_FILENO) && std::getenv("NO_COLOR") == nullptr;
    auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>(colour ? spdlog::color_mode::always
                                                                             : spdlog::color_mode::never);
    auto made = std::make_shared<spdlog::logger>("prooflode", std::move(sink));
    made->set_pattern(UnderJournal() ? "%v" : "%H:%M:%S.%e %^%v%$");
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return logger;
}

}  // namespace

void InitLog(const LogOptions& options) {
  g_json = options.json;
  Logger()->set_level(ToSpdlog(options.level));
  if (options.json) Logger()->set_pattern("%v");
}

void Log(LogLevel level, std::string_view part, std::string_view message) { Log(level, part, message, {}); }

void Log(LogLevel level, std::string_view part, std::string_view message,
         std::initializer_list<LogField> fields) {
  if (!Logger()->should_log(ToSpdlog(level))) return;
  std::string line;
  if (g_json) {
    const auto now =
        std::chrono::duration_cast<std::chrono::microseconds>(spdlog::details::os::now().time_since_epoch())
            .count();
    nlohmann::json object{
        {"time_us", now}, {"level", LevelWord(level)}, {"part", part}, {"message", message}};
    for (const LogField& field : fields) object[std::string(field.name)] = field.value;
    line = object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  } else {
    if (UnderJournal()) line = JournalPriority(level);
    line += absl::StrFormat("%-8s ", std::string(part));
    if (level == LogLevel::kWarning) line += "WARNING ";
    if (level == LogLevel::kError) line += "ERROR ";
    line += Printable(message);  // it may quote strangers
  }
  Logger()->log(ToSpdlog(level), "{}", line);
}

}  // namespace prooflode
