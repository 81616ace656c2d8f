// The kill switch: an operator suspends a proof system, or one circuit, when its proofs can no longer be
// trusted. Then nothing is posted and nobody is admitted; jobs that are not delivered end at once, with their
// escrow and all collateral back. What is delivered settles.
#include "base/check.h"
#include "coordinator/market/state.h"

namespace prooflode::market {

bool State::IsSuspended(const Circuit& circuit) const {
  for (const SuspensionSubject& subject :
       {SuspensionSubject{circuit.proof_system, {}}, SuspensionSubject{circuit.proof_system, circuit.id}}) {
    const auto found = suspensions_.find(subject);
    if (found != suspensions_.end() && found->second.active) return true;
  }
  return false;
}

Answer State::Apply(const Stamped& in, const SetSuspension& command) {
  const CircuitId& circuit = command.subject.circuit;
  if (circuit != CircuitId{}) {
    const auto found = circuits_.find(circuit);
    if (found == circuits_.end() || found->second.proof_system != command.subject.proof_system) {
      return Refuse(RefusalCode::kNotFound, "circuit_id: no such circuit of that proof system");
    }
  }
  const auto before = suspensions_.find(command.subject);
  const bool is_active = before != suspensions_.end() && before->second.active;
  if (is_active == command.active) {
    return SuspensionAnswer{is_active ? before->second : Suspension{.subject = command.subject}, 0};
  }
  const Suspension suspension{
      .subject = command.subject, .active = command.active, .since = in.now, .note = command.note};
  changed_ = true;
  changes_.suspensions.insert(command.subject);
  suspensions_[command.subject] = suspension;
  uint64_t refunded = 0;
  if (command.active) {
    std::vector<JobId> over;
    for (const auto& [statement, jobs] : unfinished_of_statement_) {
      for (const JobId& id : jobs) {
        const Job& job = jobs_.at(id);
        if (job.state != JobState::kDelivered && IsSuspended(circuits_.at(job.circuit))) over.push_back(id);
      }
    }
    for (const JobId& id : over) Refund(in, id, JobState::kSuspended, Reason::kSuspended);
    refunded = over.size();
  }
  return SuspensionAnswer{suspension, refunded};
}

}  // namespace prooflode::market
