#include "coordinator/retention.h"

#include <algorithm>

namespace prooflode::coordinator {

std::map<Digest, Micros> KeepUntil(const market::Market& market, Micros witness_kept) {
  std::map<Digest, Micros> keep;
  for (const auto& [id, job] : market.jobs()) {
    const Micros until = market::IsFinal(job.state) ? job.settled_at + witness_kept : kForEver;
    Micros& known = keep[job.witness_digest];
    known = std::max(known, until);
  }
  for (const auto& [id, circuit] : market.circuits()) {
    keep[circuit.zkey_digest] = kForEver;
    if (circuit.r1cs_digest) keep[*circuit.r1cs_digest] = kForEver;
  }
  return keep;
}

}  // namespace prooflode::coordinator
