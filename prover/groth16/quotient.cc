#include "prover/groth16/quotient.h"

#include <string.h>

#include <algorithm>
#include <atomic>

#include "base/check.h"
#include "kernels/ntt/ntt.h"

namespace prooflode::groth16 {
namespace {

// Elements a chunk: a few milliseconds of work at most, so that a cancelled call ends soon.
constexpr size_t kChunk = size_t{1} << 14;

// Calls body(begin, end) for the chunks of [0, count).
void ForChunks(size_t count, ThreadPool& pool, const CancelToken* cancel,
               absl::FunctionRef<void(size_t, size_t)> body) {
  pool.ParallelFor((count + kChunk - 1) / kChunk, [&](size_t chunk) {
    if (IsCancelled(cancel)) return;
    body(chunk * kChunk, std::min(count, (chunk + 1) * kChunk));
  });
}

// Adds coefficients [begin, end) whose constraint lies in [row_begin, row_end) into the rows of A·w and B·w.
void Accumulate(const ProvingKey& key, const Witness& witness, size_t begin, size_t end, size_t row_begin,
                size_t row_end, std::span<Fr> a, std::span<Fr> b, const CancelToken* cancel) {
  for (size_t i = begin; i < end; ++i) {
    if ((i - begin) % kChunk == 0 && IsCancelled(cancel)) return;
    const Coefficient& entry = key.coefficients[i];
    if (entry.constraint < row_begin || entry.constraint >= row_end) continue;
    // value·R² by a canonical integer: one Montgomery product gives the Montgomery form.
    const Fr product = entry.value * Fr{witness.values[entry.signal]};
    (entry.matrix == 0 ? a : b)[entry.constraint] += product;
  }
}

bool EarlierRow(const Coefficient& x, const Coefficient& y) { return x.constraint < y.constraint; }

// Whether the entries stand in the order of their rows; nothing once `cancel` is cancelled.
bool SortedByRow(std::span<const Coefficient> entries, ThreadPool& pool, const CancelToken* cancel) {
  std::atomic<bool> sorted{true};
  ForChunks(entries.size(), pool, cancel, [&](size_t begin, size_t end) {
    const auto first = entries.begin() + static_cast<ptrdiff_t>(begin == 0 ? 0 : begin - 1);
    if (!std::is_sorted(first, entries.begin() + static_cast<ptrdiff_t>(end), EarlierRow)) sorted = false;
  });
  return sorted;
}

// a = A·w, b = B·w; both zero before. No two chunks share a row.
void EvaluateMatrices(const ProvingKey& key, const Witness& witness, std::span<Fr> a, std::span<Fr> b,
                      ThreadPool& pool, const CancelToken* cancel) {
  const std::vector<Coefficient>& entries = key.coefficients;
  if (!SortedByRow(entries, pool, cancel)) {
    // Legal, though no tool writes it: every chunk reads all entries and takes those of its rows.
    const size_t rows = (a.size() + pool.threads() - 1) / pool.threads();
    pool.ParallelFor(pool.threads(), [&](size_t chunk) {
      Accumulate(key, witness, 0, entries.size(), chunk * rows, (chunk + 1) * rows, a, b, cancel);
    });
    return;
  }
  // A chunk begins with the first entry of a row and ends before the first entry of a later one.
  const auto row_start = [&](size_t i) {
    if (i == 0 || i >= entries.size()) return std::min(i, entries.size());
    const auto from = entries.begin() + static_cast<ptrdiff_t>(i);
    return static_cast<size_t>(std::upper_bound(from, entries.end(), *(from - 1), EarlierRow) -
                               entries.begin());
  };
  ForChunks(entries.size(), pool, cancel, [&](size_t begin, size_t end) {
    Accumulate(key, witness, row_start(begin), row_start(end), 0, a.size(), a, b, cancel);
  });
}

// A primitive root of order 2^(log_domain + 1). Fr has none for 2^29; there the tools that make keys shift
// by 25.
Fr CosetShift(int log_domain) {
  return log_domain < kFrTwoAdicity ? FrRootOfUnity(log_domain + 1)
                                    : Fr::FromU64(kFrGenerator * kFrGenerator);
}

}  // namespace

SecretBuffer::SecretBuffer(size_t size) : size_(size), values_(std::make_unique<Fr[]>(size)) {}

SecretBuffer::~SecretBuffer() {
  if (values_ != nullptr) explicit_bzero(values_.get(), size_ * sizeof(Fr));
}

std::span<Limbs> SecretBuffer::integers() {
  static_assert(sizeof(Fr) == sizeof(Limbs) && std::is_standard_layout_v<Fr>);
  return {&values_.get()->limbs, size_};
}

StatusOr<SecretBuffer> QuotientScalars(const ProvingKey& key, const Witness& witness, ThreadPool& pool,
                                       const CancelToken* cancel) {
  PL_CHECK(witness.values.size() == key.variable_count);
  const size_t n = key.domain_size();
  SecretBuffer a(n);
  {
    const NttDomain domain(key.log_domain, pool, cancel);
    if (IsCancelled(cancel)) return absl::CancelledError("proving was cancelled");
    const Fr shift = CosetShift(key.log_domain);
    SecretBuffer b(n);
    EvaluateMatrices(key, witness, a.values(), b.values(), pool, cancel);
    SecretBuffer c(n);
    ForChunks(n, pool, cancel, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) c.values()[i] = a.values()[i] * b.values()[i];
    });
    for (SecretBuffer* polynomial : {&a, &b, &c}) {
      if (IsCancelled(cancel)) return absl::CancelledError("proving was cancelled");
      domain.ToCoset(polynomial->values(), shift, pool, cancel);
    }
    ForChunks(n, pool, cancel, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        const Fr value = a.values()[i] * b.values()[i] - c.values()[i];
        a.integers()[i] = value.ToCanonical();
      }
    });
  }
  if (IsCancelled(cancel)) return absl::CancelledError("proving was cancelled");
  return a;
}

}  // namespace prooflode::groth16
