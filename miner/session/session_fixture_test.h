// A session whose events are fed by hand, for the tests of it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sim/sim_env.h"
#include "miner/session/session.h"

namespace prooflode::miner {

inline constexpr Micros kCalendar =
    Seconds(1'700'000'000);  // what the coordinator's clock shows at our time zero

inline OfferedJob MakeJob(uint8_t n, uint64_t reward = 100) {
  OfferedJob job;
  job.id[0] = n;
  job.circuit[0] = 1;
  job.circuit_name = "poseidon";
  job.domain_size = 1024;
  job.zkey_bytes = 1 << 20;
  job.witness_bytes = 1 << 15;
  job.witness[0] = n;
  job.reward = Amount{reward};
  job.deadline_at = kCalendar + Seconds(600);
  return job;
}

inline AttemptRef MakeAttempt(uint8_t job, uint8_t n, AttemptState state = AttemptState::kAdmitted) {
  AttemptRef attempt;
  attempt.id[0] = n;
  attempt.job[0] = job;
  attempt.fence = 7;
  attempt.state = state;
  return attempt;
}

class SessionTest : public testing::Test {
 protected:
  void Make(SessionOptions options = {}) { session_.emplace(options, random_); }

  // Feeds an event and keeps what came out.
  void Feed(const Event& event) { actions_ = session_->Handle(now_, event); }
  void Advance(Micros by) {
    now_ = now_ + by;
    Feed(event::Tick{});
  }
  template <typename A>
  std::vector<A> All() const {
    std::vector<A> all;
    for (const Action& action : actions_) {
      if (const A* a = std::get_if<A>(&action)) all.push_back(*a);
    }
    return all;
  }
  template <typename A>
  A Only() const {
    const auto all = All<A>();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? A{} : all[0];
  }

  void Connect(std::vector<AttemptRef> live = {}) {
    Feed(event::Tick{});
    Feed(event::Connected{});
    Feed(event::Welcome{kCalendar + now_, Seconds(5), std::move(live)});
  }
  // Offer, acceptance and files of one job; leaves it proving as attempt `attempt`.
  void StartProving(uint8_t job, uint8_t attempt) { StartProving(MakeJob(job), attempt); }
  void StartProving(const OfferedJob& job, uint8_t attempt) {
    Feed(event::Offer{job.id[0], job});
    const auto accept = Only<action::Accept>();
    Feed(event::AcceptAnswered{
        accept.request, accept.job, CallResult::kOk, {}, MakeAttempt(job.id[0], attempt)});
    Only<action::Fetch>();
    Feed(event::ArtifactsReady{accept.job, Millis(10), 0});
    Only<action::Prove>();
  }
  CommitRecord MakeProof(uint8_t job) {
    event::ProofMade made{.job = MakeJob(job).id, .duration = Millis(500)};
    made.proof[5] = 42;
    Feed(made);
    return Only<action::Commit>().record;
  }

  SimRandom random_{1};
  std::optional<Session> session_;
  std::vector<Action> actions_;
  Micros now_ = Seconds(5);
};

}  // namespace prooflode::miner
