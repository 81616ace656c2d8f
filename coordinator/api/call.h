// What every service does with a call: count it, find out who calls, refuse what is malformed, answer once.
#pragma once

#include <grpcpp/grpcpp.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "coordinator/api/environment.h"
#include "coordinator/api/errors.h"
#include "coordinator/api/validate.h"
#include "coordinator/engine/answer_codec.h"

namespace prooflode::api {

// The metrics of one method, named as the gRPC ecosystem does; labels are service, method, kind and code.
class MethodMetrics {
 public:
  // `kind` is "unary", "client_stream", "server_stream" or "bidi_stream".
  MethodMetrics(MetricFactory& factory, std::string service, std::string method, std::string kind);
  void Started() { started_.Increment(); }
  void Handled(grpc::StatusCode code, Micros took);

 private:
  MetricFactory& factory_;
  const Labels labels_;
  Counter& started_;
  Histogram& seconds_;
  std::array<std::atomic<Counter*>, 17> handled_{};
};

// One streaming call being measured: Handled() counts once.
class CallTimer {
 public:
  CallTimer(MethodMetrics& metrics, Clock& clock)
      : metrics_(metrics), clock_(clock), begun_(clock.MonotonicNow()) {
    metrics_.Started();
  }
  void Handled(grpc::StatusCode code) {
    if (!counted_.exchange(true)) metrics_.Handled(code, clock_.MonotonicNow() - begun_);
  }

 private:
  MethodMetrics& metrics_;
  Clock& clock_;
  const Micros begun_;
  std::atomic<bool> counted_{false};
};

// A unary call under way. Shared by whoever may answer it; the request and response live until Finish.
class UnaryCall {
 public:
  UnaryCall(grpc::CallbackServerContext& context, MethodMetrics& metrics, Clock& clock)
      : context_(context), reactor_(context.DefaultReactor()), timer_(metrics, clock) {}

  // One of these, once.
  void Finish(const Status& status) { Finish(ToGrpc(status)); }
  void Refuse(const market::Refusal& refusal) { Finish(ToGrpc(refusal, context_)); }

  grpc::ServerUnaryReactor* reactor() const { return reactor_; }

 private:
  void Finish(const grpc::Status& status) {
    timer_.Handled(status.error_code());
    reactor_->Finish(status);
  }

  grpc::CallbackServerContext& context_;
  grpc::ServerUnaryReactor* const reactor_;
  CallTimer timer_;
};
using CallPtr = std::shared_ptr<UnaryCall>;

// Which roles may call: a set of bits.
using RoleSet = unsigned;
constexpr RoleSet RoleBit(Role role) { return 1u << static_cast<unsigned>(role); }
inline constexpr RoleSet kMiners = RoleBit(Role::kMiner);
inline constexpr RoleSet kRequesters = RoleBit(Role::kRequester) | RoleBit(Role::kOperator);
inline constexpr RoleSet kOperators = RoleBit(Role::kOperator);
inline constexpr RoleSet kEverybody = kMiners | kRequesters;

// The caller by the token in the call's metadata. kUnauthenticated without a good one, kPermissionDenied for
// a role outside `roles`.
StatusOr<Caller> Authorize(Authenticator& auth, const grpc::CallbackServerContext& context, RoleSet roles);

// The caller's address without port, as in the log.
std::string PeerAddress(const grpc::CallbackServerContext& context);

// What kind of request and what it says, but for its id: a repeat under the same id must mean the same.
template <typename Request>
Digest ContentDigest(Request request) {
  request.clear_request_id();
  // What a miner knew when it asked is no part of what it asks for.
  if constexpr (std::is_same_v<Request, v1::CommitProofRequest>) request.clear_known_tree_size();
  return Sha256(AsBytes(request.GetTypeName() + '\0' + request.SerializeAsString()));
}

template <typename Request>
Status CheckShape(const Request& request) {
  if (const size_t size = request.ByteSizeLong(); size > kControlBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("message: ", size, " bytes, want at most ", kControlBytesMax));
  }
  return Validate(request);
}

// Authorizes and validates, then runs body(call, caller), which sees to it that `call` is finished, now or
// later on any thread.
template <typename Request, typename Body>
grpc::ServerUnaryReactor* Serve(Environment& environment, grpc::CallbackServerContext* context,
                                MethodMetrics& metrics, RoleSet roles, const Request& request, Body body) {
  auto call = std::make_shared<UnaryCall>(*context, metrics, environment.clock);
  grpc::ServerUnaryReactor* reactor = call->reactor();
  const StatusOr<Caller> caller = Authorize(environment.auth, *context, roles);
  if (!caller.ok()) {
    call->Finish(caller.status());
  } else if (const Status shape = CheckShape(request); !shape.ok()) {
    call->Finish(shape);
  } else {
    body(std::move(call), *caller);
  }
  return reactor;
}

// Whether a request begins something, which others then go on with: all that nobody else bounds.
template <typename Request>
inline constexpr bool kBegins =
    std::is_same_v<Request, v1::PostJobRequest> || std::is_same_v<Request, v1::AcceptOfferRequest> ||
    std::is_same_v<Request, v1::WithdrawRequest>;

// Gives `command` to the engine; on an answer of type AnswerType runs fill(answer, answered) on the engine
// thread, which must be quick (market::Answer: on any that is no refusal), and finishes the call unless fill
// returns false (it finishes it later itself). on_refusal hears of a refusal by the market, likewise.
template <typename AnswerType, typename Request, typename Fill>
void OfferCommand(Environment& environment, CallPtr call, const Caller& caller, const Request& request,
                  market::Command command, Fill fill,
                  std::function<void(const market::Refusal&)> on_refusal = nullptr) {
  const bool counts = kBegins<Request> && caller.role != Role::kOperator;
  if (counts && !environment.begun.Take(caller.identity)) {
    return call->Finish(absl::ResourceExhaustedError(
        "too many posts, acceptances and withdrawals of this key within a minute; try again later"));
  }
  environment.engine.Offer(
      {caller.identity, request.request_id()}, std::move(command), ContentDigest(request),
      [call = std::move(call), fill = std::move(fill), on_refusal = std::move(on_refusal),
       &begun = environment.begun, counts, identity = caller.identity](StatusOr<engine::Answered> answered) {
        const bool begins = answered.ok() && !answered->repeated &&
                            !std::holds_alternative<market::Refusal>(answered->answer);
        if (counts && !begins) begun.GiveBack(identity);
        if (!answered.ok()) return call->Finish(answered.status());
        if (const auto* refusal = std::get_if<market::Refusal>(&answered->answer)) {
          if (on_refusal) on_refusal(*refusal);
          return call->Refuse(*refusal);
        }
        if constexpr (std::is_same_v<AnswerType, market::Answer>) {
          if (fill(answered->answer, *answered)) call->Finish(absl::OkStatus());
        } else {
          const auto* answer = std::get_if<AnswerType>(&answered->answer);
          PL_CHECK(answer != nullptr);
          if (fill(*answer, *answered)) call->Finish(absl::OkStatus());
        }
      });
}

// The first answer when this request is a repeat; nullopt for a new one. One database read. Errors as the
// engine's.
template <typename Request>
StatusOr<std::optional<market::Answer>> FirstAnswer(Environment& environment, const Caller& caller,
                                                    const Request& request) {
  PL_ASSIGN_OR_RETURN(const auto first, environment.store.FindAnswer(caller.identity, request.request_id()));
  if (!first) return std::nullopt;
  if (first->content != ContentDigest(request)) {
    return absl::AlreadyExistsError("request_id: was used for another request before");
  }
  PL_ASSIGN_OR_RETURN(market::Answer answer, engine::DecodeAnswer(first->answer));
  return answer;
}

// For requests that cost much before they get to the engine: finishes the call when this is a repeat, with
// the first answer or with what is wrong with it, and says so. `fill` as in OfferCommand, on this thread.
template <typename AnswerType, typename Request, typename Fill>
bool AnsweredBefore(Environment& environment, const CallPtr& call, const Caller& caller,
                    const Request& request, Fill fill) {
  StatusOr<std::optional<market::Answer>> first = FirstAnswer(environment, caller, request);
  if (!first.ok()) {
    call->Finish(first.status());
    return true;
  }
  if (!first->has_value()) return false;
  const engine::Answered answered{**std::move(first), std::nullopt, /*repeated=*/true};
  const auto* answer = std::get_if<AnswerType>(&answered.answer);
  PL_CHECK(answer != nullptr);  // the content has the kind of request
  fill(*answer, answered);
  call->Finish(absl::OkStatus());
  return true;
}

// Runs read(market) on the engine thread with durable state, behind the commands; see Engine::Read. Not run
// when an error is returned: RESOURCE_EXHAUSTED also when too many reads of this caller wait.
template <typename Read>
Status ReadMarket(Environment& environment, const Caller& caller, Read read) {
  std::shared_ptr<void> place = environment.reads.Enter(caller.identity);
  if (place == nullptr)
    return absl::ResourceExhaustedError("too many reads of this key at once; try again later");
  return environment.engine.Read(
      [place = std::move(place), read = std::move(read)](const market::Market& market) mutable {
        place.reset();  // it waits no more: who has the answer may ask again
        read(market);
      });
}

// The same for a whole call: read(market) returns how it ends.
template <typename Read>
void QueryMarket(Environment& environment, CallPtr call, const Caller& caller, Read read) {
  // Held here too: the read is not run when it is refused.
  const Status refused = ReadMarket(
      environment, caller,
      [call, read = std::move(read)](const market::Market& market) { call->Finish(read(market)); });
  if (!refused.ok()) call->Finish(refused);
}

// Run task() on `workers`, or refuse the call.
template <typename Task>
void RunOn(Workers& workers, const CallPtr& call, Task task) {
  if (!workers.Submit(std::move(task))) {
    call->Finish(absl::ResourceExhaustedError("too much work queued; try again later"));
  }
}
template <typename Task>
void RunOn(FairWorkers& workers, const CallPtr& call, const Caller& caller, Task task) {
  if (!workers.Submit(caller.identity, std::move(task))) {
    call->Finish(absl::ResourceExhaustedError("too many of such requests queued; try again later"));
  }
}

}  // namespace prooflode::api
