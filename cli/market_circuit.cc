// prooflode circuit add|ls|show
#include <memory>

#include "cli/commands.h"
#include "cli/market_print.h"
#include "cli/market_suspended.h"

namespace prooflode::cli {
namespace {

struct CircuitOptions {
  MarketOptions market;
  std::string name;
  std::string zkey;
  std::string r1cs;
  std::vector<std::string> mirrors;
  bool allow_insecure_setup = false;
};

// As the market takes it: judged here before a key of gigabytes is uploaded.
StatusOr<std::string> ParseCircuitName(const std::string& text) {
  const bool known = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos;
  if (known && !text.empty() && text.size() <= 64) return text;
  return absl::InvalidArgumentError("want 1 to 64 of a-z, 0-9, '-', '_', '.'");
}

Status RegisterCircuit(const CircuitOptions& options, Session& session) {
  PL_ASSIGN_OR_RETURN(const auto market, OpenMarket(options.market, v1::ROLE_REQUESTER, session));
  v1::RegisterCircuitRequest request;
  request.set_name(options.name);
  request.set_allow_insecure_setup(options.allow_insecure_setup);
  for (const std::string& url : options.mirrors) request.add_mirrors(url);
  PrintNote("uploading " + options.zkey);
  PL_ASSIGN_OR_RETURN(*request.mutable_zkey_digest(),
                      UploadFile(*market, options.zkey, v1::ARTIFACT_KIND_ZKEY));
  if (!options.r1cs.empty()) {
    PrintNote("uploading " + options.r1cs);
    PL_ASSIGN_OR_RETURN(*request.mutable_r1cs_digest(),
                        UploadFile(*market, options.r1cs, v1::ARTIFACT_KIND_R1CS));
  }
  const auto response = market->client->RegisterCircuit(std::move(request));
  PL_RETURN_IF_ERROR(Remote(response.status(), options.zkey));
  if (options.market.json) {
    PrintJson(ToJson(response->circuit()));
  } else {
    PrintCircuit(response->circuit());
  }
  return absl::OkStatus();
}

Status ListCircuits(const CircuitOptions& options, Session& session) {
  PL_ASSIGN_OR_RETURN(const auto market, OpenMarket(options.market, v1::ROLE_REQUESTER, session));
  Json all = Json::array();
  std::vector<std::vector<std::string>> rows = {
      {"NAME", "DOMAIN", "PUBLIC", "KEY", "WORK", "BITS", "SETUP", "MIRRORS", "REGISTERED", ""}};
  PL_ASSIGN_OR_RETURN(const Suspended suspended, FetchSuspended(*market));
  v1::ListCircuitsRequest request;
  do {
    const auto response = market->client->ListCircuits(request);
    PL_RETURN_IF_ERROR(Remote(response.status()));
    for (const v1::Circuit& c : response->circuits()) {
      const bool is_suspended = suspended.Has(c);
      all.push_back(ToJson(c));
      all.back()["suspended"] = is_suspended;
      rows.push_back({Printable(c.name()), absl::StrCat(c.domain_size()),
                      absl::StrCat(c.public_input_count()), HumanBytes(c.zkey_bytes()),
                      absl::StrCat(c.work_units()), absl::StrCat(c.security_bits()), SetupText(c),
                      absl::StrCat(c.mirrors_size()), TimeText(c.registered_at_us()),
                      is_suspended ? "suspended" : ""});
    }
    request.set_page_token(response->next_page_token());
  } while (!request.page_token().empty());
  PrintList(options.market, rows, all);
  return absl::OkStatus();
}

Status ShowCircuit(const CircuitOptions& options, Session& session) {
  PL_ASSIGN_OR_RETURN(const auto market, OpenMarket(options.market, v1::ROLE_REQUESTER, session));
  v1::GetCircuitRequest request;
  request.set_name(options.name);
  const auto response = market->client->GetCircuit(request);
  PL_RETURN_IF_ERROR(Remote(response.status(), "circuit " + options.name));
  if (options.market.json) {
    Json circuit = ToJson(response->circuit());
    circuit["verification_key"] = Json::parse(response->circuit().verification_key_json(), nullptr, false);
    PrintJson(circuit);
  } else {
    PrintCircuit(response->circuit());
  }
  return absl::OkStatus();
}

}  // namespace

void AddCircuit(CLI::App& app, Session& session) {
  CLI::App* circuit = app.add_subcommand("circuit", "Circuits of a market: register, list, show");
  circuit->require_subcommand(1);
  auto options = std::make_shared<CircuitOptions>();
  const auto body = [options, &session](Status (*run)(const CircuitOptions&, Session&)) -> Body {
    return [=, &session] { return RunMarket([&] { return run(*options, session); }); };
  };
  CLI::App* add = AddCommand(*circuit, session, "add", "Register a circuit by its proving key",
                             "Example:\n  prooflode circuit add rollup.zkey --name rollup --r1cs rollup.r1cs",
                             body(RegisterCircuit));
  add->add_option("ZKEY", options->zkey, "Proving key, as snarkjs writes it")->required();
  add->add_option("--name", options->name, "Name in this market: a-z, 0-9, '-', '_', '.'")
      ->required()
      ->check(Understood(ParseCircuitName));
  add->add_option("--r1cs", options->r1cs, "Constraints: lets the coordinator check witnesses");
  add->add_option("--mirror", options->mirrors,
                  "Where miners can get the key without the coordinator: http or https; up to four times")
      ->type_name("URL")
      ->allow_extra_args(false);
  add->add_flag("--allow-insecure-setup", options->allow_insecure_setup,
                "Accept a key without a phase-2 contribution: anybody can forge proofs for it");
  CLI::App* ls = AddCommand(*circuit, session, "ls", "List the circuits", "Example:\n  prooflode circuit ls",
                            body(ListCircuits));
  CLI::App* show = AddCommand(*circuit, session, "show", "Show one circuit",
                              "Example:\n  prooflode circuit show rollup --json", body(ShowCircuit));
  show->add_option("NAME", options->name, "Its name")->required();
  for (CLI::App* command : {add, ls, show}) AddMarketFlags(*command, options->market);
}

}  // namespace prooflode::cli
