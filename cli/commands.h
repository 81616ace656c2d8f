// One function a command, each in the file of its name: adds the command to `app`. `app` and `session`
// outlive the parsing and the command's body.
#pragma once

#include "cli/session.h"

namespace prooflode::cli {

void AddProve(CLI::App& app, Session& session);
void AddVerify(CLI::App& app, Session& session);
void AddInspect(CLI::App& app, Session& session);
void AddSetup(CLI::App& app, Session& session);
void AddWorkload(CLI::App& app, Session& session);
void AddExport(CLI::App& app, Session& session);
void AddBench(CLI::App& app, Session& session);
// The kernels' benchmarks, below AddBench's command.
void AddKernelBenches(CLI::App& bench, Session& session);
void AddDevices(CLI::App& app, Session& session);
void AddKey(CLI::App& app, Session& session);
void AddCircuit(CLI::App& app, Session& session);
void AddJob(CLI::App& app, Session& session);
// Below AddJob's command.
void AddJobExplain(CLI::App& job, Session& session);
void AddJobForecast(CLI::App& job, Session& session);
void AddAccount(CLI::App& app, Session& session);
void AddOperator(CLI::App& app, Session& session);
void AddLog(CLI::App& app, Session& session);
void AddAudit(CLI::App& app, Session& session);
void AddVersion(CLI::App& app, Session& session);

}  // namespace prooflode::cli
