#include "base/real_env.h"

#include <sys/random.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/check.h"

namespace prooflode {

namespace {

template <typename C>
Micros Now() {
  return Micros{std::chrono::duration_cast<std::chrono::microseconds>(C::now().time_since_epoch()).count()};
}

}  // namespace

Micros RealClock::MonotonicNow() { return Now<std::chrono::steady_clock>(); }
Micros RealClock::WallNow() { return Now<std::chrono::system_clock>(); }
void RealClock::Sleep(Micros duration) {
  std::this_thread::sleep_for(std::chrono::microseconds(Count(duration)));
}

void RealRandom::Fill(std::span<uint8_t> out) {
  while (!out.empty()) {
    const ssize_t n = getrandom(out.data(), out.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    PL_CHECK(n > 0);
    out = out.subspan(static_cast<size_t>(n));
  }
}

}  // namespace prooflode
