#include "miner/work/memory.h"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/files.h"

namespace prooflode::miner {

uint64_t MachineMemory() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGESIZE);
  uint64_t bytes = pages > 0 && page > 0 ? static_cast<uint64_t>(pages) * static_cast<uint64_t>(page) : 0;
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    const StatusOr<std::string> text = ReadFile(path, 64);
    uint64_t limit = 0;  // "max" is no number
    if (text.ok() && absl::SimpleAtoi(absl::StripSuffix(*text, "\n"), &limit)) bytes = std::min(bytes, limit);
  }
  return bytes;
}

std::optional<uint64_t> AvailableMemory() {
  const StatusOr<std::string> text = ReadFile("/proc/meminfo", 64 << 10);
  return text.ok() ? AvailableMemoryIn(*text) : std::nullopt;
}

std::optional<uint64_t> AvailableMemoryIn(std::string_view meminfo) {
  for (absl::string_view line : absl::StrSplit(Sv(meminfo), '\n')) {
    if (!absl::ConsumePrefix(&line, "MemAvailable:")) continue;
    uint64_t kibibytes = 0;
    if (!absl::ConsumeSuffix(&line, " kB") || !absl::SimpleAtoi(line, &kibibytes)) return std::nullopt;
    return kibibytes << 10;
  }
  return std::nullopt;
}

}  // namespace prooflode::miner
