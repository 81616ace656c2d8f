#include "coordinator/api/convert.h"

#include "absl/strings/str_split.h"
#include "coordinator/api/validate.h"
#include "transparency/leaf.h"
#include "transparency/signing.h"

namespace prooflode::api {

market::Policy PolicyOf(const v1::Policy& policy, const market::Rules& rules) {
  market::Policy out;
  if (policy.has_lease()) {
    const Micros lease{policy.lease().lease_us()};
    out.lease = market::LeasePolicy{Count(lease) == 0 ? rules.lease_default : lease, policy.lease().hedged()};
  } else {
    out.race.width = policy.race().has_width() ? policy.race().width() : rules.race_width_default;
  }
  return out;
}

market::Reason ReasonOf(v1::Reason reason) {
  return reason == v1::REASON_UNSPECIFIED ? market::Reason::kReleasedByMiner
                                          : static_cast<market::Reason>(reason);
}

void ToProto(const market::Circuit& c, bool with_verification_key, v1::Circuit* out) {
  out->set_circuit_id(StringOf(c.id));
  out->set_name(c.name);
  out->set_proof_system(static_cast<v1::ProofSystem>(c.proof_system));
  out->set_zkey_digest(StringOf(c.zkey_digest));
  out->set_zkey_bytes(c.zkey_bytes);
  if (c.r1cs_digest) out->set_r1cs_digest(StringOf(*c.r1cs_digest));
  out->set_r1cs_bytes(c.r1cs_bytes);
  out->set_domain_size(c.domain_size);
  out->set_variable_count(c.variable_count);
  out->set_public_input_count(c.public_input_count);
  out->set_owner(StringOf(c.owner));
  out->set_registered_at_us(Count(c.registered_at));
  out->set_insecure_setup(c.insecure_setup);
  out->set_verifying_key_digest(StringOf(c.verifying_key_digest));
  out->set_security_bits(c.security_bits);
  out->set_setup_contributions(c.setup_contributions);
  out->set_work_units(c.work_units);
  for (absl::string_view url : absl::StrSplit(c.mirrors, '\n', absl::SkipEmpty())) {
    out->add_mirrors(std::string(url));
  }
  out->set_format(kCircuitFormat);
  if (with_verification_key) out->set_verification_key_json(c.verification_key_json);
}

void ToProto(const market::Job& j, const market::Circuit* circuit, v1::Job* out) {
  out->set_job_id(StringOf(j.id.bytes));
  out->set_circuit_id(StringOf(j.circuit));
  if (circuit != nullptr) {
    out->set_circuit_name(circuit->name);
    out->set_work_units(circuit->work_units);
  }
  out->set_requester(StringOf(j.requester));
  out->set_state(static_cast<v1::JobState>(j.state));
  out->set_reward_units(Count(j.reward));
  out->set_fee_units(Count(j.fee));
  if (j.policy.lease) {
    out->mutable_policy()->mutable_lease()->set_lease_us(Count(j.policy.lease->lease));
    out->mutable_policy()->mutable_lease()->set_hedged(j.policy.lease->hedged);
  } else {
    out->mutable_policy()->mutable_race()->set_width(j.policy.race.width);
  }
  out->set_posted_at_us(Count(j.posted_at));
  out->set_deadline_at_us(Count(j.deadline_at));
  out->set_witness_digest(StringOf(j.witness_digest));
  out->set_witness_bytes(j.witness_bytes);
  out->set_statement_digest(StringOf(j.statement));
  out->set_racer_count(j.racer_count);
  out->set_commit_count(j.commit_count);
  if (j.winner) out->set_winner(StringOf(*j.winner));
  if (j.winning_attempt) out->set_winning_attempt_id(StringOf(j.winning_attempt->bytes));
  out->set_delivered_at_us(Count(j.delivered_at));
  out->set_settled_at_us(Count(j.settled_at));
  if (j.margin) out->set_margin_us(Count(*j.margin));
  out->set_revision(j.revision);
  out->set_public_inputs(j.public_inputs);
  out->set_collateral_units(Count(j.collateral));
  out->set_bounty_units(Count(j.bounty));
  out->set_draw_seed(StringOf(j.draw_seed));
  if (j.state == market::JobState::kOpen) out->set_draw_at_us(Count(j.draw_at));
}

void ToProto(const market::Attempt& a, v1::Attempt* out) {
  out->set_attempt_id(StringOf(a.id.bytes));
  out->set_job_id(StringOf(a.job.bytes));
  out->set_miner(StringOf(a.miner));
  out->set_state(static_cast<v1::AttemptState>(a.state));
  out->set_fence(a.fence);
  out->set_admitted_at_us(Count(a.admitted_at));
  out->set_expires_at_us(Count(a.expires_at));
  out->set_commit_leaf_index(a.commit_leaf);
  out->set_committed_at_us(Count(a.committed_at));
  out->set_reveal_by_us(Count(a.reveal_by));
  out->set_reason(static_cast<v1::Reason>(a.reason));
  out->set_behind_winner_us(Count(a.behind_winner));
  out->set_collateral_units(Count(a.collateral));
  out->set_forfeited_units(Count(a.forfeited));
  out->set_predicted_us(Count(a.predicted));
  out->set_residency(static_cast<v1::Residency>(a.residency));
  out->set_late(a.late);
}

void ToProto(const ledger::Transfer& t, v1::Transfer* out) {
  out->set_transfer_id(t.id);
  out->set_kind(static_cast<v1::TransferKind>(t.kind));
  out->set_time_us(Count(t.time));
  out->set_amount_units(Count(t.amount));
  out->set_debit_account(t.debit);
  out->set_credit_account(t.credit);
  if (const auto job = HexDecode(t.job)) out->set_job_id(*job);
  out->set_external_reference(t.external_reference);
}

void ToProto(const engine::CommitReceiptData& data, const SigningKey& key, const std::string& market,
             v1::Receipt* out) {
  transparency::ReceiptStatement statement;
  statement.market = market;
  statement.leaf_index = data.leaf_index;
  statement.leaf_hash = transparency::LeafHash(AsBytes(data.leaf));
  statement.tree_size = data.tree_size;
  statement.root = data.root;
  out->set_leaf_index(data.leaf_index);
  out->set_leaf(data.leaf);
  out->set_tree_size(data.tree_size);
  out->set_root_hash(StringOf(data.root));
  for (const Digest& node : data.inclusion_proof) out->add_inclusion_proof(StringOf(node));
  const std::string message = transparency::ReceiptMessage(statement);
  out->set_signature(StringOf(key.Sign(transparency::kReceiptDomain, AsBytes(message))));
}

}  // namespace prooflode::api
