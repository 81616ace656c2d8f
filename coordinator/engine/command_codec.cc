#include "coordinator/engine/command_codec.h"

#include "coordinator/engine/field_bytes.h"
#include "coordinator/engine/fields.h"

namespace prooflode::engine {
namespace {

using transparency::LeafContent;
using transparency::LeafType;

using FieldMap = std::map<uint16_t, std::string>;

class FieldWriter {
 public:
  explicit FieldWriter(FieldMap& fields) : fields_(fields) {}
  template <typename T>
  void operator()(uint16_t number, const T& value) {
    fields_[number] = FieldBytes(value);
  }
  template <typename T>
  void operator()(uint16_t number, const std::optional<T>& value) {
    if (value) (*this)(number, *value);
  }
  // Fields that come together: whether they do.
  bool Comes(uint16_t, bool comes) const { return comes; }

 private:
  FieldMap& fields_;
};

class FieldReader {
 public:
  explicit FieldReader(const FieldMap& fields) : fields_(fields) {}
  template <typename T>
  void operator()(uint16_t number, T& value) {
    const auto field = fields_.find(number);
    if (field == fields_.end() || !FromFieldBytes(field->second, value)) Fail(number);
  }
  template <typename T>
  void operator()(uint16_t number, std::optional<T>& value) {
    value.reset();
    if (fields_.contains(number)) (*this)(number, value.emplace());
  }
  bool Comes(uint16_t number, bool) const { return fields_.contains(number); }
  // The first field that was missing or malformed.
  std::optional<uint16_t> failed() const { return failed_; }

 private:
  void Fail(uint16_t number) {
    if (!failed_) failed_ = number;
  }

  const FieldMap& fields_;
  std::optional<uint16_t> failed_;
};

template <typename Archive>
void VisitCommand(Archive& a, Is<market::RegisterCircuit> auto& command) {
  auto& c = command.circuit;
  a(10, c.id);
  a(11, c.name);
  a(12, c.proof_system);
  a(13, c.zkey_digest);
  a(14, c.zkey_bytes);
  a(15, c.r1cs_digest);
  a(16, c.r1cs_bytes);
  a(17, c.domain_size);
  a(18, c.variable_count);
  a(19, c.public_input_count);
  a(20, c.insecure_setup);
  a(21, c.verification_key_json);
  a(22, c.registered_at);
  a(23, c.verifying_key_digest);
  a(24, c.security_bits);
  a(25, c.setup_contributions);
  a(26, c.work_units);
  a(27, c.mirrors);
  a(70, c.owner);
}
template <typename Archive>
void VisitCommand(Archive& a, Is<market::PostJob> auto& c) {
  a(10, c.circuit);
  a(31, c.witness_digest);
  a(32, c.witness_bytes);
  a(33, c.public_inputs);
  a(34, c.statement);
  a(35, c.reward);
  a(36, c.time_limit);
  a(37, c.policy.race.width);
  std::optional<Micros> lease;
  if (c.policy.lease) lease = c.policy.lease->lease;
  a(38, lease);
  a(39, c.again);
  a(40, c.draw_nonce);
  a(41, c.previous_root);
  bool hedged = c.policy.lease && c.policy.lease->hedged;
  if (lease) a(42, hedged);
  if constexpr (!std::is_const_v<std::remove_reference_t<decltype(c)>>) {
    c.policy.lease.reset();
    if (lease) c.policy.lease = market::LeasePolicy{*lease, hedged};
  }
}
template <typename Archive>
void VisitCommand(Archive& a, Is<market::CancelJob> auto& c) {
  a(30, c.job);
}
template <typename Archive>
void VisitCommand(Archive& a, Is<market::AcceptOffer> auto& c) {
  a(30, c.job);
  a(43, c.predicted);
  a(44, c.residency);
  a(45, c.slots);
}
template <typename Archive>
void VisitCommand(Archive& a, Is<market::WithdrawCandidacy> auto& c) {
  a(30, c.job);
}
template <typename Archive>
void VisitCommand(Archive& a, Is<market::HolderSilent> auto& c) {
  a(50, c.attempt);
}
template <typename Archive>
void VisitOpening(Archive& a, Is<market::Opening> auto& o) {
  a(54, o.proof_hash);
  a(55, o.nonce);
  a(58, o.commit_hash);
}
template <typename Archive>
void VisitCommand(Archive& a, Is<market::CommitProof> auto& c) {
  a(50, c.attempt);
  a(51, c.fence);
  a(52, c.commit_hash);
  a(53, c.signature);
  const bool opened = a.Comes(54, c.opening.has_value());
  if constexpr (!std::is_const_v<std::remove_reference_t<decltype(c)>>) {
    c.opening.reset();
    if (opened) c.opening.emplace();
  }
  if (opened) VisitOpening(a, *c.opening);
}
template <typename Archive>
void VisitCommand(Archive& a, Is<market::RevealProof> auto& c) {
  a(50, c.attempt);
  a(51, c.fence);
  VisitOpening(a, c.opening);
}
template <typename Archive>
void VisitCommand(Archive& a, Is<market::ReleaseAttempt> auto& c) {
  a(50, c.attempt);
  a(51, c.fence);
  a(56, c.reason);
}
template <typename Archive>
void VisitCommand(Archive& a, Is<market::RecordVerdict> auto& c) {
  a(50, c.attempt);
  a(57, c.valid);
  a(59, c.verifier_version);
}
template <typename Archive>
void VisitCommand(Archive& a, Is<market::Deposit> auto& c) {
  a(70, c.owner);
  a(71, c.amount);
  a(72, c.external_reference);
}
template <typename Archive>
void VisitCommand(Archive& a, Is<market::Withdraw> auto& c) {
  a(71, c.amount);
  a(72, c.external_reference);
}
template <typename Archive>
void VisitCommand(Archive&, Is<market::Tick> auto&) {}
template <typename Archive>
void VisitCommand(Archive& a, Is<market::Restart> auto& c) {
  a(80, c.no_expiry_before);
  a(81, c.rules.market);
  a(82, c.rules.reveal_window);
  a(83, c.rules.lease_default);
  a(84, c.rules.time_limit_min);
  a(85, c.rules.time_limit_max);
  a(86, c.rules.open_jobs_per_requester_max);
  a(87, c.rules.live_attempts_per_miner_max);
  a(88, c.rules.admissions_per_miner_and_job_max);
  a(89, c.rules.fee_per_million);
  a(90, c.rules.race_place);
  a(110, c.rules.collateral_per_million);
  a(111, c.rules.release_grace);
  a(112, c.rules.release_fee_per_million);
  a(113, c.rules.unprovable_reports);
  a(114, c.rules.check_fee_per_million);
  a(91, c.rules.draw_window);
  a(92, c.rules.race_width_default);
  a(93, c.rules.late_percent);
  a(94, c.rules.silence_limit);
  a(115, c.rules.proof_retention);
  a(116, c.proofs_kept_from);
  a(95, c.key);
  std::optional<PublicKey> retired;
  if (c.handover) retired = c.handover->retired;
  a(96, retired);
  if (!retired) return;
  if constexpr (!std::is_const_v<std::remove_reference_t<decltype(c)>>) {
    c.handover = KeyHandover{.retired = *retired, .successor = c.key};
  }
  a(41, c.handover->root);
  a(97, c.handover->by_retired);
  a(98, c.handover->by_successor);
  a(99, c.handover->tree_size);
}

template <typename Archive>
void VisitCommand(Archive& a, Is<market::PayWithdrawal> auto& c) {
  a(60, c.withdrawal);
  a(72, c.external_reference);
}
template <typename Archive>
void VisitCommand(Archive& a, Is<market::RejectWithdrawal> auto& c) {
  a(60, c.withdrawal);
  a(73, c.note);
}
template <typename Archive>
void VisitCommand(Archive& a, Is<market::CancelWithdrawal> auto& c) {
  a(60, c.withdrawal);
}
template <typename Archive>
void VisitCommand(Archive& a, Is<market::SetSuspension> auto& c) {
  a(10, c.subject.circuit);
  a(12, c.subject.proof_system);
  a(73, c.note);
  a(74, c.active);
}

template <typename Archive>
void VisitStamped(Archive& archive, Is<market::Stamped> auto& stamped) {
  archive(1, stamped.origin.identity);
  archive(2, stamped.origin.request_id);
  archive(3, stamped.entropy);
  std::visit([&](auto& command) { VisitCommand(archive, command); }, stamped.command);
}

// Leaf types have the order of the variant; both are part of stored formats.
LeafType TypeOf(const market::Command& command) { return static_cast<LeafType>(command.index() + 1); }
static_assert(std::variant_size_v<market::Command> == static_cast<size_t>(transparency::kLeafTypeMax));

template <size_t I = 0>
market::Command MakeCommand(size_t index) {
  if constexpr (I + 1 < std::variant_size_v<market::Command>) {
    if (index != I) return MakeCommand<I + 1>(index);
  }
  return market::Command(std::in_place_index<I>);
}

void AppendText(std::string& out, const std::string& text) {
  out += FieldBytes(static_cast<uint16_t>(text.size()));
  out += text;
}

}  // namespace

bool IsOutcomeField(uint16_t number) { return number > 100 && number <= 104; }

FieldMap EncodeOutcome(const LeafOutcome& outcome) {
  FieldMap fields;
  for (const market::Job& job : outcome.jobs) {
    fields[101] += FieldBytes(job.id) + FieldBytes(job.state) + FieldBytes(job.deadline_at) +
                   FieldBytes(job.delivered_attempt.value_or(market::AttemptId{})) +
                   FieldBytes(job.winning_attempt.value_or(market::AttemptId{}));
  }
  for (const market::Attempt& attempt : outcome.attempts) {
    fields[102] += FieldBytes(attempt.id) + FieldBytes(attempt.job) + FieldBytes(attempt.miner) +
                   FieldBytes(attempt.state) + FieldBytes(attempt.reason) + FieldBytes(attempt.fence) +
                   FieldBytes(attempt.reveal_by);
  }
  for (const ledger::Transfer& transfer : outcome.transfers) {
    std::string& out = fields[103];
    out += FieldBytes(transfer.id) + FieldBytes(transfer.kind) + FieldBytes(transfer.amount);
    AppendText(out, transfer.debit);
    AppendText(out, transfer.credit);
    AppendText(out, transfer.job);
  }
  for (const market::DrawRecord& draw : outcome.draws) {
    std::string& out = fields[104];
    out += FieldBytes(draw.job) + FieldBytes(draw.number) + FieldBytes(draw.places) +
           FieldBytes(static_cast<uint32_t>(draw.entries.size()));
    for (const market::DrawRecord::Entry& entry : draw.entries) {
      out += FieldBytes(entry.miner) + FieldBytes(entry.tickets) + FieldBytes(entry.admitted);
    }
  }
  return fields;
}

LeafContent EncodeCommand(const market::Stamped& stamped, const LeafOutcome& outcome) {
  LeafContent content;
  content.type = TypeOf(stamped.command);
  content.time = stamped.now;
  FieldWriter writer(content.fields);
  VisitStamped(writer, stamped);
  content.fields.merge(EncodeOutcome(outcome));
  return content;
}

StatusOr<market::Stamped> DecodeCommand(const LeafContent& content, uint64_t leaf_index) {
  const size_t type = static_cast<size_t>(content.type);
  if (type < 1 || type > std::variant_size_v<market::Command>) {
    return absl::DataLossError(absl::StrCat("leaf ", leaf_index, ": unknown type ", type));
  }
  market::Stamped stamped;
  stamped.now = content.time;
  stamped.leaf_index = leaf_index;
  stamped.command = MakeCommand(type - 1);
  FieldReader reader(content.fields);
  VisitStamped(reader, stamped);
  if (reader.failed()) {
    return absl::DataLossError(
        absl::StrCat("leaf ", leaf_index, ": field ", *reader.failed(), " is missing or malformed"));
  }
  FieldMap expected;
  FieldWriter writer(expected);
  VisitStamped(writer, std::as_const(stamped));
  for (const auto& [number, value] : content.fields) {
    if (!IsOutcomeField(number) && !expected.contains(number)) {
      return absl::DataLossError(absl::StrCat("leaf ", leaf_index, ": unknown field ", number));
    }
  }
  return stamped;
}

}  // namespace prooflode::engine
