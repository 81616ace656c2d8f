// Assertions that stay on in release builds. A failed check prints what was expected and aborts: a crash is
// better than a wrong proof or a lost reward, and everything durable survives it.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace prooflode::internal {

[[noreturn]] inline void CheckFailed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace prooflode::internal

// A broken invariant of our own; never for input from outside.
#define PL_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::prooflode::internal::CheckFailed(__FILE__, __LINE__, #condition))
