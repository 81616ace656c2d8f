// snarkjs .wtns files: the value of every signal, canonical integers below r. Layout: docs/formats/wtns.md.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "base/thread_pool.h"
#include "kernels/field/bn254.h"

namespace prooflode {

// Not empty, values[0] is 1 and every value is below r: checked by the reader. Wiped when it is released.
struct Witness {
  Witness() = default;
  Witness(const Witness&) = default;
  Witness(Witness&&) noexcept = default;
  Witness& operator=(const Witness& other);
  Witness& operator=(Witness&& other) noexcept;
  ~Witness();

  std::vector<Limbs> values;
};

constexpr uint32_t kWitnessValuesMax = uint32_t{1} << 29;

// kCancelled soon after `cancel` is.
StatusOr<Witness> ReadWtns(const std::string& path);
StatusOr<Witness> ReadWtnsFd(int fd, const std::string& name, const CancelToken* cancel = nullptr);
// A witness is secret: the file is its owner's alone (mode 0600).
Status WriteWtns(const std::string& path, const Witness& witness);

}  // namespace prooflode
