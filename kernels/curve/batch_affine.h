// Many points to affine coordinates with one inversion (Montgomery's trick).
#pragma once

#include <span>
#include <vector>

#include "base/check.h"
#include "kernels/curve/point.h"

namespace prooflode {

// out[i] = points[i], infinity included; sizes equal. Seven products a point and one inversion in all.
template <typename F>
void BatchToAffine(std::span<const XyzzPoint<F>> points, std::span<AffinePoint<F>> out) {
  PL_CHECK(points.size() == out.size());
  std::vector<F> inverses(points.size());
  std::vector<F> scratch(points.size());
  for (size_t i = 0; i < points.size(); ++i) inverses[i] = points[i].zzz;  // 0 at infinity, and stays 0
  BatchInvert<F>(inverses, scratch);
  for (size_t i = 0; i < points.size(); ++i) {
    const F inverse_zz = (inverses[i] * points[i].zz).Square();  // ZZ²/ZZZ² = 1/ZZ
    out[i] = {points[i].x * inverse_zz, points[i].y * inverses[i]};
  }
}

}  // namespace prooflode
