// BabyJubjub in constraints: complete addition, doubling, multiplication of a varying point and of the base
// point.
//
// Every function wants points that are on the curve (constrained so where they enter) and bits that are 0 or
// 1; then its result is the only one that satisfies the constraints, and it is on the curve.
#pragma once

#include <span>

#include "prover/workload/babyjubjub.h"
#include "prover/workload/builder.h"

namespace prooflode::workload {

struct PointWires {
  LinearCombination x;
  LinearCombination y;

  BabyJubjubPoint value() const { return {x.value(), y.value()}; }
};

PointWires PrivatePoint(Builder& builder, const BabyJubjubPoint& value);
// 3 constraints.
void AssertOnCurve(Builder& builder, const PointWires& point);
void AssertEqual(Builder& builder, const PointWires& a, const PointWires& b);

// 6 constraints.
PointWires Add(Builder& builder, const PointWires& a, const PointWires& b);
// 5 constraints.
PointWires Double(Builder& builder, const PointWires& a);
// The sum of 2^i·bits[i], times a: 22 constraints for two bits (windows of two).
PointWires Multiply(Builder& builder, std::span<const LinearCombination> bits, const PointWires& a);
// The same for the base point, at most 252 bits: 10 constraints for three bits (windows of three from fixed
// tables).
PointWires MultiplyBase(Builder& builder, std::span<const LinearCombination> bits);

}  // namespace prooflode::workload
