#include "prover/pairing/pairing.h"

#include "base/check.h"
#include "prover/pairing/wnaf.h"

namespace prooflode {
namespace {

constexpr SignedDigits kLoop = RecodeWnaf(static_cast<unsigned __int128>(kBn254U) * 6 + 2, 2);

// One line for each doubling, one for each non-zero digit after the leading one, two at the end.
constexpr size_t CountLines() {
  size_t count = 2;
  for (int i = kLoop.length - 2; i >= 0; --i) count += kLoop.digits[i] == 0 ? 1 : 2;
  return count;
}
constexpr size_t kLineCount = CountLines();

// Walks the multiples of Q in homogeneous coordinates (x = X/Z, y = Y/Z) and collects the lines with their
// denominators.
class LineWalk {
 public:
  explicit LineWalk(const G2Affine& q) : x_(q.x), y_(q.y), z_(Fq2::One()) {
    numerators_.reserve(kLineCount);
    denominators_.reserve(kLineCount);
  }

  // The tangent at T, T = 2T. Costello, Lange, Naehrig (eprint 2009/615) with the changes of eprint 2010/526.
  void Double() {
    const Fq2 b = y_.Square();
    const Fq2 c = z_.Square();
    const Fq2 e = c * ThreeB();
    const Fq2 f = e.Double() + e;
    const Fq2 h = (y_ + z_).Square() - b - c;  // 2YZ
    const Fq2 j = x_.Square();
    // Tangent slope 3x²/2y = 3X²/2YZ; offset slope·x - y = (Y² - 3b'Z²)/2YZ by the curve equation.
    Push({j.Double() + j, b - e}, h);
    // The textbook halves X3 and Y3 twice; here everything is scaled by 4 instead.
    const Fq2 xy2 = (x_ * y_).Double();
    const Fq2 g = b + f;
    const Fq2 ee = e.Square();
    x_ = xy2 * (b - f);
    y_ = g.Square() - (ee.Double() + ee).Double().Double();
    z_ = (b * h).Double().Double();
  }

  // The chord through T and q, T = T + q; T is neither q nor -q.
  void Add(const G2Affine& q) {
    const Fq2 theta = y_ - q.y * z_;
    const Fq2 lambda = x_ - q.x * z_;
    Push({theta, theta * q.x - lambda * q.y}, lambda);
    const Fq2 d = lambda.Square();
    const Fq2 e = lambda * d;
    const Fq2 f = z_ * theta.Square();
    const Fq2 g = x_ * d;
    const Fq2 h = e + f - g.Double();
    x_ = lambda * h;
    y_ = theta * (g - h) - e * y_;
    z_ = z_ * e;
  }

  std::vector<LineCoefficients> Finish() && {
    PL_CHECK(numerators_.size() == kLineCount);
    std::vector<Fq2> scratch(kLineCount);
    BatchInvert<Fq2>(denominators_, scratch);
    for (size_t i = 0; i < kLineCount; ++i) {
      numerators_[i].slope = numerators_[i].slope * denominators_[i];
      numerators_[i].offset = numerators_[i].offset * denominators_[i];
    }
    return std::move(numerators_);
  }

 private:
  void Push(const LineCoefficients& numerator, const Fq2& denominator) {
    numerators_.push_back(numerator);
    denominators_.push_back(denominator);
  }

  // 3b' = 9/xi.
  static const Fq2& ThreeB() {
    static const Fq2 kThreeB = MulByNonResidue(Fq2::One()).Inverse() * Fq::FromU64(9);
    return kThreeB;
  }

  Fq2 x_;
  Fq2 y_;
  Fq2 z_;
  std::vector<LineCoefficients> numerators_;
  std::vector<Fq2> denominators_;
};

// The q-power map carried from the curve to its twist.
G2Affine TwistFrobenius(const G2Affine& q) {
  const std::array<Fq2, 6>& gamma = FrobeniusCoefficients();
  return {q.x.Conjugate() * gamma[2], q.y.Conjugate() * gamma[3]};
}

// What a line needs of P, after division by y_P (which the final exponentiation sends to one).
struct Evaluation {
  Fq minus_x_over_y;
  Fq one_over_y;
  const LineCoefficients* line;
};

std::vector<Evaluation> Evaluations(std::span<const PairingInput> pairs) {
  std::vector<Evaluation> result;
  std::vector<Fq> inverses;
  for (const PairingInput& pair : pairs) {
    if (pair.p.IsInfinity() || pair.q->lines.empty()) continue;
    result.push_back({-pair.p.x, {}, pair.q->lines.data()});
    inverses.push_back(pair.p.y);
  }
  std::vector<Fq> scratch(inverses.size());
  BatchInvert<Fq>(inverses, scratch);
  for (size_t i = 0; i < result.size(); ++i) {
    result[i].minus_x_over_y = result[i].minus_x_over_y * inverses[i];
    result[i].one_over_y = inverses[i];
  }
  return result;
}

void MulByNextLines(Fq12& f, std::vector<Evaluation>& evaluations) {
  for (Evaluation& e : evaluations) {
    f = f.MulByLine(e.line->slope * e.minus_x_over_y, e.line->offset * e.one_over_y);
    ++e.line;
  }
}

}  // namespace

PreparedG2 PrepareG2(const G2Affine& q) {
  if (q.IsInfinity()) return {};
  LineWalk walk(q);
  for (int i = kLoop.length - 2; i >= 0; --i) {
    walk.Double();
    if (kLoop.digits[i] != 0) walk.Add(kLoop.digits[i] > 0 ? q : -q);
  }
  const G2Affine q1 = TwistFrobenius(q);
  walk.Add(q1);
  walk.Add(-TwistFrobenius(q1));
  return {std::move(walk).Finish()};
}

Fq12 MillerProduct(std::span<const PairingInput> pairs) {
  std::vector<Evaluation> evaluations = Evaluations(pairs);
  Fq12 f = Fq12::One();
  if (evaluations.empty()) return f;
  for (int i = kLoop.length - 2; i >= 0; --i) {
    f = f.Square();
    MulByNextLines(f, evaluations);
    if (kLoop.digits[i] != 0) MulByNextLines(f, evaluations);
  }
  MulByNextLines(f, evaluations);
  MulByNextLines(f, evaluations);
  return f;
}

Fq12 FinalExponentiation(const Fq12& f) {
  // Easy part: (q^6 - 1)(q^2 + 1). What is left is in the cyclotomic subgroup, where conjugation inverts.
  const Fq12 g = f.Conjugate() * f.Inverse();
  const Fq12 m = g.Frobenius().Frobenius() * g;
  // Hard part: the sum of lambda_i·q^i with lambda_0 = 12u³ + 12u² + 6u + 1, lambda_1 = 12u³ + 6u² + 4u,
  // lambda_2 = 12u³ + 6u² + 6u, lambda_3 = 12u³ + 6u² + 4u - 1.
  const Fq12 m2u = m.CyclotomicPowU().CyclotomicSquare();
  const Fq12 m6u = m2u.CyclotomicSquare() * m2u;
  const Fq12 m6u2 = m6u.CyclotomicPowU();
  const Fq12 m12u3 = m6u2.CyclotomicSquare().CyclotomicPowU();
  const Fq12 power2 = m12u3 * m6u2 * m6u;
  const Fq12 power1 = power2 * m2u.Conjugate();
  const Fq12 power0 = power2 * m6u2 * m;
  const Fq12 power3 = power1 * m.Conjugate();
  // Horner's rule over the Frobenius map.
  const Fq12 high = power3.Frobenius() * power2;
  return (high.Frobenius() * power1).Frobenius() * power0;
}

Fq12 Pairing(const G1Affine& p, const G2Affine& q) {
  const PreparedG2 prepared = PrepareG2(q);
  const PairingInput input{p, &prepared};
  return FinalExponentiation(MillerProduct({&input, 1}));
}

}  // namespace prooflode
