// How a circuit and the times of a proof look in JSON, the same for every command that proves.
#pragma once

#include <span>

#include "cli/session.h"
#include "prover/groth16/prove.h"

namespace prooflode::cli {

inline Json StagesJson(const groth16::StageTimes& stages) {
  return {{"quotient", RoundMs(stages.quotient_ms)}, {"msm_a", RoundMs(stages.msm_a_ms)},
          {"msm_b1", RoundMs(stages.msm_b1_ms)},     {"msm_b2", RoundMs(stages.msm_b2_ms)},
          {"msm_c", RoundMs(stages.msm_c_ms)},       {"msm_h", RoundMs(stages.msm_h_ms)},
          {"finish", RoundMs(stages.finish_ms)}};
}

inline Json CircuitJson(const groth16::ProvingKey& key) {
  return {{"constraints", groth16::ConstraintCount(key)},
          {"variables", key.variable_count},
          {"domain", key.domain_size()},
          {"public_inputs", key.public_count}};
}

inline Json RoundedMs(std::span<const double> times_ms) {
  Json out = Json::array();
  for (const double ms : times_ms) out.push_back(RoundMs(ms));
  return out;
}

}  // namespace prooflode::cli
