// Batch affine addition, eight pairs of points at a time; otherwise as in kernels/host/scalar_batch_add.h,
// which also gets the pairs that want another formula.
//
// A product of lanes is short of a factor 16 (kernels/host/ifma_lanes.h). In the running products of
// denominators these factors cancel against those of the way back. The inverse is made 64 times too large:
// then slopes are 4λ, (4λ)²/16 = λ², and λ·(x1 - x3) = 4λ·4(x1 - x3)/16.
#pragma once

#if defined(__x86_64__)

#include <span>
#include <vector>

#include "kernels/field/fp2.h"
#include "kernels/host/ifma_lanes.h"
#include "kernels/host/scalar_batch_add.h"

namespace prooflode::ifma {

// What the adder needs of a coordinate field: eight elements as lanes, products short of a factor 16.
template <typename F>
struct Coordinate;

template <typename P>
struct Coordinate<Fp<P>> {
  using Base = Mod<Fp<P>>;
  static constexpr size_t kWords = 4;
  struct Memory {
    Words c;
  };
  struct Value {
    Lanes c;
  };

  PL_IFMA Memory Gather(const uint64_t* const (&at)[kLanes], size_t word) { return {ifma::Gather(at, word)}; }
  PL_IFMA void Scatter(const Value& x, uint64_t* const (&at)[kLanes], size_t word, __mmask8 mask) {
    ifma::Scatter(ToWords(x.c), at, word, mask);
  }
  PL_IFMA Value Of(const Memory& x) { return {ToLanes(x.c)}; }
  PL_IFMA Value BroadcastOf(const Fp<P>& x) { return {Base::BroadcastOf(x)}; }
  // Zero where x is, or where x and y are equal.
  PL_IFMA __m512i Bits(const Memory& x) {
    return _mm512_or_si512(_mm512_or_si512(x.c.w[0], x.c.w[1]), _mm512_or_si512(x.c.w[2], x.c.w[3]));
  }
  PL_IFMA __m512i Differences(const Memory& x, const Memory& y) {
    __m512i bits = _mm512_xor_si512(x.c.w[0], y.c.w[0]);
    PL_UNROLL
    for (int i = 1; i < 4; ++i) bits = _mm512_or_si512(bits, _mm512_xor_si512(x.c.w[i], y.c.w[i]));
    return bits;
  }
  PL_IFMA Value Choose(__mmask8 mask, const Value& a, const Value& b) { return {Blend(mask, a.c, b.c)}; }
  // p - a in the lanes of `mask`; a below p, the result not normal.
  PL_IFMA Value NegatedIf(__mmask8 mask, const Value& a) { return {Blend(mask, a.c, Base::Times(1) - a.c)}; }
  // a - b + multiple·p, normal.
  PL_IFMA Value Minus(const Value& a, const Value& b, uint64_t multiple) {
    return {Carry(a.c - b.c + Base::Times(multiple))};
  }
  // a - b - c + multiple·p in [0, 4p), reduced to [0, p).
  PL_IFMA Value ReducedMinus(const Value& a, const Value& b, const Value& c, uint64_t multiple) {
    return {Base::Reduced(Carry(a.c - b.c - c.c + Base::Times(multiple)))};
  }
  PL_IFMA Value Reduced(const Value& a) { return {Base::Reduced(a.c)}; }
  // 4(a - b + p), normal.
  PL_IFMA Value FourTimesMinus(const Value& a, const Value& b) {
    return {Carry(ShiftedLeft(a.c - b.c + Base::Times(1), 2))};
  }
  // Operands below 8p, results below 2p.
  PL_IFMA Value Mul(const Value& a, const Value& b) { return {Base::Mul(a.c, b.c)}; }
  PL_IFMA Value Square(const Value& a) { return {Base::Mul(a.c, a.c)}; }
  PL_IFMA Value Zero() { return {Base::Times(0)}; }
};

template <typename F>
struct Coordinate<Fp2<F>> {
  using Base = Mod<F>;
  using Part = Coordinate<F>;
  static constexpr size_t kWords = 8;
  struct Memory {
    typename Part::Memory c0, c1;
  };
  struct Value {
    typename Part::Value c0, c1;
  };

  PL_IFMA Memory Gather(const uint64_t* const (&at)[kLanes], size_t word) {
    return {Part::Gather(at, word), Part::Gather(at, word + 4)};
  }
  PL_IFMA void Scatter(const Value& x, uint64_t* const (&at)[kLanes], size_t word, __mmask8 mask) {
    Part::Scatter(x.c0, at, word, mask);
    Part::Scatter(x.c1, at, word + 4, mask);
  }
  PL_IFMA Value Of(const Memory& x) { return {Part::Of(x.c0), Part::Of(x.c1)}; }
  PL_IFMA Value BroadcastOf(const Fp2<F>& x) { return {Part::BroadcastOf(x.c0), Part::BroadcastOf(x.c1)}; }
  PL_IFMA __m512i Bits(const Memory& x) { return _mm512_or_si512(Part::Bits(x.c0), Part::Bits(x.c1)); }
  PL_IFMA __m512i Differences(const Memory& x, const Memory& y) {
    return _mm512_or_si512(Part::Differences(x.c0, y.c0), Part::Differences(x.c1, y.c1));
  }
  PL_IFMA Value Choose(__mmask8 mask, const Value& a, const Value& b) {
    return {Part::Choose(mask, a.c0, b.c0), Part::Choose(mask, a.c1, b.c1)};
  }
  PL_IFMA Value NegatedIf(__mmask8 mask, const Value& a) {
    return {Part::NegatedIf(mask, a.c0), Part::NegatedIf(mask, a.c1)};
  }
  PL_IFMA Value Minus(const Value& a, const Value& b, uint64_t multiple) {
    return {Part::Minus(a.c0, b.c0, multiple), Part::Minus(a.c1, b.c1, multiple)};
  }
  PL_IFMA Value ReducedMinus(const Value& a, const Value& b, const Value& c, uint64_t multiple) {
    return {Part::ReducedMinus(a.c0, b.c0, c.c0, multiple), Part::ReducedMinus(a.c1, b.c1, c.c1, multiple)};
  }
  PL_IFMA Value Reduced(const Value& a) { return {Part::Reduced(a.c0), Part::Reduced(a.c1)}; }
  PL_IFMA Value FourTimesMinus(const Value& a, const Value& b) {
    return {Part::FourTimesMinus(a.c0, b.c0), Part::FourTimesMinus(a.c1, b.c1)};
  }
  // a below 2p and b below 8p: the sums stay below 2·2p·8p.
  PL_IFMA Value Mul(const Value& a, const Value& b) {
    const Lanes minus_b1 = Carry(Base::Times(8) - b.c1.c);
    return {{Base::SumOfProducts(a.c0.c, b.c0.c, a.c1.c, minus_b1)},
            {Base::SumOfProducts(a.c0.c, b.c1.c, a.c1.c, b.c0.c)}};
  }
  // a below 2p.
  PL_IFMA Value Square(const Value& a) {
    const Lanes sum = Carry(a.c0.c + a.c1.c);
    const Lanes difference = Carry(a.c0.c - a.c1.c + Base::Times(2));
    const Lanes twice = Carry(a.c1.c + a.c1.c);
    return {{Base::Mul(sum, difference)}, {Base::Mul(a.c0.c, twice)}};
  }
  PL_IFMA Value Zero() { return {Part::Zero(), Part::Zero()}; }
};

// Scratch for batches of at most `max_pairs`; one thread's. Interface and contract: BatchAdder.
template <typename F>
class IfmaBatchAdder {
 public:
  using Point = AffinePoint<F>;

  explicit IfmaBatchAdder(size_t max_pairs)
      : max_pairs_(max_pairs), groups_((max_pairs + kLanes - 1) / kLanes + 1), special_adder_(max_pairs) {}

  void AddPairs(std::span<Point> points, std::span<PointPair> pairs) {
    if (pairs.size() < kFewest) return special_adder_.AddPairs(points, pairs);
    special_pairs_.clear();
    Add(InPlace{points.data(), pairs}, special_pairs_);
    if (!special_pairs_.empty()) special_adder_.AddPairs(points, special_pairs_);
  }
  void AddRefs(const Point* bases, std::span<const RefPair> pairs, std::span<Point> points) {
    if (pairs.size() < kFewest) return special_adder_.AddRefs(bases, pairs, points);
    special_refs_.clear();
    Add(FromBases{bases, pairs, points.data()}, special_refs_);
    if (!special_refs_.empty()) special_adder_.AddRefs(bases, special_refs_, points);
  }

 private:
  using C = Coordinate<F>;
  using Value = typename C::Value;
  // Fewer are as quickly added one by one.
  static constexpr size_t kFewest = 2 * kLanes;

  struct alignas(64) Group {
    Value denominator;  // 1 in the lanes that are not ordinary
    Value quotient;     // first 16 times the product of earlier denominators, then 64/denominator
    unsigned ordinary;  // lanes whose points are finite and have different x
  };
  // Where the points of a group are, and their sums go.
  struct Places {
    const uint64_t* left[kLanes];
    const uint64_t* right[kLanes];
    uint64_t* to[kLanes];
    unsigned negate_left = 0;
    unsigned negate_right = 0;
  };
  // The two kinds of pairs.
  struct InPlace {
    Point* points;
    std::span<const PointPair> pairs;

    static constexpr bool kSigned = false;
    PL_IFMA_MEMBER void Put(Places& at, size_t lane, size_t pair) const {
      at.to[lane] = reinterpret_cast<uint64_t*>(&points[pairs[pair].left]);
      at.left[lane] = at.to[lane];
      at.right[lane] = reinterpret_cast<const uint64_t*>(&points[pairs[pair].right]);
    }
    PL_IFMA_MEMBER void Prefetch(size_t) const {}
  };
  struct FromBases {
    const Point* bases;
    std::span<const RefPair> pairs;
    Point* points;

    static constexpr bool kSigned = true;
    PL_IFMA_MEMBER void Put(Places& at, size_t lane, size_t pair) const {
      const RefPair& refs = pairs[pair];
      at.left[lane] = reinterpret_cast<const uint64_t*>(&bases[refs.left >> 1]);
      at.right[lane] = reinterpret_cast<const uint64_t*>(&bases[refs.right >> 1]);
      at.to[lane] = reinterpret_cast<uint64_t*>(&points[refs.to]);
      at.negate_left |= (refs.left & 1) << lane;
      at.negate_right |= (refs.right & 1) << lane;
    }
    PL_IFMA_MEMBER void Prefetch(size_t pair) const { PrefetchRefs(bases, pairs, pair); }
  };

  // Adds what is ordinary and lists the rest.
  template <typename Source, typename Pair>
  void Add(const Source& source, std::vector<Pair>& special) {
    const size_t count = source.pairs.size();
    PL_CHECK(count <= max_pairs_);
    AddGroups(source);
    for (size_t g = 0; kLanes * g < count; ++g) {
      const size_t here = std::min<size_t>(kLanes, count - kLanes * g);
      if (groups_[g].ordinary == (1u << here) - 1) continue;
      for (size_t i = 0; i < here; ++i) {
        if (((groups_[g].ordinary >> i) & 1) == 0) special.push_back(source.pairs[kLanes * g + i]);
      }
    }
  }

  template <typename Source>
  PL_IFMA Places PlacesOf(const Source& source, size_t group) {
    Places at;
    const size_t last = source.pairs.size() - 1;
    PL_UNROLL
    for (size_t i = 0; i < kLanes; ++i) source.Put(at, i, std::min(kLanes * group + i, last));
    return at;
  }

  template <typename Source>
  PL_IFMA_TARGET void AddGroups(const Source& source) {
    const size_t count = source.pairs.size();
    const size_t groups = (count + kLanes - 1) / kLanes;
    Value product = C::BroadcastOf(Sixteen());
    const Value one = C::BroadcastOf(F::One());
    for (size_t g = 0; g < groups; ++g) {
      for (size_t i = 0; i < kLanes; ++i) source.Prefetch(kLanes * (g + 2) + i);
      const Places at = PlacesOf(source, g);
      const typename C::Memory xa = C::Gather(at.left, 0);
      const typename C::Memory xb = C::Gather(at.right, 0);
      const __m512i zero = _mm512_setzero_si512();
      // A zero x is infinity, or so rare that it does not matter.
      __mmask8 ordinary = _mm512_cmpneq_epi64_mask(C::Differences(xa, xb), zero) &
                          _mm512_cmpneq_epi64_mask(C::Bits(xa), zero) &
                          _mm512_cmpneq_epi64_mask(C::Bits(xb), zero);
      if (kLanes * (g + 1) > count) ordinary &= static_cast<__mmask8>((1u << (count - kLanes * g)) - 1);
      Group& group = groups_[g];
      group.ordinary = ordinary;
      group.denominator = C::Choose(ordinary, one, C::Minus(C::Of(xb), C::Of(xa), 1));
      group.quotient = product;
      product = C::Mul(product, group.denominator);
    }
    Value inverse = InverseTimes64(product);
    for (size_t g = groups; g-- > 0;) {
      Group& group = groups_[g];
      group.quotient = C::Mul(inverse, group.quotient);
      inverse = C::Mul(inverse, group.denominator);
    }
    // A sum is a chain of products each of which waits for the one before: two groups in turn keep the
    // multiplier busy.
    if (groups % 2 != 0) groups_[groups].ordinary = 0;  // adds nothing
    for (size_t g = 0; g < groups; g += 2) FinishTwo(source, g);
  }

  template <typename Source>
  PL_IFMA_MEMBER void FinishTwo(const Source& source, size_t first) {
    constexpr size_t kGroups = 2;
    Places at[kGroups];
    Value xa[kGroups], ya[kGroups], xb[kGroups], slope[kGroups], x[kGroups], y[kGroups];
    PL_UNROLL
    for (size_t i = 0; i < kGroups; ++i) {
      at[i] = PlacesOf(source, first + i);
      ya[i] = C::Of(C::Gather(at[i].left, C::kWords));
      Value yb = C::Of(C::Gather(at[i].right, C::kWords));
      if constexpr (Source::kSigned) {
        ya[i] = C::NegatedIf(static_cast<__mmask8>(at[i].negate_left), ya[i]);
        yb = C::NegatedIf(static_cast<__mmask8>(at[i].negate_right), yb);
      }
      slope[i] = C::Minus(yb, ya[i], 1);
    }
    PL_UNROLL
    for (size_t i = 0; i < kGroups; ++i) slope[i] = C::Mul(groups_[first + i].quotient, slope[i]);
    PL_UNROLL
    for (size_t i = 0; i < kGroups; ++i) {
      xa[i] = C::Of(C::Gather(at[i].left, 0));
      xb[i] = C::Of(C::Gather(at[i].right, 0));
    }
    PL_UNROLL
    for (size_t i = 0; i < kGroups; ++i) x[i] = C::Square(slope[i]);
    PL_UNROLL
    for (size_t i = 0; i < kGroups; ++i) x[i] = C::ReducedMinus(x[i], xa[i], xb[i], 2);
    PL_UNROLL
    for (size_t i = 0; i < kGroups; ++i) y[i] = C::Mul(slope[i], C::FourTimesMinus(xa[i], x[i]));
    PL_UNROLL
    for (size_t i = 0; i < kGroups; ++i) y[i] = C::ReducedMinus(y[i], ya[i], C::Zero(), 1);
    PL_UNROLL
    for (size_t i = 0; i < kGroups; ++i) {
      const __mmask8 mask = static_cast<__mmask8>(groups_[first + i].ordinary);
      C::Scatter(x[i], at[i].to, 0, mask);
      C::Scatter(y[i], at[i].to, C::kWords, mask);
    }
  }

  // 64/x in every lane.
  PL_IFMA_TARGET static Value InverseTimes64(const Value& x) {
    std::array<F, kLanes> values;
    uint64_t* at[kLanes];
    for (int i = 0; i < kLanes; ++i) at[i] = reinterpret_cast<uint64_t*>(&values[i]);
    C::Scatter(C::Reduced(x), at, 0, 0xff);
    InvertTimes64(values);
    const uint64_t* from[kLanes];
    for (int i = 0; i < kLanes; ++i) from[i] = at[i];
    return C::Of(C::Gather(from, 0));
  }
  static void InvertTimes64(std::array<F, kLanes>& values) {
    std::array<F, kLanes> scratch;
    BatchInvert<F>(values, scratch);
    F times64 = F::One();
    for (int i = 0; i < 6; ++i) times64 = times64.Double();
    for (F& value : values) value = value * times64;
  }
  static F Sixteen() {
    F sixteen = F::One();
    for (int i = 0; i < 4; ++i) sixteen = sixteen.Double();
    return sixteen;
  }

  const size_t max_pairs_;
  std::vector<Group> groups_;
  std::vector<PointPair> special_pairs_;
  std::vector<RefPair> special_refs_;
  BatchAdder<F> special_adder_;
};

}  // namespace prooflode::ifma

#endif  // __x86_64__
