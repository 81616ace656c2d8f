#include "base/command_line/device.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/strings.h"

namespace prooflode {
namespace {

constexpr size_t kIndexDigitsMax = 3;

bool IsHex(absl::string_view text, size_t digits) {
  return text.size() == digits && std::all_of(text.begin(), text.end(), absl::ascii_isxdigit);
}

// "0000:01:00.0": domain, bus, device and function.
bool IsPciAddress(absl::string_view text) {
  return text.size() == 12 && text[4] == ':' && text[7] == ':' && text[10] == '.' &&
         IsHex(text.substr(0, 4), 4) && IsHex(text.substr(5, 2), 2) && IsHex(text.substr(8, 2), 2) &&
         IsHex(text.substr(11), 1);
}

}  // namespace

bool IsDeviceName(const std::string& name) {
  if (name == "auto" || name == "cpu") return true;
  absl::string_view rest = name;
  if (absl::ConsumePrefix(&rest, "pci:")) return IsPciAddress(rest);
  if (!absl::ConsumePrefix(&rest, "cuda") && !absl::ConsumePrefix(&rest, "opencl")) return false;
  if (rest.empty()) return true;
  return absl::ConsumePrefix(&rest, ":") && !rest.empty() && rest.size() <= kIndexDigitsMax &&
         std::all_of(rest.begin(), rest.end(), absl::ascii_isdigit);
}

Status FindDevice(const std::string& name) {
  if (name == "auto" || name == "cpu") return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat("no device ", name, ": no such backend is built into this version; it has cpu"));
}

}  // namespace prooflode
