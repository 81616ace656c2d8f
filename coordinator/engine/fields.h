// One list of fields for each noun of the market, visited by whoever writes or reads them: stored answers,
// rows of the store. The order is part of both formats (docs/formats/store.md): new fields go to the end.
//
// An archive has operator()(value) for std::string, std::array<uint8_t, N>, Id, bool, unsigned integers,
// enums, Micros, Amount and std::optional of these.
#pragma once

#include <concepts>
#include <type_traits>

#include "base/key_handover.h"
#include "coordinator/ledger/ledger.h"
#include "coordinator/market/types.h"

namespace prooflode::engine {

template <typename T, typename Noun>
concept Is = std::same_as<std::remove_const_t<T>, Noun>;

template <typename Archive>
void VisitFields(Archive& archive, Is<market::Circuit> auto& c) {
  archive(c.id);
  archive(c.name);
  archive(c.proof_system);
  archive(c.zkey_digest);
  archive(c.zkey_bytes);
  archive(c.r1cs_digest);
  archive(c.r1cs_bytes);
  archive(c.domain_size);
  archive(c.variable_count);
  archive(c.public_input_count);
  archive(c.owner);
  archive(c.registered_at);
  archive(c.insecure_setup);
  archive(c.verification_key_json);
  archive(c.verifying_key_digest);
  archive(c.security_bits);
  archive(c.setup_contributions);
  archive(c.work_units);
  archive(c.mirrors);
}

template <typename Archive>
void VisitFields(Archive& archive, Is<market::Job> auto& j) {
  archive(j.id);
  archive(j.circuit);
  archive(j.requester);
  archive(j.state);
  archive(j.reward);
  archive(j.fee);
  archive(j.policy.race.width);
  // A lease policy is its length, absent in a race, and at the end whether it is hedged.
  using Lease = std::optional<Micros>;
  Lease lease = j.policy.lease ? Lease(j.policy.lease->lease) : std::nullopt;
  archive(lease);
  if constexpr (!std::is_const_v<std::remove_reference_t<decltype(j)>>) {
    j.policy.lease.reset();
    if (lease) j.policy.lease = market::LeasePolicy{*lease};
  }
  archive(j.posted_at);
  archive(j.deadline_at);
  archive(j.witness_digest);
  archive(j.witness_bytes);
  archive(j.statement);
  archive(j.public_inputs);
  archive(j.racer_count);
  archive(j.commit_count);
  archive(j.delivered_attempt);
  archive(j.winning_attempt);
  archive(j.winner);
  archive(j.delivered_at);
  archive(j.settled_at);
  archive(j.margin);
  archive(j.revision);
  archive(j.collateral);
  archive(j.bounty);
  archive(j.draw_seed);
  archive(j.draw_count);
  archive(j.draw_at);
  bool hedged = j.policy.lease && j.policy.lease->hedged;
  archive(hedged);
  if constexpr (!std::is_const_v<std::remove_reference_t<decltype(j)>>) {
    if (j.policy.lease) j.policy.lease->hedged = hedged;
  }
}

template <typename Archive>
void VisitFields(Archive& archive, Is<market::Attempt> auto& a) {
  archive(a.id);
  archive(a.job);
  archive(a.miner);
  archive(a.state);
  archive(a.fence);
  archive(a.admitted_at);
  archive(a.expires_at);
  archive(a.commit_hash);
  archive(a.commit_leaf);
  archive(a.committed_at);
  archive(a.reveal_by);
  archive(a.proof_leaf);
  archive(a.reason);
  archive(a.behind_winner);
  archive(a.changed_by);
  archive(a.collateral);
  archive(a.forfeited);
  archive(a.predicted);
  archive(a.residency);
  archive(a.late_at);
  archive(a.late);
}

template <typename Archive>
void VisitFields(Archive& archive, Is<market::Candidacy> auto& c) {
  archive(c.job);
  archive(c.miner);
  archive(c.leaf);
  archive(c.entered_at);
  archive(c.predicted);
  archive(c.residency);
}

template <typename Archive>
void VisitFields(Archive& archive, Is<market::Standing> auto& s) {
  archive(s.miner);
  archive(s.draws_lost);
  archive(s.places_lost);
}

template <typename Archive>
void VisitFields(Archive& archive, Is<ledger::Transfer> auto& t) {
  archive(t.id);
  archive(t.kind);
  archive(t.time);
  archive(t.amount);
  archive(t.debit);
  archive(t.credit);
  archive(t.job);
  archive(t.external_reference);
}

template <typename Archive>
void VisitFields(Archive& archive, Is<KeyHandover> auto& h) {
  archive(h.tree_size);
  archive(h.root);
  archive(h.retired);
  archive(h.successor);
  archive(h.by_retired);
  archive(h.by_successor);
}

template <typename Archive>
void VisitFields(Archive& archive, Is<market::Withdrawal> auto& w) {
  archive(w.id);
  archive(w.owner);
  archive(w.state);
  archive(w.amount);
  archive(w.reference);
  archive(w.requested_at);
  archive(w.ended_at);
  archive(w.payment);
  archive(w.note);
}

template <typename Archive>
void VisitFields(Archive& archive, Is<market::Suspension> auto& s) {
  archive(s.subject.proof_system);
  archive(s.subject.circuit);
  archive(s.active);
  archive(s.since);
  archive(s.note);
}

}  // namespace prooflode::engine
