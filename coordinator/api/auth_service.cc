#include "coordinator/api/auth_service.h"

#include "coordinator/api/convert.h"

namespace prooflode::api {
namespace {

// Runs body() -> Status for a call that needs no token.
template <typename Request, typename Body>
grpc::ServerUnaryReactor* ServeAnybody(Environment& environment, grpc::CallbackServerContext* context,
                                       MethodMetrics& metrics, const Request& request, Body body) {
  UnaryCall call(*context, metrics, environment.clock);
  const Status shape = CheckShape(request);
  call.Finish(shape.ok() ? body() : shape);
  return call.reactor();
}

void Tell(const KeyHandover& handover, v1::KeyHandover* out) {
  out->set_retired_key(StringOf(handover.retired));
  out->set_successor_key(StringOf(handover.successor));
  out->set_tree_size(handover.tree_size);
  out->set_root_hash(StringOf(handover.root));
  out->set_retired_signature(StringOf(handover.by_retired));
  out->set_successor_signature(StringOf(handover.by_successor));
}

}  // namespace

AuthServiceImpl::AuthServiceImpl(Environment& environment)
    : environment_(environment),
      get_market_(environment.metrics, "AuthService", "GetMarket", "unary"),
      begin_login_(environment.metrics, "AuthService", "BeginLogin", "unary"),
      complete_login_(environment.metrics, "AuthService", "CompleteLogin", "unary") {}

grpc::ServerUnaryReactor* AuthServiceImpl::GetMarket(grpc::CallbackServerContext* context,
                                                     const v1::GetMarketRequest* request,
                                                     v1::GetMarketResponse* response) {
  return ServeAnybody(environment_, context, get_market_, *request, [&] {
    const MarketInfo& info = environment_.info;
    response->set_market(environment_.rules.market);
    response->set_coordinator_key(StringOf(environment_.key.public_key()));
    for (const KeyHandover& handover : environment_.engine.handovers()) {
      Tell(handover, response->add_key_handovers());
    }
    response->set_version(info.version);
    response->set_protocol_version(kProtocolVersion);
    response->mutable_asset()->set_name(info.asset_name);
    response->mutable_asset()->set_decimals(info.asset_decimals);
    response->set_time_us(Count(environment_.engine.Now()));
    response->set_artifact_bytes_max(info.artifact_bytes_max);
    response->set_domain_size_max(info.domain_size_max);
    response->set_public_inputs_max(info.public_inputs_max);
    response->set_reveal_window_us(Count(environment_.rules.reveal_window));
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* AuthServiceImpl::BeginLogin(grpc::CallbackServerContext* context,
                                                      const v1::BeginLoginRequest* request,
                                                      v1::BeginLoginResponse* response) {
  return ServeAnybody(environment_, context, begin_login_, *request, [&] {
    response->set_nonce(StringOf(
        environment_.auth.BeginLogin(IdentityOf(request->public_key()), static_cast<Role>(request->role()))));
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* AuthServiceImpl::CompleteLogin(grpc::CallbackServerContext* context,
                                                         const v1::CompleteLoginRequest* request,
                                                         v1::CompleteLoginResponse* response) {
  return ServeAnybody(environment_, context, complete_login_, *request, [&]() -> Status {
    Authenticator::Login login;
    login.key = IdentityOf(request->public_key());
    login.role = static_cast<Role>(request->role());
    login.nonce = DigestOf(request->nonce());
    login.signature = ArrayOf<64>(request->signature());
    PL_ASSIGN_OR_RETURN(const Authenticator::Token token,
                        environment_.auth.CompleteLogin(login, PeerAddress(*context)));
    response->set_token(token.text);
    response->set_expires_at_us(Count(token.expires_at));
    return absl::OkStatus();
  });
}

}  // namespace prooflode::api
