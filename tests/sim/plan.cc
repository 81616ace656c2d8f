#include "tests/sim/plan.h"

namespace prooflode::sim {

Plan DrawPlan(Draw& draw) {
  Plan plan;
  plan.miners = static_cast<uint32_t>(draw.Spread(1, 200));
  plan.requesters = static_cast<uint32_t>(draw.Between(1, 4));
  plan.horizon = Seconds(draw.Between(5, 60));
  plan.between_posts = draw.Time(Millis(200), Seconds(5));
  plan.prove_time = draw.Time(Millis(50), Seconds(10));
  plan.verify_time = draw.Time(Millis(1), Millis(500));
  plan.reports = draw.Fault(100);
  plan.suspensions = draw.Fault(100);
  plan.proof_sweeps = draw.Fault(500);
  plan.rules_change = draw.Chance(300);
  plan.new_keys = draw.Fault(300);
  plan.network = {.lost = draw.Fault(200),
                  .doubled = draw.Fault(200),
                  .late = draw.Fault(100),
                  .delay = draw.Time(Millis(1), Millis(200)),
                  .late_delay = draw.Time(Millis(500), Seconds(10)),
                  .partitions = draw.Fault(50)};
  plan.coordinator = {.dies_idle = draw.Fault(10),
                      .dies_before_write = draw.Fault(10),
                      .dies_in_write = draw.Fault(10),
                      .dies_after_write = draw.Fault(10),
                      .dies_telling = draw.Fault(10),
                      .disk_error = draw.Fault(10),
                      .clock_jumps = draw.Fault(200),
                      .silent_holders = draw.Fault(300),
                      .down = draw.Time(Millis(10), Seconds(10))};
  const auto weight = [&] { return draw.Fault(5); };
  plan.mix = {.honest = static_cast<uint32_t>(draw.Between(1, 10)),
              .slow = weight(),
              .crashing = weight(),
              .flooding = weight(),
              .copying = weight(),
              .silent = weight(),
              .lying = weight()};
  plan.engine.queue_limit = static_cast<size_t>(draw.Spread(8, 8192));
  plan.engine.reads_limit = 64;
  plan.engine.batch_limit = static_cast<size_t>(draw.Spread(1, 512));
  plan.engine.checks_in_flight_max = static_cast<size_t>(draw.Spread(1, 64));
  plan.engine.reconnect_grace = draw.Chance(300) ? Micros{} : draw.Time(Millis(100), Seconds(10));
  return plan;
}

market::Rules DrawRules(Draw& draw) {
  market::Rules rules;
  rules.market = "sim";
  rules.reveal_window = draw.Time(Millis(100), Seconds(5));
  rules.race_place = draw.Time(Seconds(1), Seconds(60));
  rules.open_jobs_per_requester_max = static_cast<uint32_t>(draw.Spread(1, 200));
  rules.live_attempts_per_miner_max = static_cast<uint32_t>(draw.Spread(1, 64));
  rules.admissions_per_miner_and_job_max = static_cast<uint32_t>(draw.Spread(1, 8));
  rules.fee_per_million = draw.Chance(300) ? 0 : static_cast<uint32_t>(draw.Between(1, 200'000));
  if (draw.Chance(500)) rules.collateral_per_million = static_cast<uint32_t>(draw.Between(1, 1'000'000));
  if (draw.Chance(500)) rules.draw_window = Millis(draw.Spread(1, 5000));
  rules.late_percent = static_cast<uint32_t>(draw.Spread(100, 1000));
  if (draw.Chance(500)) rules.proof_retention = Seconds(draw.Spread(1, 30));
  rules.release_grace = Seconds(draw.Between(0, 10));
  rules.release_fee_per_million = static_cast<uint32_t>(draw.Between(0, 1'000'000));
  rules.unprovable_reports = static_cast<uint32_t>(draw.Between(1, 4));
  rules.check_fee_per_million = static_cast<uint32_t>(draw.Between(0, 100'000));
  return rules;
}

}  // namespace prooflode::sim
