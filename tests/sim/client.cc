#include "tests/sim/client.h"

namespace prooflode::sim {

struct Client::Call {
  Request request;
  Answer then;
  uint64_t life = 0;
  uint32_t tries = 0;
  bool done = false;
};

Client::Client(Stage& stage, uint8_t role, uint32_t number) : stage_(stage) {
  key_[0] = role;
  StoreLe(key_.data() + 1, number);
}

void Client::Carry(Events::Action action) {
  const NetworkFaults& faults = stage_.plan.network;
  Draw& draw = stage_.draw;
  if (stage_.healed) return stage_.events.After(draw.Time(Micros{100}, Millis(5)), std::move(action));
  if (stage_.events.now() < cut_until_ || draw.Chance(faults.lost)) return;
  const uint32_t copies = draw.Chance(faults.doubled) ? 2 : 1;
  for (uint32_t i = 0; i < copies; ++i) {
    const Micros most = draw.Chance(faults.late) ? faults.late_delay : faults.delay;
    stage_.events.After(draw.Time(Micros{100}, most), action);
  }
}

std::string Client::NewRequestId() {
  std::string id(16, '\0');
  stage_.draw.Fill({reinterpret_cast<uint8_t*>(id.data()), id.size()});
  return id;
}

void Client::Ask(market::Command command, Answer then) {
  std::string id = NewRequestId();
  const Digest content = Sha256(AsBytes(id));
  AskAs(std::move(id), std::move(command), content, std::move(then));
}

void Client::AskAs(std::string request_id, market::Command command, const Digest& content, Answer then) {
  ++open_calls_;
  Try(std::make_shared<Call>(
      Call{{{key_, std::move(request_id)}, std::move(command), content}, std::move(then), life_}));
}

void Client::Try(const std::shared_ptr<Call>& call) {
  if (call->done || call->life != life_) return;
  Carry([this, call] {
    stage_.coordinator.Receive(call->request, [this, call](const StatusOr<engine::Answered>& answer) {
      Carry([this, call, answer] { Hear(call, answer); });
    });
  });
  const Micros pause = Millis(300 << std::min<uint32_t>(call->tries++, 4));
  stage_.events.After(stage_.draw.Time(Micros{Count(pause) / 2}, pause), [this, call] { Try(call); });
}

void Client::Hear(const std::shared_ptr<Call>& call, const StatusOr<engine::Answered>& answer) {
  if (call->done || call->life != life_) return;
  const absl::StatusCode code = answer.status().code();
  if (code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kResourceExhausted) return;
  call->done = true;
  --open_calls_;
  if (answer.ok()) call->then(*answer);
}

void Client::Forget() {
  ++life_;
  open_calls_ = 0;
}

void Client::Later(Micros delay, Events::Action action) {
  stage_.events.After(delay, [this, life = life_, action = std::move(action)] {
    if (life == life_) action();
  });
}

}  // namespace prooflode::sim
