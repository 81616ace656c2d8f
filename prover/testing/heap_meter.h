// How much memory a piece of a program takes: tests link this, which replaces the global operators new and
// delete by ones that count. What malloc hands out otherwise, stacks and mapped files are not seen.
#pragma once

#include <cstdint>

namespace prooflode {

// The program's heap from here on; one at a time. Any thread's allocations count.
class HeapMeter {
 public:
  HeapMeter();
  // The most bytes that were held at once, beyond those held when the meter was made.
  uint64_t Peak() const;
  // Those that are held now, beyond the same; negative where memory of before has been released.
  int64_t Held() const;

 private:
  int64_t begin_;
};

}  // namespace prooflode
