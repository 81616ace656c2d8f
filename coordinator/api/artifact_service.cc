#include "coordinator/api/artifact_service.h"

#include "coordinator/api/convert.h"
#include "coordinator/api/transfer_streams.h"

namespace prooflode::api {

ArtifactServiceImpl::ArtifactServiceImpl(Environment& environment)
    : environment_(environment),
      stat_artifact_(environment.metrics, "ArtifactService", "StatArtifact", "unary"),
      upload_artifact_(environment.metrics, "ArtifactService", "UploadArtifact", "client_stream"),
      download_artifact_(environment.metrics, "ArtifactService", "DownloadArtifact", "server_stream") {}

grpc::ServerUnaryReactor* ArtifactServiceImpl::StatArtifact(grpc::CallbackServerContext* context,
                                                            const v1::StatArtifactRequest* request,
                                                            v1::StatArtifactResponse* response) {
  return Serve(
      environment_, context, stat_artifact_, kEverybody, *request, [&](CallPtr call, const Caller& caller) {
        RunOn(environment_.lookups, call, caller,
              [this, call, caller, digest = DigestOf(request->digest()), response] {
                const StatusOr<ArtifactState> state = environment_.artifacts.Find(caller.identity, digest);
                if (!state.ok()) return call->Finish(state.status());
                // A witness that somebody else uploaded is nobody's business: whoever has it can upload it,
                // from where the own upload broke off.
                if (state->complete && IsKnownTo(environment_, caller, digest)) {
                  response->set_complete(true);
                  response->set_size_bytes(state->size_bytes);
                } else {
                  response->set_partial_bytes(state->partial_bytes);
                }
                call->Finish(absl::OkStatus());
              });
      });
}

grpc::ServerReadReactor<v1::UploadArtifactRequest>* ArtifactServiceImpl::UploadArtifact(
    grpc::CallbackServerContext* context, v1::UploadArtifactResponse* response) {
  return UploadStream::Begin(environment_, *context, upload_artifact_, response);
}

grpc::ServerWriteReactor<v1::DownloadArtifactResponse>* ArtifactServiceImpl::DownloadArtifact(
    grpc::CallbackServerContext* context, const v1::DownloadArtifactRequest* request) {
  return DownloadStream::Begin(environment_, *context, download_artifact_, *request);
}

}  // namespace prooflode::api
