// What a call to the coordinator can end in. A Status of this library keeps gRPC's code and adds three facts
// as payloads: the market's reason for a refusal, whether the operation may have happened nevertheless, and
// whether it was the login before it that failed.
#pragma once

#include <grpcpp/grpcpp.h>

#include "base/status.h"
#include "prooflode/v1/types.pb.h"

namespace prooflode::client {

// Trailing metadata that names the Reason of a refusal ("REASON_RACE_FULL"); docs/protocol.md.
inline constexpr char kReasonMetadata[] = "prooflode-reason";

// `context` is that of the finished call. OK becomes OK.
Status FromGrpc(const grpc::Status& status, const grpc::ClientContext& context);

// REASON_UNSPECIFIED where the coordinator gave none.
v1::Reason ReasonOf(const Status& status);

// The coordinator could not be asked, or its answer was lost: the operation may have happened or not. Asking
// again with the same request id is safe and tells. False for OK and for refusals, which had no effect.
bool IsOutcomeUnknown(const Status& status);
Status MarkOutcomeUnknown(Status status);

// The login that a call needs failed, so that the call itself was not made: what the status says is about
// this identity, the coordinator or the way there, never about the request. False for OK.
bool IsLoginFailure(const Status& status);
// Also says so in the message; the other facts stay.
Status MarkLoginFailure(const Status& status);

// Whether no repeat will help until somebody changes something here or there: the coordinator has another key
// or certificate than is trusted, or takes no login of this identity. False for OK.
bool IsHopeless(const Status& status);

}  // namespace prooflode::client
