#include "client/errors.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"

namespace prooflode::client {
namespace {

constexpr char kReasonPayload[] = "prooflode/reason";
constexpr char kOutcomePayload[] = "prooflode/outcome-unknown";
constexpr char kLoginPayload[] = "prooflode/login";

}  // namespace

Status FromGrpc(const grpc::Status& status, const grpc::ClientContext& context) {
  if (status.ok()) return absl::OkStatus();
  Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  const auto& trailers = context.GetServerTrailingMetadata();
  if (const auto it = trailers.find(kReasonMetadata); it != trailers.end()) {
    result.SetPayload(kReasonPayload, absl::Cord(std::string(it->second.data(), it->second.size())));
  }
  return result;
}

v1::Reason ReasonOf(const Status& status) {
  const auto payload = status.GetPayload(kReasonPayload);
  v1::Reason reason = v1::REASON_UNSPECIFIED;
  if (payload) v1::Reason_Parse(std::string(*payload), &reason);
  return reason;
}

bool IsOutcomeUnknown(const Status& status) { return status.GetPayload(kOutcomePayload).has_value(); }

Status MarkOutcomeUnknown(Status status) {
  if (!status.ok()) status.SetPayload(kOutcomePayload, absl::Cord("1"));
  return status;
}

bool IsLoginFailure(const Status& status) { return status.GetPayload(kLoginPayload).has_value(); }

Status MarkLoginFailure(const Status& status) {
  if (status.ok()) return status;
  Status marked = Annotate(status, "login");
  status.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& value) { marked.SetPayload(url, value); });
  marked.SetPayload(kLoginPayload, absl::Cord("1"));
  return marked;
}

bool IsHopeless(const Status& status) {
  if (absl::IsPermissionDenied(status)) return IsLoginFailure(status);
  // gRPC has no code for what TLS says.
  const std::string text = absl::AsciiStrToLower(status.message());
  return absl::StrContains(text, "certificate verify failed") ||
         absl::StrContains(text, "certificate_verify_failed") ||
         absl::StrContains(text, "not in peer certificate");
}

}  // namespace prooflode::client
