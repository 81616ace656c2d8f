#include <algorithm>

#include "absl/functional/function_ref.h"
#include "base/check.h"
#include "prover/groth16/fixed_base.h"
#include "prover/groth16/prove.h"
#include "prover/groth16/random_fr.h"

namespace prooflode::groth16 {
namespace {

// Larger than any domain that fits the odd coset in Fr's 2^28 roots of unity.
constexpr int kLogDomainMax = kFrTwoAdicity - 1;

// What nobody may know of a real key.
struct ToxicWaste {
  Fr tau;
  Fr alpha;
  Fr beta;
  Fr gamma;
  Fr delta;
};

ToxicWaste Draw(Random& random, int log_domain) {
  const auto is_root = [&](Fr value) {
    for (int i = 0; i <= log_domain; ++i) value = value.Square();
    return value == Fr::One();
  };
  const auto nonzero = [&] {
    Fr value = RandomFr(random);
    while (value.IsZero()) value = RandomFr(random);
    return value;
  };
  ToxicWaste waste{nonzero(), nonzero(), nonzero(), nonzero(), nonzero()};
  while (is_root(waste.tau)) waste.tau = nonzero();
  while (waste.gamma == waste.delta || waste.gamma == -waste.delta) waste.gamma = nonzero();
  return waste;
}

// Values at tau of the Lagrange basis over the powers first·step^i, i < count, of a domain of 2^log_size
// points, divided by `divisor`: L_i(tau) = (tau^n - 1)/n · x_i/(tau - x_i).
std::vector<Fr> LagrangeAt(const Fr& tau, int log_size, const Fr& first, const Fr& step, size_t count,
                           const Fr& divisor, ThreadPool& pool) {
  constexpr size_t kChunk = 1 << 12;
  Fr scale = tau;
  for (int i = 0; i < log_size; ++i) scale = scale.Square();
  scale = (scale - Fr::One()) * (Fr::FromU64(uint64_t{1} << log_size) * divisor).Inverse();
  std::vector<Fr> values(count);
  pool.ParallelFor((count + kChunk - 1) / kChunk, [&](size_t chunk) {
    const size_t begin = chunk * kChunk;
    const size_t size = std::min(kChunk, count - begin);
    std::vector<Fr> scratch(size);
    const std::span<Fr> out = std::span(values).subspan(begin, size);
    const Fr start = first * step.PowVartime({begin, 0, 0, 0});
    Fr point = start;
    for (Fr& value : out) {
      value = tau - point;
      point *= step;
    }
    BatchInvert(out, std::span(scratch));
    point = start * scale;
    for (Fr& value : out) {
      value *= point;
      point *= step;
    }
  });
  return values;
}

// The QAP polynomials of every wire at tau.
struct Qap {
  std::vector<Fr> a;
  std::vector<Fr> b;
  std::vector<Fr> c;
};

Qap EvaluateQap(const ConstraintSystem& system, std::span<const Fr> lagrange, ThreadPool& pool) {
  Qap qap;
  std::vector<Fr>* const columns[] = {&qap.a, &qap.b, &qap.c};
  pool.ParallelFor(3, [&](size_t which) {
    std::vector<Fr>& column = *columns[which];
    column.resize(system.wire_count);
    for (size_t i = 0; i < system.constraint_count(); ++i) {
      for (const Term& term : system.combination(i, static_cast<int>(which))) {
        column[term.wire] += term.coefficient() * lagrange[i];
      }
    }
  });
  // One row more for the constant and every public input keeps their polynomials independent of each other.
  for (uint32_t i = 0; i <= system.public_count(); ++i) qap.a[i] += lagrange[system.constraint_count() + i];
  return qap;
}

Coefficient Entry(uint32_t matrix, size_t row, uint32_t signal, const Fr& value) {
  Coefficient entry{};
  entry.matrix = matrix & 1u;
  entry.constraint = row & 0x7fffffffu;  // kLogDomainMax is below 31
  entry.signal = signal;
  entry.value = value;
  return entry;
}

std::vector<Coefficient> Coefficients(const ConstraintSystem& system) {
  const Fr r{Fr::kRSquared};  // as an element: R; multiplied by it a value's R form becomes its R² form
  std::vector<Coefficient> out;
  size_t count = system.public_count() + 1;
  for (size_t i = 0; i < system.constraint_count(); ++i) {
    count += system.combination(i, 0).size() + system.combination(i, 1).size();
  }
  out.reserve(count);
  for (size_t i = 0; i < system.constraint_count(); ++i) {
    for (uint32_t matrix = 0; matrix < 2; ++matrix) {
      for (const Term& term : system.combination(i, static_cast<int>(matrix))) {
        out.push_back(Entry(matrix, i, term.wire, term.coefficient() * r));
      }
    }
  }
  for (uint32_t i = 0; i <= system.public_count(); ++i) {
    out.push_back(Entry(0, system.constraint_count() + i, i, r));
  }
  return out;
}

int LogDomain(size_t rows) {
  int log = 1;
  while ((size_t{1} << log) < rows) ++log;
  return log;
}

// (beta·A + alpha·B + C)(tau) of every wire: over gamma for public wires, over delta for the others.
std::vector<Fr> CombinedColumn(const Qap& qap, const ToxicWaste& waste, size_t public_wires,
                               ThreadPool& pool) {
  constexpr size_t kChunk = 1 << 12;
  const Fr inverse_gamma = waste.gamma.Inverse();
  const Fr inverse_delta = waste.delta.Inverse();
  std::vector<Fr> column(qap.a.size());
  pool.ParallelFor((column.size() + kChunk - 1) / kChunk, [&](size_t chunk) {
    for (size_t i = chunk * kChunk; i < std::min(column.size(), (chunk + 1) * kChunk); ++i) {
      const Fr sum = waste.beta * qap.a[i] + waste.alpha * qap.b[i] + qap.c[i];
      column[i] = sum * (i < public_wires ? inverse_gamma : inverse_delta);
    }
  });
  return column;
}

void CommitToQap(const ConstraintSystem& system, const ToxicWaste& waste, const Qap& qap, ProvingKey& key,
                 ThreadPool& pool, const Progress& progress) {
  const size_t wires = system.wire_count;
  const size_t public_wires = system.public_count() + 1;
  const FixedBase<Fq> g1(G1Generator(), 3 * wires + key.domain_size(), pool);
  const auto commit = [&](std::string_view section, std::span<const Fr> scalars, std::vector<G1Affine>& out) {
    if (progress) progress(section);
    out.resize(scalars.size());
    g1.Multiply(scalars, out, pool);
  };
  commit("section A", qap.a, key.a);
  commit("section B1", qap.b, key.b1);
  const std::vector<Fr> combined = CombinedColumn(qap, waste, public_wires, pool);
  commit("section IC", std::span(combined).first(public_wires), key.verifying_key.ic);
  commit("section C", std::span(combined).subspan(public_wires), key.c);
  // H: the odd points of the domain of twice the size.
  const Fr root = FrRootOfUnity(key.log_domain + 1);
  const std::vector<Fr> odd =
      LagrangeAt(waste.tau, key.log_domain + 1, root, root.Square(), key.domain_size(), waste.delta, pool);
  commit("section H", odd, key.h);
  if (progress) progress("section B2");
  const FixedBase<Fq2> g2(G2Generator(), wires, pool);
  key.b2.resize(wires);
  g2.Multiply(qap.b, key.b2, pool);
}

}  // namespace

StatusOr<ProvingKey> InsecureSetup(const ConstraintSystem& system, Random& random, ThreadPool& pool,
                                   const Progress& progress) {
  const size_t rows = system.constraint_count() + system.public_count() + 1;
  if (rows > size_t{1} << kLogDomainMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the circuit has ", system.constraint_count(), " constraints and ", system.public_count(),
        " public inputs; at most 2^", kLogDomainMax, " rows are possible"));
  }
  if (system.public_count() >= system.wire_count) {
    return absl::InvalidArgumentError(absl::StrCat("the circuit has ", system.wire_count,
                                                   " wires, too few for ", system.public_count(),
                                                   " public inputs and the constant"));
  }
  if (system.public_count() > kPublicInputsMax) {
    return absl::InvalidArgumentError(absl::StrCat("the circuit has ", system.public_count(),
                                                   " public inputs, want at most ", kPublicInputsMax));
  }
  ProvingKey key;
  key.variable_count = system.wire_count;
  key.public_count = system.public_count();
  key.log_domain = LogDomain(rows);
  const ToxicWaste waste = Draw(random, key.log_domain);
  const auto in_g1 = [](const Fr& k) { return ScalarMul(G1Generator(), k.ToCanonical()).ToAffine(); };
  const auto in_g2 = [](const Fr& k) { return ScalarMul(G2Generator(), k.ToCanonical()).ToAffine(); };
  key.verifying_key = {in_g1(waste.alpha), in_g2(waste.beta), in_g2(waste.gamma), in_g2(waste.delta), {}};
  key.beta_g1 = in_g1(waste.beta);
  key.delta_g1 = in_g1(waste.delta);
  key.coefficients = Coefficients(system);
  if (progress) progress("constraint polynomials");
  const std::vector<Fr> lagrange =
      LagrangeAt(waste.tau, key.log_domain, Fr::One(), FrRootOfUnity(key.log_domain), key.domain_size(),
                 Fr::One(), pool);
  CommitToQap(system, waste, EvaluateQap(system, lagrange, pool), key, pool, progress);
  return key;
}

}  // namespace prooflode::groth16
