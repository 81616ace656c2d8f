// Drives a market in tests as the engine does, in simulated time.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/sim/sim_env.h"
#include "coordinator/market/market.h"

namespace prooflode::market {

inline Identity Key(uint8_t n) {
  Identity key{};
  key[0] = n;
  return key;
}
inline const Identity kAlice = Key(1);  // a requester
inline const Identity kM1 = Key(11);
inline const Identity kM2 = Key(12);
inline const Identity kM3 = Key(13);

// Drives a market as the engine does: a Tick before each command when one is due, one leaf a change.
class Bench {
 public:
  explicit Bench(Rules rules = {}, uint64_t money = 1000) : market(rules) {
    Circuit circuit;
    circuit.id[0] = 7;
    circuit.name = "c";
    circuit.public_input_count = 1;
    Do(kAlice, RegisterCircuit{circuit});
    Do({}, Deposit{kAlice, Amount{money}, "start"});
  }

  Answer Do(const Identity& who, Command command) {
    if (const auto due = market.NextDue(); due && *due <= now) Apply({}, Tick{});
    return Apply(who, std::move(command));
  }
  template <typename T>
  T Get(const Identity& who, Command command) {
    const Answer answer = Do(who, std::move(command));
    if (const Refusal* refusal = std::get_if<Refusal>(&answer)) ADD_FAILURE() << refusal->message;
    return std::holds_alternative<T>(answer) ? std::get<T>(answer) : T{};
  }
  Reason Refused(const Identity& who, Command command) {
    const Answer answer = Do(who, std::move(command));
    EXPECT_TRUE(std::holds_alternative<Refusal>(answer));
    return std::holds_alternative<Refusal>(answer) ? std::get<Refusal>(answer).reason : Reason::kUnspecified;
  }

  Job Post(Policy policy, uint64_t reward = 100, Micros limit = Seconds(10), uint8_t statement = 1,
           bool again = false) {
    PostJob command{.reward = Amount{reward}, .time_limit = limit, .policy = policy, .again = again};
    command.circuit[0] = 7;
    command.public_inputs = std::string(32, '\0');
    command.statement[0] = statement;
    return Get<JobAnswer>(kAlice, command).job;
  }
  Attempt Accept(const Identity& miner, const Job& job) {
    return Get<AttemptAnswer>(miner, AcceptOffer{job.id}).attempt;
  }
  void Commit(const Attempt& a) {
    Get<CommitAnswer>(a.miner, CommitProof{.attempt = a.id, .fence = a.fence, .commit_hash = Hash(a)});
  }
  void Reveal(const Attempt& a) { Get<RevealAnswer>(a.miner, RevealProof{a.id, a.fence, OpeningOf(a)}); }
  // Both at once.
  void CommitOpened(const Attempt& a) {
    Get<CommitAnswer>(a.miner, CommitProof{a.id, a.fence, Hash(a), {}, OpeningOf(a)});
  }
  void Verdict(const Attempt& a, bool valid) { Get<Done>({}, RecordVerdict{a.id, valid}); }
  void Pass(Micros time) {
    now = now + time;
    if (const auto due = market.NextDue(); due && *due <= now) Apply({}, Tick{});
  }

  static Digest Hash(const Attempt& a) {
    Digest digest{};
    std::copy(a.id.bytes.begin(), a.id.bytes.end(), digest.begin());
    return digest;
  }
  static Opening OpeningOf(const Attempt& a) {
    return {.proof = {}, .nonce = {}, .proof_hash = {}, .commit_hash = Hash(a)};
  }
  AttemptState StateOf(const Attempt& a) const { return market.FindAttempt(a.id)->state; }
  std::optional<Micros> Margin(const Attempt& a) const { return market.MarginOf(*market.FindAttempt(a.id)); }
  JobState StateOf(const Job& j) const { return market.FindJob(j.id)->state; }
  uint64_t Balance(const Identity& who) const {
    return Count(market.ledger().Balance(ledger::Available(HexEncode(who))));
  }

  SimRandom random{5};
  Micros now = Seconds(100);
  LeafIndex leaves = 0;
  std::vector<Effect> effects;  // of the last command
  Market market;

 private:
  Answer Apply(const Identity& who, Command command) {
    Stamped in{.now = now, .leaf_index = leaves, .origin = {who, "request"}, .command = std::move(command)};
    random.Fill(in.entropy);
    Outcome outcome = market.Apply(in);
    EXPECT_FALSE(outcome.changed && std::holds_alternative<Refusal>(outcome.answer));
    EXPECT_TRUE(outcome.changed || outcome.effects.empty());
    if (outcome.changed) ++leaves;
    effects = std::move(outcome.effects);
    return std::move(outcome.answer);
  }
};

inline Policy Race(uint32_t width) { return {.race = {width}}; }
inline Policy Lease(Micros lease) { return {.lease = LeasePolicy{lease}}; }

}  // namespace prooflode::market
