// Arrays that hold something derived from a secret: wiped when they are released.
#pragma once

#include <string.h>

#include <cstddef>
#include <memory>
#include <type_traits>

namespace prooflode {

template <typename T>
struct WipingDelete {
  size_t count = 0;
  void operator()(T* values) const {
    explicit_bzero(values, count * sizeof(T));
    delete[] values;
  }
};

template <typename T>
using SecretArray = std::unique_ptr<T[], WipingDelete<T>>;

// `count` elements, not initialized.
template <typename T>
SecretArray<T> MakeSecretArray(size_t count) {
  static_assert(std::is_trivial_v<T>);
  return SecretArray<T>(new T[count], WipingDelete<T>{count});
}

}  // namespace prooflode
