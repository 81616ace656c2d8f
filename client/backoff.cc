#include "client/backoff.h"

#include <algorithm>

namespace prooflode::client {

Micros Backoff::Next() {
  bound_ = Count(bound_) == 0 ? options_.initial : std::min(options_.max, bound_ + bound_);
  return Micros{static_cast<int64_t>(random_.Below(static_cast<uint64_t>(Count(bound_)) + 1))};
}

}  // namespace prooflode::client
