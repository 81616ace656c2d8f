#include "prover/testing/heap_meter.h"

#include <malloc.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace prooflode {
namespace {

constinit std::atomic<int64_t> held{0};
constinit std::atomic<int64_t> peak{0};

// The usable size: what is counted in is what is counted out.
void* Allocate(size_t size) {
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  const auto bytes = static_cast<int64_t>(malloc_usable_size(memory));
  const int64_t now = held.fetch_add(bytes) + bytes;
  int64_t highest = peak.load();
  while (now > highest && !peak.compare_exchange_weak(highest, now)) {
  }
  return memory;
}

void Release(void* memory) {
  if (memory == nullptr) return;
  held.fetch_sub(static_cast<int64_t>(malloc_usable_size(memory)));
  std::free(memory);
}

}  // namespace

HeapMeter::HeapMeter() : begin_(held.load()) { peak.store(begin_); }
uint64_t HeapMeter::Peak() const { return static_cast<uint64_t>(peak.load() - begin_); }
int64_t HeapMeter::Held() const { return held.load() - begin_; }

}  // namespace prooflode

// All forms, since a sanitizer brings its own of those that are left out; but those of over-aligned types, of
// which the prover has none.
void* operator new(size_t size) { return prooflode::Allocate(size); }
void* operator new[](size_t size) { return prooflode::Allocate(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return prooflode::Allocate(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return prooflode::Allocate(size); }
void operator delete(void* memory) noexcept { prooflode::Release(memory); }
void operator delete[](void* memory) noexcept { prooflode::Release(memory); }
void operator delete(void* memory, size_t) noexcept { prooflode::Release(memory); }
void operator delete[](void* memory, size_t) noexcept { prooflode::Release(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { prooflode::Release(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { prooflode::Release(memory); }
