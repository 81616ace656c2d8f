// Requesters, and the operator who lets money in, of a simulated world.
#pragma once

#include <vector>

#include "tests/sim/client.h"

namespace prooflode::sim {

// The first two have the same verifying key: one statement can be asked for in both. The last has an r1cs.
constexpr uint32_t kCircuits = 3;
Digest CircuitId(uint32_t number);
// A circuit that the operator registers.
market::RegisterCircuit CircuitCommand(uint32_t number);

class Operator final : public Client {
 public:
  explicit Operator(Stage& stage) : Client(stage, 9, 0) {}
  // Registers the circuits; from then on pays withdrawals, and throws the kill switch now and again.
  void Begin();
  void Deposit(const Key& owner);

 private:
  void Act();
  void PayWithdrawals();
  void SuspendMaybe();
  void Suspend(const Digest& circuit);  // zeros: all of them

  uint32_t deposits_ = 0;
};

class Requester final : public Client {
 public:
  Requester(Stage& stage, uint32_t number, Operator& bank) : Client(stage, 1, number), bank_(bank) {}
  // Does something now and again until the world is healed.
  void Begin();

 private:
  void Act();
  void Post();
  void Cancel();
  void Withdraw();

  Operator& bank_;
  std::vector<Id> jobs_;
  std::vector<market::PostJob> posted_;
  uint32_t statements_ = 0;
  uint32_t withdrawals_ = 0;
};

}  // namespace prooflode::sim
