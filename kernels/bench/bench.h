// Benchmarks of the kernels, one at a time: makes seeded inputs, repeats the operation, returns numbers. What
// `prooflode bench field|ntt|msm` prints. Inputs depend on the seed alone, so that runs on two machines or
// builds compare.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/status.h"
#include "base/thread_pool.h"

namespace prooflode {

enum class BenchKind { kField, kNtt, kMsm };
enum class BenchGroup { kG1, kG2 };
// Scalars of a multi-scalar multiplication.
enum class BenchDistribution {
  kUniform,  // below r
  kCircuit,  // as in witnesses of circuits: 30 % zeros, 18 % ones, 2 % below 2^64, the rest uniform
  kBits,     // 0 or 1
};

// By the names of the command line ("field", "ntt", "msm"; "g1", "g2"; "uniform", "circuit", "bits").
// kInvalidArgument for any other, naming those there are.
StatusOr<BenchKind> ParseBenchKind(std::string_view name);
StatusOr<BenchGroup> ParseBenchGroup(std::string_view name);
StatusOr<BenchDistribution> ParseBenchDistribution(std::string_view name);

struct BenchOptions {
  BenchKind kind = BenchKind::kMsm;
  BenchGroup group = BenchGroup::kG1;                            // kMsm
  BenchDistribution distribution = BenchDistribution::kUniform;  // kMsm
  int log_size = 16;                                             // kNtt, kMsm: 2^log_size elements, 0 to 26
  int runs = 5;                                                  // 1 to 1000, after one that is not counted
  uint64_t seed = 1;
};

// One operation, over all counted runs.
struct BenchFigure {
  std::string name;       // "fq_mul_latency", "ntt_forward", "msm_g1", …
  uint64_t elements = 0;  // products, field elements or points of one run
  double median_ns = 0;   // of a run
  double min_ns = 0;
  double median_ns_per_element() const { return median_ns / static_cast<double>(elements); }
  double min_ns_per_element() const { return min_ns / static_cast<double>(elements); }
};

// Runs on the CPU path in force and on all threads of `pool` (field: on the calling thread). kInvalidArgument
// for options out of range. Memory: about 100 bytes an element for kNtt, 350 (G1) or 600 (G2) for kMsm.
StatusOr<std::vector<BenchFigure>> RunBench(const BenchOptions& options, ThreadPool& pool, Clock& clock);

}  // namespace prooflode
