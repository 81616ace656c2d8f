// The parts of `prooflode account` that have files of their own.
#pragma once

#include "cli/session.h"

namespace prooflode::cli {

// withdraw, withdrawals, cancel-withdrawal, pay-withdrawal, reject-withdrawal
void AddWithdrawals(CLI::App& account, Session& session);
// statement
void AddStatement(CLI::App& account, Session& session);

}  // namespace prooflode::cli
