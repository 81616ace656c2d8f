// Errors on their way out: our status codes are gRPC's by number; a refusal of the market carries its Reason
// in the trailing metadata "prooflode-reason" as well.
#pragma once

#include <grpcpp/grpcpp.h>

#include "base/status.h"
#include "coordinator/market/commands.h"

namespace prooflode::api {

inline constexpr char kReasonMetadata[] = "prooflode-reason";

grpc::Status ToGrpc(const Status& status);
// Adds the reason to `context`; call before the call is finished.
grpc::Status ToGrpc(const market::Refusal& refusal, grpc::CallbackServerContext& context);

// The name of a code as Prometheus labels want it: "OK", "NotFound", …
const char* CodeName(grpc::StatusCode code);

}  // namespace prooflode::api
