// prooflode operator suspend|resume|ls
#include <memory>

#include "cli/commands.h"
#include "cli/market_print.h"

namespace prooflode::cli {
namespace {

constexpr char kGroth16[] = "groth16-bn254";

struct OperatorOptions {
  MarketOptions market;
  std::string proof_system;
  std::string circuit;
  std::string note;
};

Json ToJson(const v1::Suspension& s) {
  return {{"proof_system", kGroth16},
          {"circuit_id", HexEncode(AsBytes(s.circuit_id()))},
          {"suspended", s.suspended()},
          {"since_us", s.since_us()},
          {"note", s.note()}};
}

std::string SubjectText(const v1::Suspension& s) {
  return s.circuit_id().empty() ? std::string(kGroth16) : "circuit " + HexEncode(AsBytes(s.circuit_id()));
}

Status Set(const OperatorOptions& options, bool suspended, Market& market) {
  v1::SetSuspensionRequest request;
  request.set_proof_system(v1::PROOF_SYSTEM_GROTH16_BN254);
  if (!options.circuit.empty()) {
    v1::GetCircuitRequest by_name;
    by_name.set_name(options.circuit);
    const auto circuit = market.client->GetCircuit(by_name);
    PL_RETURN_IF_ERROR(Remote(circuit.status(), "circuit " + options.circuit));
    request.set_circuit_id(circuit->circuit().circuit_id());
  }
  request.set_suspended(suspended);
  request.set_note(options.note);
  const auto response = market.client->SetSuspension(std::move(request));
  PL_RETURN_IF_ERROR(Remote(response.status()));
  if (options.market.json) {
    Json json = ToJson(response->suspension());
    json["refunded_jobs"] = response->refunded_jobs();
    PrintJson(json);
  } else {
    const std::string subject = SubjectText(response->suspension());
    const uint64_t refunded = response->refunded_jobs();
    if (suspended) {
      PrintLine(
          absl::StrCat(subject, ": suspended, ", refunded, refunded == 1 ? " job" : " jobs", " refunded"));
    } else {
      const bool was = response->suspension().since_us() > 0;
      PrintLine(subject + (was ? ": resumed" : ": was not suspended"));
    }
  }
  return absl::OkStatus();
}

Status Suspend(const OperatorOptions& options, Market& market) { return Set(options, true, market); }
Status Resume(const OperatorOptions& options, Market& market) { return Set(options, false, market); }

Status List(const OperatorOptions& options, Market& market) {
  const auto response = market.client->ListSuspensions();
  PL_RETURN_IF_ERROR(Remote(response.status()));
  Json all = Json::array();
  std::vector<std::vector<std::string>> rows = {{"SUSPENDED", "SINCE", "NOTE"}};
  for (const v1::Suspension& s : response->suspensions()) {
    all.push_back(ToJson(s));
    rows.push_back({SubjectText(s), TimeText(s.since_us()), Printable(s.note())});
  }
  PrintList(options.market, rows, all);
  return absl::OkStatus();
}

}  // namespace

void AddOperator(CLI::App& app, Session& session) {
  CLI::App* parent = app.add_subcommand("operator", "A market's kill switch: suspend, resume, ls");
  parent->require_subcommand(1);
  auto options = std::make_shared<OperatorOptions>();
  const auto body = [options, &session](Status (*run)(const OperatorOptions&, Market&),
                                        v1::Role role) -> Body {
    return [=, &session] {
      return RunMarket([&]() -> Status {
        PL_ASSIGN_OR_RETURN(const auto market, OpenMarket(options->market, role, session));
        return run(*options, *market);
      });
    };
  };
  CLI::App* suspend = AddCommand(
      *parent, session, "suspend", "Take no more jobs and proofs, and refund (operators only)",
      "Example:\n  prooflode operator suspend --proof-system groth16-bn254 --note \"broken verifier\"\n"
      "What is delivered is still paid.",
      body(Suspend, v1::ROLE_OPERATOR));
  CLI::App* resume =
      AddCommand(*parent, session, "resume", "Take jobs again (operators only)",
                 "Example:\n  prooflode operator resume --circuit rollup", body(Resume, v1::ROLE_OPERATOR));
  for (CLI::App* command : {suspend, resume}) {
    CLI::Option_group* subject = command->add_option_group("SUBJECT");
    subject->add_option("--proof-system", options->proof_system, "Every circuit of it")
        ->check(CLI::IsMember({kGroth16}));
    subject->add_option("--circuit", options->circuit, "One circuit, by its name");
    subject->require_option(1);
    command->add_option("--note", options->note, "Why, for everybody to read");
  }
  CLI::App* list = AddCommand(*parent, session, "ls", "What is suspended now",
                              "Example:\n  prooflode operator ls", body(List, v1::ROLE_REQUESTER));
  for (CLI::App* command : {suspend, resume, list}) AddMarketFlags(*command, options->market);
}

}  // namespace prooflode::cli
