#include "coordinator/api/errors.h"

#include "prooflode/v1/types.pb.h"

namespace prooflode::api {
namespace {

grpc::StatusCode CodeOf(market::RefusalCode code) {
  switch (code) {
    case market::RefusalCode::kInvalidArgument:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case market::RefusalCode::kNotFound:
      return grpc::StatusCode::NOT_FOUND;
    case market::RefusalCode::kAlreadyExists:
      return grpc::StatusCode::ALREADY_EXISTS;
    case market::RefusalCode::kFailedPrecondition:
      return grpc::StatusCode::FAILED_PRECONDITION;
    case market::RefusalCode::kPermissionDenied:
      return grpc::StatusCode::PERMISSION_DENIED;
    case market::RefusalCode::kResourceExhausted:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
  }
  return grpc::StatusCode::INTERNAL;
}

}  // namespace

grpc::Status ToGrpc(const Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(FromSv(status.message())));
}

grpc::Status ToGrpc(const market::Refusal& refusal, grpc::CallbackServerContext& context) {
  if (refusal.reason != market::Reason::kUnspecified) {
    context.AddTrailingMetadata(kReasonMetadata, v1::Reason_Name(static_cast<v1::Reason>(refusal.reason)));
  }
  return grpc::Status(CodeOf(refusal.code), refusal.message);
}

const char* CodeName(grpc::StatusCode code) {
  static constexpr const char* kNames[] = {
      "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
      "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
      "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
      "DataLoss", "Unauthenticated"};
  const auto index = static_cast<size_t>(code);
  return index < std::size(kNames) ? kNames[index] : "Unknown";
}

}  // namespace prooflode::api
