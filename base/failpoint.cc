#include "base/failpoint.h"

#include <signal.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/numbers.h"
#include "base/strings.h"

namespace prooflode {
namespace {

struct Armed {
  std::string name;  // empty for none
  std::atomic<int64_t> left{0};

  Armed() {
    const char* text = std::getenv("PROOFLODE_FAILPOINT");
    if (text == nullptr) return;
    const std::string_view value(text);
    const size_t colon = value.rfind(':');
    int64_t count = 1;
    if (colon != value.npos && !absl::SimpleAtoi(Sv(value.substr(colon + 1)), &count)) return;
    name = value.substr(0, colon);
    left = count;
  }
};

}  // namespace

void Failpoint(std::string_view name) {
  static Armed armed;
  if (armed.name.empty() || armed.name != name) return;
  if (armed.left.fetch_sub(1) == 1) raise(SIGKILL);
}

}  // namespace prooflode
