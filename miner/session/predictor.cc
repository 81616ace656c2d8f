#include "miner/session/predictor.h"

#include <algorithm>

namespace prooflode::miner {
namespace {

constexpr size_t kCircuitsMax = 256;
constexpr double kWeight = 0.3;  // of the newest measurement

constexpr double kSkipDecay = 0.95;
// Smaller domains measure what every proof costs, not what a row does.
constexpr uint64_t kDomainMin = 1 << 12;

double Blend(double mean, double newest) { return mean + kWeight * (newest - mean); }

}  // namespace

Micros Predictor::ProveTime(const OfferedJob& job) const {
  const auto known = circuits_.find(job.circuit);
  const double us =
      known != circuits_.end() ? known->second.mean_us : row_us_ * static_cast<double>(job.domain_size);
  return Micros{static_cast<int64_t>(us)};
}

Micros Predictor::FetchTime(const OfferedJob& job) const {
  uint64_t bytes = job.witness_bytes;
  if (!circuits_.contains(job.circuit)) bytes += job.zkey_bytes;
  return Micros{static_cast<int64_t>(static_cast<double>(bytes) / bytes_per_second_ * 1e6)};
}

void Predictor::ProofMade(const OfferedJob& job, Micros duration) {
  const double us = static_cast<double>(std::max<int64_t>(Count(duration), 1));
  ++proofs_;
  const auto [entry, added] = circuits_.try_emplace(job.circuit, Circuit{us, proofs_});
  if (!added) entry->second.mean_us = Blend(entry->second.mean_us, us);
  entry->second.used = proofs_;
  if (job.domain_size >= kDomainMin) row_us_ = Blend(row_us_, us / static_cast<double>(job.domain_size));
  if (circuits_.size() > kCircuitsMax) {
    circuits_.erase(std::min_element(circuits_.begin(), circuits_.end(), [](const auto& a, const auto& b) {
      return a.second.used < b.second.used;
    }));
  }
}

void Predictor::Skipped(const OfferedJob& job) {
  const auto known = circuits_.find(job.circuit);
  (known != circuits_.end() ? known->second.mean_us : row_us_) *= kSkipDecay;
}

void Predictor::Fetched(uint64_t bytes, Micros duration) {
  // Small files measure latency, not bandwidth.
  if (bytes < (1u << 20)) return;
  const double seconds = std::max(ToSeconds(duration), 1e-3);
  bytes_per_second_ = Blend(bytes_per_second_, static_cast<double>(bytes) / seconds);
}

}  // namespace prooflode::miner
