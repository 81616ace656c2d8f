// What operators have suspended, for commands that show circuits.
#pragma once

#include <set>
#include <string>

#include "cli/market_session.h"

namespace prooflode::cli {

struct Suspended {
  bool everything = false;         // the whole proof system, of which there is one
  std::set<std::string> circuits;  // ids

  bool Has(const v1::Circuit& circuit) const { return everything || circuits.contains(circuit.circuit_id()); }
};

inline StatusOr<Suspended> FetchSuspended(Market& market) {
  const auto response = market.client->ListSuspensions();
  PL_RETURN_IF_ERROR(Remote(response.status()));
  Suspended suspended;
  for (const v1::Suspension& s : response->suspensions()) {
    if (!s.suspended()) continue;
    if (s.circuit_id().empty())
      suspended.everything = true;
    else
      suspended.circuits.insert(s.circuit_id());
  }
  return suspended;
}

}  // namespace prooflode::cli
