#include "coordinator/retention.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"

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

std::string MissingArtifacts(const market::Market& market, const std::function<bool(const Digest&)>& has) {
  constexpr size_t kNamed = 10;
  size_t count = 0;
  std::string names;
  for (const auto& [digest, until] : KeepUntil(market, Micros{})) {
    if (until != kForEver || has(digest)) continue;
    if (++count <= kNamed) absl::StrAppend(&names, count == 1 ? "" : ", ", HexEncode(digest));
  }
  if (count == 0) return "";
  if (count > kNamed) absl::StrAppend(&names, " and ", count - kNamed, " more");
  return absl::StrCat("artifacts that registered circuits and unfinished jobs need are missing: ", count,
                      " (", names, "); restore them from the backup, or upload the circuits' files again");
}

}  // namespace prooflode::coordinator
