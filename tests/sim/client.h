// Somebody with a key and a connection that may lose, double, delay and reorder what it carries. Asks again
// with the same request id until there is an answer, as the client library does; a crash forgets what was
// asked.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tests/sim/coordinator.h"

namespace prooflode::sim {

// What all who take part share. `healed`: no more faults, and nobody starts anything new.
struct Stage {
  const Plan& plan;
  Draw& draw;
  Events& events;
  Coordinator& coordinator;
  const Model& listed;  // what everybody can list: the durable state
  bool healed = false;
};

class Client {
 public:
  using Answer = std::function<void(const engine::Answered&)>;

  Client(Stage& stage, uint8_t role, uint32_t number);
  virtual ~Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  const Key& key() const { return key_; }
  // Of calls that wait for an answer.
  uint64_t open_calls() const { return open_calls_; }
  void CutFor(Micros time) { cut_until_ = std::max(cut_until_, stage_.events.now() + time); }
  // Over this client's connection, in either direction: maybe once, maybe late, maybe never.
  void Carry(Events::Action action);

 protected:
  std::string NewRequestId();
  void Ask(market::Command command, Answer then);
  void AskAs(std::string request_id, market::Command command, const Digest& content, Answer then);
  // What was asked and not answered is forgotten, and so are answers on their way.
  void Forget();
  uint64_t life() const { return life_; }
  // After a time, unless this life has ended by then.
  void Later(Micros delay, Events::Action action);

  Stage& stage_;

 private:
  struct Call;
  void Try(const std::shared_ptr<Call>& call);
  void Hear(const std::shared_ptr<Call>& call, const StatusOr<engine::Answered>& answer);

  Key key_{};
  Micros cut_until_{};
  uint64_t life_ = 0;
  uint64_t open_calls_ = 0;
};

}  // namespace prooflode::sim
