#include "coordinator/api/call.h"

#include <algorithm>

#include "absl/strings/str_replace.h"

namespace prooflode::api {
namespace {

Labels MethodLabels(std::string service, std::string method, std::string kind) {
  return {{"grpc_service", "prooflode.v1." + std::move(service)},
          {"grpc_method", std::move(method)},
          {"grpc_type", std::move(kind)}};
}

}  // namespace

MethodMetrics::MethodMetrics(MetricFactory& factory, std::string service, std::string method,
                             std::string kind)
    : factory_(factory),
      labels_(MethodLabels(std::move(service), std::move(method), std::move(kind))),
      started_(factory.GetCounter("grpc_server_started_total", "Calls started on the server.", labels_)),
      seconds_(factory.GetHistogram("grpc_server_handling_seconds", "Time from a call's start to its answer.",
                                    ExponentialBuckets(0.0005, 4, 9), labels_)) {}

void MethodMetrics::Handled(grpc::StatusCode code, Micros took) {
  const size_t index = std::min(static_cast<size_t>(code), handled_.size() - 1);
  Counter* counter = handled_[index].load();
  if (counter == nullptr) {
    Labels labels = labels_;
    labels["grpc_code"] = CodeName(code);
    counter =
        &factory_.GetCounter("grpc_server_handled_total", "Calls answered by the server, by code.", labels);
    handled_[index].store(counter);
  }
  counter->Increment();
  seconds_.Observe(ToSeconds(took));
}

StatusOr<Caller> Authorize(Authenticator& auth, const grpc::CallbackServerContext& context, RoleSet roles) {
  constexpr std::string_view kBearer = "Bearer ";
  const auto& metadata = context.client_metadata();
  const auto it = metadata.find("authorization");
  if (it == metadata.end()) {
    return absl::UnauthenticatedError("authorization: missing, want \"Bearer TOKEN\" from CompleteLogin");
  }
  const std::string_view value(it->second.data(), it->second.size());
  if (!value.starts_with(kBearer)) {
    return absl::UnauthenticatedError("authorization: malformed, want \"Bearer TOKEN\"");
  }
  PL_ASSIGN_OR_RETURN(const Caller caller, auth.Authenticate(value.substr(kBearer.size())));
  if ((RoleBit(caller.role) & roles) == 0) {
    constexpr const char* kNames[] = {"", "miner", "requester", "operator"};
    return absl::PermissionDeniedError(absl::StrCat(
        "role: logged in as ", kNames[static_cast<size_t>(caller.role)], ", which may not make this call"));
  }
  return caller;
}

std::string PeerAddress(const grpc::CallbackServerContext& context) {
  std::string peer = absl::StrReplaceAll(context.peer(), {{"%5B", "["}, {"%5D", "]"}});
  if (const size_t scheme = peer.find(':'); scheme != std::string::npos) peer.erase(0, scheme + 1);
  if (const size_t port = peer.rfind(':'); port != std::string::npos) peer.resize(port);
  return peer;
}

}  // namespace prooflode::api
