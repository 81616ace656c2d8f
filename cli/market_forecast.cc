// prooflode job forecast: what each policy would take and waste, by the coordinator's reckoning.
#include <memory>

#include "absl/strings/str_format.h"
#include "cli/commands.h"
#include "cli/market_print.h"
#include "cli/market_suspended.h"

namespace prooflode::cli {
namespace {

struct ForecastOptions {
  MarketOptions market;
  std::string circuit;
};

// As the flags of `job submit` say it.
std::string PolicyFlags(const v1::Policy& policy) {
  if (policy.has_lease()) return policy.lease().hedged() ? "--policy hedged" : "--policy lease";
  return absl::StrCat("--width ", policy.race().width());
}

std::string TimeText(int64_t us) {
  return us == 0 ? "-" : absl::StrFormat("%.3g s", static_cast<double>(us) / 1e6);
}

Json ToJson(const v1::ForecastJobResponse& response) {
  Json json = {{"proofs", response.proofs()},
               {"miners", response.miners()},
               {"race_width_default", response.race_width_default()},
               {"forecasts", Json::array()}};
  for (const v1::PolicyForecast& f : response.forecasts()) {
    Json one = {{"flags", PolicyFlags(f.policy())}, {"racers", f.racers()}, {"waste", f.waste()}};
    one["half_s"] = f.half_us() == 0 ? Json() : Json(static_cast<double>(f.half_us()) / 1e6);
    one["nine_tenths_s"] =
        f.nine_tenths_us() == 0 ? Json() : Json(static_cast<double>(f.nine_tenths_us()) / 1e6);
    json["forecasts"].push_back(std::move(one));
  }
  return json;
}

Status Forecast(const ForecastOptions& options, Market& market) {
  v1::GetCircuitRequest by_name;
  by_name.set_name(options.circuit);
  const auto circuit = market.client->GetCircuit(by_name);
  PL_RETURN_IF_ERROR(Remote(circuit.status(), "circuit " + options.circuit));
  v1::ForecastJobRequest request;
  request.set_circuit_id(circuit->circuit().circuit_id());
  const auto response = market.client->ForecastJob(request);
  PL_RETURN_IF_ERROR(Remote(response.status()));
  if (options.market.json) {
    PrintJson(ToJson(*response));
    return absl::OkStatus();
  }
  PL_ASSIGN_OR_RETURN(const Suspended suspended, FetchSuspended(market));
  if (suspended.Has(circuit->circuit())) {
    PrintNote("an operator has suspended this circuit or its proof system: no job for it is taken now");
  }
  if (response->proofs() == 0) {
    PrintLine(absl::StrCat("nothing is known yet of this circuit: nobody has proved it here; ",
                           response->miners(), " miners are connected"));
    return absl::OkStatus();
  }
  std::vector<std::vector<std::string>> rows = {{"POLICY", "RACERS", "HALF BY", "9 OF 10 BY", "WASTE"}};
  for (const v1::PolicyForecast& f : response->forecasts()) {
    const bool usual = f.policy().has_race() && f.policy().race().width() == response->race_width_default();
    rows.push_back({PolicyFlags(f.policy()) + (usual ? " (default)" : ""), absl::StrCat(f.racers()),
                    TimeText(f.half_us()), TimeText(f.nine_tenths_us()),
                    absl::StrFormat("%.0f%%", 100 * f.waste())});
  }
  PrintTable(rows);
  PrintNote(absl::StrCat("from the circuit's last ", response->proofs(), " proofs here; ", response->miners(),
                         " miners are connected"));
  return absl::OkStatus();
}

}  // namespace

void AddJobForecast(CLI::App& job, Session& session) {
  auto options = std::make_shared<ForecastOptions>();
  CLI::App* command = AddCommand(
      job, session, "forecast", "Tell what each policy would take and waste, before you post",
      "Time from the posting to a proof, and the part of the miners' work that nobody is\n"
      "paid for, by how long the circuit's last proofs took in this market.\n\n"
      "Example:\n  prooflode job forecast --circuit rollup",
      [options, &session] {
        return RunMarket([&]() -> Status {
          PL_ASSIGN_OR_RETURN(const auto market, OpenMarket(options->market, v1::ROLE_REQUESTER, session));
          return Forecast(*options, *market);
        });
      });
  command->add_option("--circuit", options->circuit, "Name of a registered circuit")->required();
  AddMarketFlags(*command, options->market);
}

}  // namespace prooflode::cli
