// Jobs that nobody can prove: where no r1cs was registered the coordinator cannot try the witness itself, so
// it believes miners, once enough different ones that were admitted have reported the same. They share a fee
// out of the escrow for having found out. With an r1cs the witness satisfied every constraint when the job
// was posted: a report gives the attempt back for nothing, but ends no job.
#include <algorithm>

#include "base/check.h"
#include "coordinator/market/state.h"

namespace prooflode::market {

void State::EndIfUnprovable(const Stamped& in, const JobId& id) {
  const Job& job = jobs_.at(id);
  const AttemptsOfJob& of_job = OfJob(id);
  if (job.state != JobState::kOpen || of_job.unjudged > 0 || circuits_.at(job.circuit).r1cs_digest) return;
  std::vector<Identity> reporters;  // in order of admission; nobody who reported is admitted again
  for (const auto& [fence, attempt_id] : of_job.by_fence) {
    const Attempt& attempt = attempts_.at(attempt_id);
    if (attempt.state == AttemptState::kReleased && attempt.reason == Reason::kUnprovable) {
      reporters.push_back(attempt.miner);
    }
  }
  if (reporters.size() < rules_.unprovable_reports) return;
  const uint64_t share = Count(PartOf(job.reward, rules_.check_fee_per_million)) / reporters.size();
  for (const Identity& reporter : reporters) {
    PL_CHECK(Transfer(in, ledger::TransferKind::kCheckFee, ledger::Escrow(Hex(job.requester)),
                      ledger::Available(Hex(reporter)), Amount{share}, Hex(id)));
  }
  Refund(in, id, JobState::kUnprovable, Reason::kUnprovable, Amount{share * reporters.size()});
}

}  // namespace prooflode::market
