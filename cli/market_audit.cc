// prooflode audit: whether a job, or all of them, went as the market promises.
#include <memory>

#include "cli/commands.h"
#include "cli/log_input.h"
#include "cli/proof_judge.h"

namespace prooflode::cli {
namespace {

struct AuditFlags {
  LogInputOptions input;
  std::string job;
  bool all = false;
};

Status CheckFlags(const AuditFlags& flags) {
  if (flags.job.empty() == flags.all) return absl::OkStatus();
  return Usage(absl::InvalidArgumentError("audit: want one job, or --all"));
}

StatusOr<ExitCode> Audit(const AuditFlags& flags, Session& session) {
  Groth16Judge judge;
  transparency::AuditOptions options;
  options.judge = &judge;
  options.job = flags.job;
  transparency::LogAudit audit(options);
  LogInput input;
  const StatusOr<ExitCode> code = RunMarket([&]() -> Status {
    PL_RETURN_IF_ERROR(CheckFlags(flags));
    PL_ASSIGN_OR_RETURN(input, FeedLog(flags.input, session, audit));
    if (!flags.job.empty() && !audit.KnowsJob(flags.job)) {
      return absl::NotFoundError(absl::StrCat("job ", flags.job, ": the log has none of this id"));
    }
    return absl::OkStatus();
  });
  if (!code.ok() || *code != ExitCode::kOk) return code;
  const transparency::AuditReport report = audit.Finish();
  if (flags.input.market.json) {
    Json json = ToJson(report, flags.input);
    for (const auto& [name, value] : std::initializer_list<std::pair<const char*, uint64_t>>{
             {"jobs", report.jobs},
             {"paid", report.paid},
             {"refunded", report.refunded},
             {"unfinished", report.unfinished},
             {"commits", report.commits},
             {"verdicts_judged", report.verdicts_judged},
             {"verdicts_not_judged", report.verdicts_not_judged},
             {"receipts", report.receipts},
             {"foreign_receipts", input.foreign_receipts}}) {
      json[name] = value;
    }
    json["verdicts_by_verifier_version"] = Json::object();
    for (const auto& [version, count] : report.verdicts_by_version) {
      json["verdicts_by_verifier_version"][absl::StrCat(version)] = count;
    }
    PrintJson(json);
  } else {
    PrintLine(absl::StrCat("log:       ", report.log.size, " leaves, root ", HexEncode(report.log.root)));
    PrintLine(absl::StrCat("jobs:      ", report.jobs, ": ", report.paid, " paid, ", report.refunded,
                           " refunded, ", report.unfinished, " unfinished"));
    PrintLine(
        absl::StrCat("commits:   ", report.commits, ", ", report.verdicts_judged, " verdicts judged again"));
    if (report.verdicts_not_judged > 0) {
      PrintLine(absl::StrCat("           verdicts not judged again: ", report.verdicts_not_judged,
                             " (proofs deleted)"));
    }
    for (const auto& [version, count] : report.verdicts_by_version) {
      PrintLine(absl::StrCat("verifier:  version ", version, ", ", count, " verdicts"));
    }
    PrintLine(absl::StrCat("evidence:  ", report.receipts, " receipts, ", report.signed_heads,
                           " signed tree heads; ", input.foreign_receipts,
                           " receipts of other logs passed over"));
    PrintFindings(report);
  }
  return ExitFor(report, flags.input);
}

}  // namespace

void AddAudit(CLI::App& app, Session& session) {
  auto flags = std::make_shared<AuditFlags>();
  CLI::App* command = AddCommand(
      app, session, "audit", "Did a job go as the market promises? Judges the log, receipts and checkpoints",
      "Example:\n  prooflode audit 0123… --receipts ~/.prooflode-miner/receipts --coordinator https://… "
      "--key my.key\n"
      "  prooflode audit --all --log log.jsonl --receipts receipts --coordinator-key 0123…\n"
      "Exit code 8: the coordinator broke a promise; each is named.\n"
      "Exit code 2: nothing signed was at hand to hold the log against, see --unsigned.",
      [flags, &session] { return Audit(*flags, session); });
  command->add_option("JOB", flags->job, "32 hexadecimal digits")->check(Understood(ParseJobId));
  command->add_flag("--all", flags->all, "Every job of the log");
  command->add_option("--receipts", flags->input.receipts,
                      "File or folder of receipts, as miners keep them; may be repeated");
  AddLogInputFlags(*command, flags->input);
}

}  // namespace prooflode::cli
