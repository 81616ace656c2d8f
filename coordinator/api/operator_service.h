// OperatorService: the kill switch.
#pragma once

#include "coordinator/api/call.h"
#include "prooflode/v1/operator_service.grpc.pb.h"

namespace prooflode::api {

class OperatorServiceImpl final : public v1::OperatorService::CallbackService {
 public:
  explicit OperatorServiceImpl(Environment& environment);

  grpc::ServerUnaryReactor* SetSuspension(grpc::CallbackServerContext* context,
                                          const v1::SetSuspensionRequest* request,
                                          v1::SetSuspensionResponse* response) override;
  grpc::ServerUnaryReactor* ListSuspensions(grpc::CallbackServerContext* context,
                                            const v1::ListSuspensionsRequest* request,
                                            v1::ListSuspensionsResponse* response) override;

 private:
  Environment& environment_;
  MethodMetrics set_suspension_;
  MethodMetrics list_suspensions_;
};

}  // namespace prooflode::api
