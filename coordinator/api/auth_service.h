// AuthService: what needs no token.
#pragma once

#include "coordinator/api/call.h"
#include "prooflode/v1/auth_service.grpc.pb.h"

namespace prooflode::api {

class AuthServiceImpl final : public v1::AuthService::CallbackService {
 public:
  explicit AuthServiceImpl(Environment& environment);

  grpc::ServerUnaryReactor* GetMarket(grpc::CallbackServerContext* context,
                                      const v1::GetMarketRequest* request,
                                      v1::GetMarketResponse* response) override;
  grpc::ServerUnaryReactor* BeginLogin(grpc::CallbackServerContext* context,
                                       const v1::BeginLoginRequest* request,
                                       v1::BeginLoginResponse* response) override;
  grpc::ServerUnaryReactor* CompleteLogin(grpc::CallbackServerContext* context,
                                          const v1::CompleteLoginRequest* request,
                                          v1::CompleteLoginResponse* response) override;

 private:
  Environment& environment_;
  MethodMetrics get_market_;
  MethodMetrics begin_login_;
  MethodMetrics complete_login_;
};

}  // namespace prooflode::api
