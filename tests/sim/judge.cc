#include "tests/sim/judge.h"

#include "tests/sim/oracle.h"

namespace prooflode::sim {
namespace {

template <typename... Cases>
struct Overload : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Overload(Cases...) -> Overload<Cases...>;

bool IsClients(const std::string& leaf) {
  const auto kind = LoadLe<uint16_t>(AsBytes(leaf).data() + 8);
  return kind != kVerdict && kind != kTick && kind != kStart && kind != kHolderSilent;
}

std::string WhoAsked(const Request& request) {
  return HexEncode(request.origin.identity).substr(0, 8) + " " +
         HexEncode(AsBytes(request.origin.request_id)).substr(0, 16);
}

}  // namespace

std::string InWords(const market::Answer& answer) {
  return std::visit(
      Overload{[](const market::Refusal& a) { return "refused " + a.message; },
               [](const market::CircuitAnswer& a) { return "circuit " + HexEncode(a.circuit.id); },
               [](const market::JobAnswer& a) {
                 return "job " + HexEncode(a.job.id.bytes) + (a.already_proven ? " proven " : " ") +
                        std::to_string(static_cast<int>(a.job.state));
               },
               [](const market::AttemptAnswer& a) {
                 return "attempt " + HexEncode(a.attempt.id.bytes) + " " + std::to_string(a.attempt.fence);
               },
               [](const market::CommitAnswer& a) {
                 return "commit " + std::to_string(a.leaf_index) + " " + std::to_string(Count(a.reveal_by));
               },
               [](const market::RevealAnswer& a) { return "reveal " + std::to_string(a.leaf_index); },
               [](const market::TransferAnswer& a) {
                 return "transfer " + std::to_string(a.transfer.id) + " " +
                        std::to_string(Count(a.transfer.amount));
               },
               [](const market::WithdrawalAnswer& a) {
                 return "withdrawal " + std::to_string(a.withdrawal.id) + " " +
                        std::to_string(Count(a.withdrawal.amount)) + " " +
                        std::to_string(static_cast<int>(a.withdrawal.state));
               },
               [](const market::SuspensionAnswer& a) {
                 return "suspension " + std::to_string(a.suspension.active) + " " +
                        std::to_string(a.refunded_jobs);
               },
               [](const market::CandidacyAnswer& a) {
                 return "candidate at " + HexEncode(a.candidacy.job.bytes) + " " +
                        std::to_string(a.candidacy.leaf);
               },
               [](const auto&) { return std::string("done"); }},
      answer);
}

void Judge::Note(const std::string& text) {
  digest_.Update(AsBytes(text));
  digest_.Update(AsBytes("\n"));
}

Digest Judge::FinishDigest() { return digest_.Finish(); }

void Judge::OnDurable(const std::vector<transparency::Leaf>& leaves) {
  for (const transparency::Leaf& leaf : leaves) {
    history_.Append(leaf);
    if (!findings_.empty()) return;
    digest_.Update(leaf.hash);
    const std::optional<LeafView> view = ReadLeaf(leaf.index, leaf.bytes);
    if (!view)
      return findings_.Add("leaf-format", "leaf " + std::to_string(leaf.index) + " is not of the format");
    if (!view->Text(2).empty()) leaf_of_.emplace(std::pair(view->Bytes<Key>(1), view->Text(2)), leaf.index);
  }
}

void Judge::FoldNext() {
  std::optional<LeafView> view = ReadLeaf(folded_, history_.bytes(folded_));
  if (view) view->root_before = history_.RootBefore(folded_);
  if (view) view->proof = history_.proof(folded_);
  ++folded_;
  if (view) model_.Fold(*view);
}

void Judge::EndTurn() {
  while (findings_.empty() && folded_ < history_.size()) FoldNext();
}

bool Judge::EventuallyHolds(const std::function<bool()>& holds) {
  while (!holds()) {
    if (folded_ == history_.size() || IsClients(history_.bytes(folded_))) return false;
    FoldNext();
  }
  return true;
}

void Judge::OnTold(const Request& request, const StatusOr<engine::Answered>& answer, Micros now) {
  const RequestKey key{request.origin.identity, request.origin.request_id};
  const auto told = told_.find(key);
  const bool retried = told != told_.end() && told->second.content == request.content;
  const std::string who = WhoAsked(request);
  if (!answer.ok()) {
    Note(who + " error " + std::to_string(static_cast<int>(answer.status().code())));
    if (answer.status().code() == absl::StatusCode::kAlreadyExists && retried) {
      findings_.Add("same-answer", who + ": a retry was taken for another request");
    }
    return;
  }
  const std::string words = InWords(answer->answer);
  Note(who + " " + words);
  if (const auto* refusal = std::get_if<market::Refusal>(&answer->answer)) {
    if (retried) return findings_.Add("same-answer", who + ": acknowledged before, now " + words);
    return OnRefused(request, *refusal, now);
  }
  if (told != told_.end()) {
    if (!retried) return findings_.Add("request-id", who + ": another request's id was taken: " + words);
    if (told->second.answer != words) {
      findings_.Add("same-answer", who + ": first " + told->second.answer + ", then " + words);
    }
  } else {
    told_[key] = {request.content, words};
    const auto leaf = leaf_of_.find(key);
    while (leaf != leaf_of_.end() && folded_ <= leaf->second && findings_.empty()) FoldNext();
    if (!EventuallyHolds([&] { return IsTrue(request, *answer); })) {
      return findings_.Add("durable", who + ": was told \"" + words + "\", which is not in the log");
    }
  }
  if (answer->receipt) history_.CheckReceipt(*answer->receipt);
  if (std::holds_alternative<market::CommitAnswer>(answer->answer) && !answer->receipt) {
    findings_.Add("receipt", who + ": a commit was acknowledged without one");
  }
}

void Judge::OnRefused(const Request& request, const market::Refusal& refusal, Micros now) {
  const std::string who = WhoAsked(request);
  const auto leaf = leaf_of_.find({request.origin.identity, request.origin.request_id});
  // A copy of this request later in the same turn may have been taken.
  if (leaf != leaf_of_.end() && leaf->second < folded_) {
    return findings_.Add("refusal-no-effect", who + ": refused, and in the log: " + refusal.message);
  }
  if (!EventuallyHolds([&] { return MayRefuse(model_, request, now); })) {
    findings_.Add("phantom-refusal", who + ": nothing stands against it, refused: " + refusal.message);
  }
}

// Whether the log so far says what the answer says.
bool Judge::IsTrue(const Request& request, const engine::Answered& answered) const {
  const Key who = request.origin.identity;
  const auto in_log = leaf_of_.find({who, request.origin.request_id});
  const bool logged = in_log != leaf_of_.end();
  return std::visit(
      Overload{[](const market::Refusal&) { return true; },
               [&](const market::CircuitAnswer& a) { return model_.HasCircuit(a.circuit.id); },
               [&](const market::JobAnswer& a) {
                 const JobModel* job = model_.FindJob(a.job.id.bytes);
                 if (job == nullptr) return false;
                 if (a.already_proven) {
                   return job->phase == kWon && IsProof(model_.FindAttempt(job->winning)->proof, job->inputs);
                 }
                 // A repeat tells how it was.
                 const bool is_so = answered.repeated || job->phase == static_cast<uint8_t>(a.job.state);
                 return logged && job->requester == who && is_so;
               },
               [&](const market::AttemptAnswer& a) {
                 const AttemptModel* attempt = model_.FindAttempt(a.attempt.id.bytes);
                 return attempt != nullptr && attempt->miner == who && attempt->fence == a.attempt.fence;
               },
               [&](const market::CommitAnswer& a) {
                 const AttemptModel* attempt =
                     model_.FindAttempt(std::get<market::CommitProof>(request.command).attempt.bytes);
                 return attempt != nullptr && attempt->has_committed &&
                        attempt->commit_leaf == a.leaf_index && attempt->reveal_by == Count(a.reveal_by);
               },
               [&](const market::RevealAnswer&) {
                 const auto& reveal = std::get<market::RevealProof>(request.command);
                 const AttemptModel* attempt = model_.FindAttempt(reveal.attempt.bytes);
                 return attempt != nullptr && attempt->proof == reveal.opening.proof;
               },
               [&](const market::TransferAnswer& a) {
                 if (const auto* deposit = std::get_if<market::Deposit>(&request.command)) {
                   const auto* made = model_.FindDeposit(deposit->external_reference);
                   return made != nullptr && made->second == Count(a.transfer.amount) &&
                          made->first == deposit->owner;
                 }
                 return false;
               },
               [&](const market::WithdrawalAnswer& a) {
                 const WithdrawalModel* made = model_.FindWithdrawal(a.withdrawal.id);
                 return made != nullptr && made->owner == a.withdrawal.owner &&
                        made->amount == Count(a.withdrawal.amount) &&
                        (answered.repeated || made->phase == static_cast<uint8_t>(a.withdrawal.state));
               },
               [&](const market::SuspensionAnswer& a) {
                 return answered.repeated ||
                        a.suspension.active == model_.IsSuspensionActive(a.suspension.subject.circuit);
               },
               [&](const market::CandidacyAnswer& a) {
                 return model_.WasCandidate(who, a.candidacy.job.bytes, a.candidacy.leaf);
               },
               [&](const auto&) { return logged; }},
      answered.answer);
}

void Judge::OnPublished(const market::Market& market, const std::vector<market::Effect>& effects) {
  EndTurn();
  for (const market::Effect& effect : effects) {
    if (!findings_.empty()) return;
    std::visit(Overload{[&](const market::JobOpened& e) { CompareJob(market, e.job.bytes); },
                        [&](const market::JobChanged& e) { CompareJob(market, e.job.bytes); },
                        [&](const market::RaceFull& e) { CompareJob(market, e.job.bytes); },
                        [&](const market::JobOver& e) { CompareJob(market, e.job.bytes); },
                        [&](const market::AttemptEnded& e) { CompareAttempt(market, e.attempt.bytes); },
                        [&](const market::NeedsVerdict& e) { CompareAttempt(market, e.attempt.bytes); },
                        [&](const market::Admitted& e) { CompareAttempt(market, e.attempt.bytes); },
                        [](const auto&) {}},
               effect);
  }
}

void Judge::CompareJob(const market::Market& market, const Id& id) {
  const market::Job* job = market.FindJob({id});
  const JobModel* model = model_.FindJob(id);
  const std::string name = "job " + HexEncode(id);
  if (job == nullptr && model == nullptr) return;
  if (job == nullptr || model == nullptr)
    return findings_.Add("read-durable", name + ": is not on both sides");
  if (static_cast<uint8_t>(job->state) != model->phase || job->requester != model->requester ||
      Count(job->reward) != model->reward || Count(job->fee) != model->fee ||
      Count(job->deadline_at) != model->deadline || job->statement != model->statement ||
      job->delivered_attempt.value_or(market::AttemptId{}).bytes != model->delivered ||
      job->winning_attempt.value_or(market::AttemptId{}).bytes != model->winning) {
    findings_.Add("read-durable", name + ": reads otherwise than the log says");
  }
  if (model->phase != kDelivered && model->phase != kWon) return;
  const AttemptModel* prover = model_.FindAttempt(model->phase == kWon ? model->winning : model->delivered);
  if (prover == nullptr || market.DeliveredProof(*job) != prover->proof_leaf ||
      !IsProof(prover->proof, model->inputs)) {
    findings_.Add("delivery", name + ": what it delivers is not the verified proof");
  }
}

void Judge::CompareAttempt(const market::Market& market, const Id& id) {
  const market::Attempt* attempt = market.FindAttempt({id});
  const AttemptModel* model = model_.FindAttempt(id);
  const std::string name = "attempt " + HexEncode(id);
  if (attempt == nullptr || model == nullptr)
    return findings_.Add("read-durable", name + ": is not on both sides");
  if (static_cast<uint8_t>(attempt->state) != model->phase || attempt->miner != model->miner ||
      attempt->fence != model->fence || attempt->job.bytes != model->job ||
      static_cast<uint8_t>(attempt->reason) != model->reason ||
      (model->has_committed && attempt->commit_leaf != model->commit_leaf)) {
    findings_.Add("read-durable", name + ": reads otherwise than the log says");
  }
}

void Judge::CompareAll(const market::Market& market) {
  EndTurn();
  if (market.jobs().size() != model_.jobs().size()) {
    return findings_.Add("read-durable", std::to_string(market.jobs().size()) + " jobs, the log has " +
                                             std::to_string(model_.jobs().size()));
  }
  for (const auto& [id, job] : model_.jobs()) CompareJob(market, id);
  for (const auto& [id, attempt] : model_.attempts()) CompareAttempt(market, id);
  if (market.withdrawals().size() != model_.withdrawals().size()) {
    findings_.Add("read-durable", "another number of withdrawals than the log has");
  }
  for (const auto& [id, withdrawal] : market.withdrawals()) {
    const WithdrawalModel* made = model_.FindWithdrawal(id);
    if (made == nullptr || made->phase != static_cast<uint8_t>(withdrawal.state)) {
      findings_.Add("read-durable",
                    "withdrawal " + std::to_string(id) + " reads otherwise than the log says");
    }
  }
  size_t suspended = 0;
  for (const auto& [subject, suspension] : market.suspensions()) {
    if (!suspension.active) continue;
    ++suspended;
    if (!model_.IsSuspensionActive(subject.circuit))
      findings_.Add("read-durable", "a suspension that was lifted");
  }
  if (suspended != model_.suspended().size()) findings_.Add("read-durable", "a suspension is forgotten");
  size_t candidates = 0;
  for (const auto& [id, job] : model_.jobs()) candidates += job.candidates.size();
  if (market.candidacies().size() != candidates)
    findings_.Add("read-durable", "other candidates wait for draws");
  for (const auto& [miner, standing] : market.standings()) {
    if (standing.draws_lost != model_.DrawsLost(miner) || standing.places_lost != model_.PlacesLost(miner)) {
      findings_.Add("read-durable", "a miner's standing reads otherwise than the log says");
    }
  }
  std::map<std::string, uint64_t> held;
  for (const auto& [account, balance] : market.ledger().balances()) {
    if (Count(balance) != 0 && account != "external") held[account] = Count(balance);
  }
  if (held != model_.balances()) findings_.Add("read-durable", "balances read otherwise than the log says");
}

void Judge::OnCheck(const engine::ProofChecker::Request& request) {
  const AttemptModel* attempt = model_.FindAttempt(request.attempt.bytes);
  if (attempt == nullptr || attempt->proof != request.proof || attempt->commit_leaf != request.commit_leaf) {
    findings_.Add("verdict", "the verifier was given something that no miner revealed");
  }
}

void Judge::AtEnd() {
  EndTurn();
  for (const auto& [id, job] : model_.jobs()) {
    if (!IsFinalPhase(job.phase)) {
      findings_.Add("liveness",
                    "job " + HexEncode(id) + " never ended, it is in state " + std::to_string(job.phase));
    }
  }
  for (const auto& [id, attempt] : model_.attempts()) {
    if (IsLivePhase(attempt.phase)) findings_.Add("liveness", "attempt " + HexEncode(id) + " never ended");
  }
  for (const auto& [account, balance] : model_.balances()) {
    if (account.starts_with("escrow:") || account.starts_with("stake:") ||
        account.starts_with("withdrawing:"))
      findings_.Add("liveness", account + " still holds " + std::to_string(balance));
  }
}

}  // namespace prooflode::sim
