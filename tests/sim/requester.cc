#include "tests/sim/requester.h"

namespace prooflode::sim {

Digest CircuitId(uint32_t number) {
  Digest id{};
  id[0] = 0xc1;
  id[1] = static_cast<uint8_t>(number);
  return id;
}

market::RegisterCircuit CircuitCommand(uint32_t number) {
  market::Circuit circuit;
  circuit.id = CircuitId(number);
  circuit.name = "circuit-" + std::to_string(number);
  circuit.public_input_count = 1;
  if (number == 2) circuit.r1cs_digest = Digest{};
  circuit.verifying_key_digest[0] = static_cast<uint8_t>(number / 2);
  return {circuit};
}

void Operator::Begin() {
  for (uint32_t i = 0; i < kCircuits; ++i) Ask(CircuitCommand(i), [](const engine::Answered&) {});
  market::RegisterCircuit taken = CircuitCommand(0);
  taken.circuit.id[5] = 1;
  Ask(taken, [](const engine::Answered&) {});
  Later(Seconds(2), [this] { Act(); });
}

void Operator::Act() {
  PayWithdrawals();
  if (!stage_.healed && stage_.plan.suspensions > 0) SuspendMaybe();
  Later(Seconds(2), [this] { Act(); });
}

// Rarely, and rather when a job is closing, which few are at any time.
void Operator::SuspendMaybe() {
  std::vector<Digest> closing;
  for (const auto& [id, job] : stage_.listed.jobs()) {
    if (job.phase == kClosing) closing.push_back(job.circuit);
  }
  if (!closing.empty() && stage_.draw.Chance(500)) {
    Suspend(stage_.draw.Pick(closing));
  } else if (stage_.draw.Chance(stage_.plan.suspensions)) {
    // Now and then the whole proof system, or a circuit that there is none of.
    const bool one = stage_.draw.Chance(700);
    Suspend(one ? CircuitId(static_cast<uint32_t>(stage_.draw.Below(kCircuits + 1))) : Digest{});
  }
}

void Operator::PayWithdrawals() {
  const auto ignore = [](const engine::Answered&) {};
  Draw& draw = stage_.draw;
  for (const auto& [id, withdrawal] : stage_.listed.withdrawals()) {
    if (withdrawal.phase != kRequested || (!stage_.healed && draw.Chance(700))) continue;
    if (draw.Chance(200)) {
      Ask(market::RejectWithdrawal{id, "not today"}, ignore);
    } else {  // now and then with the reference of another payment
      const uint64_t payment = !stage_.healed && draw.Chance(100) ? draw.Below(id + 1) : id;
      Ask(market::PayWithdrawal{id, "payment-" + std::to_string(payment)}, ignore);
    }
  }
}

void Operator::Suspend(const Digest& circuit) {
  const auto ignore = [](const engine::Answered&) {};
  market::SetSuspension set{.subject = {.circuit = circuit}, .active = true, .note = "simulated"};
  Ask(set, ignore);
  set.active = false;
  Later(stage_.draw.Time(Millis(100), Seconds(5)), [this, set, ignore] { Ask(set, ignore); });
}

void Operator::Deposit(const Key& owner) {
  Draw& draw = stage_.draw;
  // Now and then a reference that was used, with another amount or the same.
  const uint32_t number =
      deposits_ > 0 && draw.Chance(200) ? static_cast<uint32_t>(draw.Below(deposits_)) : deposits_++;
  const auto amount = static_cast<uint64_t>(draw.Chance(300) ? 100'000 : draw.Spread(1, 2'000'000));
  Ask(market::Deposit{owner, Amount{amount}, "deposit-" + std::to_string(number)},
      [](const engine::Answered&) {});
}

void Requester::Begin() {
  bank_.Deposit(key());
  Later(stage_.draw.Time(Millis(1), stage_.plan.between_posts), [this] { Act(); });
}

void Requester::Act() {
  if (stage_.healed) return;
  Draw& draw = stage_.draw;
  const uint64_t what = draw.Below(100);
  if (what < 60) {
    Post();
  } else if (what < 75) {
    Cancel();
  } else if (what < 80) {
    Withdraw();
  } else if (what < 88) {
    bank_.Deposit(key());
  } else if (!jobs_.empty()) {
    const Id job = draw.Pick(jobs_);
    Carry([this, job] { stage_.coordinator.Look(job, [](const market::Job*) {}); });
  }
  Later(draw.Time(Millis(1), stage_.plan.between_posts), [this] { Act(); });
}

void Requester::Post() {
  Draw& draw = stage_.draw;
  market::PostJob post;
  if (!posted_.empty() && draw.Chance(250)) {
    post = draw.Pick(posted_);  // a statement that is proven, or being proven
    post.again = draw.Chance(300);
    if (draw.Chance(300)) post.circuit = CircuitId(static_cast<uint32_t>(draw.Below(2)));
  } else {
    const auto circuit = static_cast<uint32_t>(draw.Below(kCircuits));
    post.circuit = CircuitId(circuit);
    post.public_inputs = std::string(32, '\0');
    StoreLe(reinterpret_cast<uint8_t*>(post.public_inputs.data()), statements_++);
    post.public_inputs[8] = static_cast<char>(key()[1]);
    post.statement = Sha256(AsBytes(post.public_inputs + std::to_string(circuit / 2)));
  }
  post.reward = Amount{static_cast<uint64_t>(draw.Spread(1, 100'000))};
  if (draw.Chance(10)) post.reward = Amount{draw.Below(2) == 0 ? 0 : ~uint64_t{0}};
  post.time_limit = draw.Chance(20) ? Millis(10) : draw.Time(Seconds(1), Seconds(30));
  post.policy = {};
  if (draw.Chance(300)) {
    post.policy.lease = market::LeasePolicy{draw.Time(Seconds(1), Seconds(10)), draw.Chance(500)};
  } else {
    post.policy.race.width = draw.Chance(300) ? 0 : static_cast<uint32_t>(draw.Between(1, 6));
  }
  const char nonce_byte =
      static_cast<char>(draw.Below(256));  // in an order that is the same with every compiler
  post.draw_nonce = std::string(draw.Below(33), nonce_byte);
  Ask(post, [this, post](const engine::Answered& answered) {
    const auto* job = std::get_if<market::JobAnswer>(&answered.answer);
    if (job == nullptr) return;
    posted_.push_back(post);
    jobs_.push_back(job->job.id.bytes);
  });
}

void Requester::Cancel() {
  if (jobs_.empty()) return;
  const size_t recent = stage_.draw.Chance(700) ? std::min<size_t>(jobs_.size(), 3) : jobs_.size();
  const Id job = jobs_[jobs_.size() - 1 - stage_.draw.Below(recent)];
  Ask(market::CancelJob{{job}}, [](const engine::Answered&) {});
}

void Requester::Withdraw() {
  const uint32_t number = stage_.draw.Chance(200) ? 0 : withdrawals_++;
  const auto amount = static_cast<uint64_t>(stage_.draw.Spread(1, 200'000));
  Ask(market::Withdraw{Amount{amount}, "withdrawal-" + std::to_string(number)},
      [this](const engine::Answered& answered) {
        const auto* asked = std::get_if<market::WithdrawalAnswer>(&answered.answer);
        if (asked == nullptr || !stage_.draw.Chance(300)) return;
        Ask(market::CancelWithdrawal{asked->withdrawal.id}, [](const engine::Answered&) {});
      });
}

}  // namespace prooflode::sim
