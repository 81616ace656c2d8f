// The witness's command below `prooflode log`.
#pragma once

#include "cli/session.h"

namespace prooflode::cli {

void AddCosign(CLI::App& log, Session& session);

}  // namespace prooflode::cli
