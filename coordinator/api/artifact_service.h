// ArtifactService: large files by digest, in chunks, one disk operation under way a transfer.
#pragma once

#include "coordinator/api/call.h"
#include "prooflode/v1/artifact_service.grpc.pb.h"

namespace prooflode::api {

class ArtifactServiceImpl final : public v1::ArtifactService::CallbackService {
 public:
  explicit ArtifactServiceImpl(Environment& environment);

  grpc::ServerUnaryReactor* StatArtifact(grpc::CallbackServerContext* context,
                                         const v1::StatArtifactRequest* request,
                                         v1::StatArtifactResponse* response) override;
  grpc::ServerReadReactor<v1::UploadArtifactRequest>* UploadArtifact(
      grpc::CallbackServerContext* context, v1::UploadArtifactResponse* response) override;
  grpc::ServerWriteReactor<v1::DownloadArtifactResponse>* DownloadArtifact(
      grpc::CallbackServerContext* context, const v1::DownloadArtifactRequest* request) override;

 private:
  Environment& environment_;
  MethodMetrics stat_artifact_;
  MethodMetrics upload_artifact_;
  MethodMetrics download_artifact_;
};

}  // namespace prooflode::api
