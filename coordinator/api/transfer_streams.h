// The gRPC side of one upload or download. Each has one operation under way at a time: reading or writing the
// network on gRPC's threads, or the disk on a worker; so no locks are needed.
#pragma once

#include <memory>

#include "coordinator/api/call.h"
#include "coordinator/api/transfer_table.h"
#include "prooflode/v1/artifact_service.grpc.pb.h"

namespace prooflode::api {

// Circuit files are everybody's; others those of whoever uploaded them or posted a job with them, and all are
// an operator's.
bool IsKnownTo(Environment& environment, const Caller& caller, const Digest& digest);

class UploadStream final : public grpc::ServerReadReactor<v1::UploadArtifactRequest> {
 public:
  static grpc::ServerReadReactor<v1::UploadArtifactRequest>* Begin(Environment& environment,
                                                                   grpc::CallbackServerContext& context,
                                                                   MethodMetrics& metrics,
                                                                   v1::UploadArtifactResponse* response);

  void OnReadDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  UploadStream(Environment& environment, grpc::CallbackServerContext& context, MethodMetrics& metrics,
               v1::UploadArtifactResponse* response);
  void OnDisk(void (UploadStream::*step)());
  void BeginFile();
  void AppendChunk();
  void FinishFile();
  void End(const Status& status);

  Environment& environment_;
  grpc::CallbackServerContext& context_;
  CallTimer timer_;
  std::unique_ptr<TransferTable::Place> place_;
  v1::UploadArtifactResponse* const response_;
  Caller caller_;
  v1::UploadArtifactRequest incoming_;
  ArtifactHeader header_;
  std::unique_ptr<ArtifactUpload> upload_;
};

class DownloadStream final : public grpc::ServerWriteReactor<v1::DownloadArtifactResponse> {
 public:
  static grpc::ServerWriteReactor<v1::DownloadArtifactResponse>* Begin(
      Environment& environment, grpc::CallbackServerContext& context, MethodMetrics& metrics,
      const v1::DownloadArtifactRequest& request);

  void OnWriteDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  DownloadStream(Environment& environment, MethodMetrics& metrics);
  void CheckRights(const Caller& caller);
  void OnDisk(void (DownloadStream::*step)());
  void OpenFile();
  void SendChunk();
  void End(const Status& status);

  Environment& environment_;
  CallTimer timer_;
  std::unique_ptr<TransferTable::Place> place_;
  Digest digest_{};
  uint64_t offset_ = 0;
  std::unique_ptr<ArtifactReader> reader_;
  v1::DownloadArtifactResponse outgoing_;
};

}  // namespace prooflode::api
