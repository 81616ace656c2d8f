// What a seed draws for a whole run: who takes part, what goes wrong and how often. Each kind of fault is
// absent from about half of the runs, so that none hides another.
#pragma once

#include "coordinator/engine/engine.h"
#include "tests/sim/draw.h"

namespace prooflode::sim {

// How often, in a thousand; times are upper bounds.
struct NetworkFaults {
  uint32_t lost = 0;
  uint32_t doubled = 0;
  uint32_t late = 0;
  Micros delay = Millis(20);
  Micros late_delay = Seconds(2);
  uint32_t partitions = 0;  // a client loses its connection, each second
};
struct CoordinatorFaults {
  uint32_t dies_idle = 0;          // between two turns
  uint32_t dies_before_write = 0;  // in a turn, before anything reached the disk
  uint32_t dies_in_write = 0;      // some of what was not synchronised may be there
  uint32_t dies_after_write = 0;   // durable, and nobody was told
  uint32_t dies_telling = 0;       // some were told
  uint32_t disk_error = 0;         // Write fails, callers are told that the coordinator stopped
  uint32_t clock_jumps = 0;        // each second
  uint32_t silent_holders = 0;     // a miner is unheard of for too long, each second
  Micros down = Seconds(5);
};
struct MinerMix {  // weights
  uint32_t honest = 1;
  uint32_t slow = 0;
  uint32_t crashing = 0;
  uint32_t flooding = 0;
  uint32_t copying = 0;
  uint32_t silent = 0;
  uint32_t lying = 0;
};

struct Plan {
  uint32_t miners = 1;
  uint32_t requesters = 1;
  Micros horizon = Seconds(60);  // end of the safety phase
  Micros between_posts = Seconds(1);
  Micros prove_time = Seconds(1);
  Micros verify_time = Millis(2);
  uint32_t suspensions = 0;   // of the kill switch, every two seconds
  uint32_t reports = 0;       // of an admitted miner, that nobody can prove the job
  uint32_t proof_sweeps = 0;  // deletions of proofs whose time is over, each second
  bool rules_change = false;  // at a restart
  uint32_t new_keys = 0;      // of the coordinator, at a restart
  NetworkFaults network;
  CoordinatorFaults coordinator;
  MinerMix mix;
  engine::EngineOptions engine;
};

Plan DrawPlan(Draw& draw);
market::Rules DrawRules(Draw& draw);

}  // namespace prooflode::sim
