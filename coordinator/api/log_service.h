// LogService: the log for everybody.
#pragma once

#include "coordinator/api/call.h"
#include "prooflode/v1/log_service.grpc.pb.h"

namespace prooflode::api {

class LogServiceImpl final : public v1::LogService::CallbackService {
 public:
  explicit LogServiceImpl(Environment& environment);

  grpc::ServerUnaryReactor* GetCheckpoint(grpc::CallbackServerContext* context,
                                          const v1::GetCheckpointRequest* request,
                                          v1::GetCheckpointResponse* response) override;
  grpc::ServerUnaryReactor* GetConsistencyProof(grpc::CallbackServerContext* context,
                                                const v1::GetConsistencyProofRequest* request,
                                                v1::GetConsistencyProofResponse* response) override;
  grpc::ServerUnaryReactor* GetInclusionProof(grpc::CallbackServerContext* context,
                                              const v1::GetInclusionProofRequest* request,
                                              v1::GetInclusionProofResponse* response) override;
  grpc::ServerUnaryReactor* ListLeaves(grpc::CallbackServerContext* context,
                                       const v1::ListLeavesRequest* request,
                                       v1::ListLeavesResponse* response) override;
  grpc::ServerUnaryReactor* AddCosignature(grpc::CallbackServerContext* context,
                                           const v1::AddCosignatureRequest* request,
                                           v1::AddCosignatureResponse* response) override;
  grpc::ServerUnaryReactor* PutCheckpoint(grpc::CallbackServerContext* context,
                                          const v1::PutCheckpointRequest* request,
                                          v1::PutCheckpointResponse* response) override;
  grpc::ServerUnaryReactor* ListSeenCheckpoints(grpc::CallbackServerContext* context,
                                                const v1::ListSeenCheckpointsRequest* request,
                                                v1::ListSeenCheckpointsResponse* response) override;

 private:
  Environment& environment_;
  MethodMetrics get_checkpoint_;
  MethodMetrics get_consistency_proof_;
  MethodMetrics get_inclusion_proof_;
  MethodMetrics list_leaves_;
  MethodMetrics add_cosignature_;
  MethodMetrics put_checkpoint_;
  MethodMetrics list_seen_checkpoints_;
};

}  // namespace prooflode::api
