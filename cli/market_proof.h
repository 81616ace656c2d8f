// Shared by the job commands.
#pragma once

#include <string>

#include "cli/market_session.h"
#include "prover/format/json.h"

namespace prooflode::cli {

// Fetches the proof of a delivered job, verifies it with the key that the market names for the circuit and
// writes snarkjs's files; an empty path writes none. kDataLoss, and nothing is written, when it is not right,
// or for another circuit than `circuit_id` (raw; empty: whichever the job's is).
Status SaveProof(Market& market, const std::string& job_id, const std::string& circuit_id,
                 const std::string& proof_path, const std::string& public_path);

void AddJobSubmit(CLI::App& job, Session& session);

}  // namespace prooflode::cli
