#include "kernels/bench/bench.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/functional/function_ref.h"
#include "base/sim/sim_env.h"
#include "kernels/curve/batch_affine.h"
#include "kernels/msm/msm.h"
#include "kernels/ntt/ntt.h"

namespace prooflode {

namespace {

constexpr int kMaxLogSize = 26;
constexpr int kMaxRuns = 1000;

template <typename Enum, size_t N>
StatusOr<Enum> ParseName(std::string_view what, std::string_view name,
                         const std::array<std::pair<std::string_view, Enum>, N>& names) {
  std::string known;
  for (const auto& [candidate, value] : names) {
    if (candidate == name) return value;
    absl::StrAppend(&known, known.empty() ? "" : ", ", Sv(candidate));
  }
  return absl::InvalidArgumentError(absl::StrCat(Sv(what), " \"", Sv(name), "\": want one of ", known));
}

// Times `runs` calls of `operation` after one that warms caches.
BenchFigure Measure(std::string name, uint64_t elements, int runs, Clock& clock,
                    absl::FunctionRef<void()> operation) {
  operation();
  std::vector<double> times_ns;
  for (int run = 0; run < runs; ++run) {
    const Micros begin = clock.MonotonicNow();
    operation();
    times_ns.push_back(static_cast<double>(Count(clock.MonotonicNow() - begin)) * 1e3);
  }
  std::sort(times_ns.begin(), times_ns.end());
  return {std::move(name), elements, times_ns[times_ns.size() / 2], times_ns.front()};
}

template <typename F>
F RandomElement(Random& random) {
  while (true) {
    const F value{{random.Next64(), random.Next64(), random.Next64(), random.Next64() >> 2}};
    if (value.IsReduced()) return value;
  }
}

// Makes the compiler believe that somebody looks at `value`.
template <typename T>
void Use(const T& value) {
  asm volatile("" : : "r"(&value) : "memory");
}

template <typename F>
void BenchOneField(const std::string& field, const BenchOptions& options, Clock& clock,
                   std::vector<BenchFigure>& figures) {
  constexpr uint64_t kProducts = 1'000'000;
  constexpr uint64_t kInversions = 10'000;
  SimRandom random(options.seed);
  F value = RandomElement<F>(random);
  const F factor = RandomElement<F>(random);
  std::array<F, 4> independent;
  for (F& element : independent) element = RandomElement<F>(random);
  figures.push_back(Measure(field + "_mul_latency", kProducts, options.runs, clock, [&] {
    for (uint64_t i = 0; i < kProducts; ++i) value = value * factor;
    Use(value);
  }));
  figures.push_back(Measure(field + "_mul_throughput", kProducts, options.runs, clock, [&] {
    for (uint64_t i = 0; i < kProducts; i += independent.size()) {
      for (F& element : independent) element = element * factor;
    }
    Use(independent);
  }));
  figures.push_back(Measure(field + "_add_latency", kProducts, options.runs, clock, [&] {
    for (uint64_t i = 0; i < kProducts; ++i) value = value + factor;
    Use(value);
  }));
  figures.push_back(Measure(field + "_inverse", kInversions, options.runs, clock, [&] {
    for (uint64_t i = 0; i < kInversions; ++i) value = value.Inverse() + factor;
    Use(value);
  }));
}

std::vector<BenchFigure> BenchField(const BenchOptions& options, Clock& clock) {
  std::vector<BenchFigure> figures;
  BenchOneField<Fq>("fq", options, clock, figures);
  BenchOneField<Fr>("fr", options, clock, figures);
  return figures;
}

std::vector<BenchFigure> BenchNtt(const BenchOptions& options, ThreadPool& pool, Clock& clock) {
  const NttDomain domain(options.log_size, pool);
  SimRandom random(options.seed);
  std::vector<Fr> data(domain.size());
  for (Fr& value : data) value = RandomElement<Fr>(random);
  const Fr shift =
      options.log_size < kFrTwoAdicity ? FrRootOfUnity(options.log_size + 1) : Fr::FromU64(kFrGenerator);
  std::vector<BenchFigure> figures;
  figures.push_back(
      Measure("ntt_forward", data.size(), options.runs, clock, [&] { domain.Forward(data, pool); }));
  figures.push_back(
      Measure("ntt_inverse", data.size(), options.runs, clock, [&] { domain.Inverse(data, pool); }));
  figures.push_back(
      Measure("ntt_to_coset", data.size(), options.runs, clock, [&] { domain.ToCoset(data, shift, pool); }));
  return figures;
}

// start·G, (start + 1)·G, …, in no order that caches could profit from.
template <typename F>
std::vector<AffinePoint<F>> MakeBases(const AffinePoint<F>& generator, size_t count, Random& random) {
  constexpr size_t kBatch = 4096;
  std::vector<AffinePoint<F>> bases(count);
  std::vector<XyzzPoint<F>> batch(std::min(count, kBatch));
  XyzzPoint<F> point = ScalarMul(generator, {random.Next64()});
  for (size_t begin = 0; begin < count; begin += kBatch) {
    const size_t size = std::min(kBatch, count - begin);
    for (size_t i = 0; i < size; ++i, point = point + generator) batch[i] = point;
    BatchToAffine<F>(std::span(batch).first(size), std::span(bases).subspan(begin, size));
  }
  for (size_t i = count; i-- > 1;) std::swap(bases[i], bases[random.Below(i + 1)]);
  return bases;
}

Limbs MakeScalar(BenchDistribution distribution, Random& random) {
  const auto uniform = [&] { return RandomElement<Fr>(random).limbs; };
  switch (distribution) {
    case BenchDistribution::kUniform:
      return uniform();
    case BenchDistribution::kBits:
      return {random.Below(2)};
    case BenchDistribution::kCircuit:
      break;
  }
  const uint64_t kind = random.Below(100);
  if (kind < 30) return {0};
  if (kind < 48) return {1};
  if (kind < 50) return {random.Next64()};
  return uniform();
}

std::vector<BenchFigure> BenchMsm(const BenchOptions& options, ThreadPool& pool, Clock& clock) {
  const size_t count = size_t{1} << options.log_size;
  SimRandom random(options.seed);
  std::vector<Limbs> scalars(count);
  for (Limbs& scalar : scalars) scalar = MakeScalar(options.distribution, random);
  if (options.group == BenchGroup::kG1) {
    const std::vector<G1Affine> bases = MakeBases(G1Generator(), count, random);
    return {Measure("msm_g1", count, options.runs, clock, [&] { Use(MsmG1(bases, scalars, pool)); })};
  }
  const std::vector<G2Affine> bases = MakeBases(G2Generator(), count, random);
  return {Measure("msm_g2", count, options.runs, clock, [&] { Use(MsmG2(bases, scalars, pool)); })};
}

}  // namespace

StatusOr<BenchKind> ParseBenchKind(std::string_view name) {
  return ParseName<BenchKind, 3>(
      "benchmark", name,
      {{{"field", BenchKind::kField}, {"ntt", BenchKind::kNtt}, {"msm", BenchKind::kMsm}}});
}

StatusOr<BenchGroup> ParseBenchGroup(std::string_view name) {
  return ParseName<BenchGroup, 2>("group", name, {{{"g1", BenchGroup::kG1}, {"g2", BenchGroup::kG2}}});
}

StatusOr<BenchDistribution> ParseBenchDistribution(std::string_view name) {
  return ParseName<BenchDistribution, 3>("distribution", name,
                                         {{{"uniform", BenchDistribution::kUniform},
                                           {"circuit", BenchDistribution::kCircuit},
                                           {"bits", BenchDistribution::kBits}}});
}

StatusOr<std::vector<BenchFigure>> RunBench(const BenchOptions& options, ThreadPool& pool, Clock& clock) {
  if (options.runs < 1 || options.runs > kMaxRuns) {
    return absl::InvalidArgumentError(absl::StrCat("runs: got ", options.runs, ", want 1 to ", kMaxRuns));
  }
  if (options.kind == BenchKind::kField) return BenchField(options, clock);
  if (options.log_size < 0 || options.log_size > kMaxLogSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("size: got 2^", options.log_size, ", want 2^0 to 2^", kMaxLogSize));
  }
  return options.kind == BenchKind::kNtt ? BenchNtt(options, pool, clock) : BenchMsm(options, pool, clock);
}

}  // namespace prooflode
