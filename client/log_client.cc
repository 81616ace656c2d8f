#include "client/log_client.h"

#include <algorithm>

namespace prooflode::client {

using Stub = v1::LogService::Stub;

LogClient::LogClient(Connection& connection)
    : connection_(connection), stub_(v1::LogService::NewStub(connection.channel())) {}

LogClient::~LogClient() = default;

template <typename Request, typename Response>
StatusOr<Response> LogClient::Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                                Response*),
                                   const Request& request, const CallOptions& call) {
  Response response;
  PL_RETURN_IF_ERROR(connection_.Run(
      [&](grpc::ClientContext& context) { return ((*stub_).*method)(&context, request, &response); }, call));
  return response;
}

StatusOr<std::string> LogClient::GetCheckpoint(uint32_t cosignatures_min, const CallOptions& call) {
  v1::GetCheckpointRequest request;
  request.set_cosignatures_min(cosignatures_min);
  PL_ASSIGN_OR_RETURN(auto response, Call(&Stub::GetCheckpoint, request, call));
  return std::move(*response.mutable_checkpoint());
}

StatusOr<std::vector<Digest>> LogClient::GetConsistencyProof(uint64_t from_size, uint64_t to_size,
                                                             const CallOptions& call) {
  v1::GetConsistencyProofRequest request;
  request.set_from_size(from_size);
  request.set_to_size(to_size);
  PL_ASSIGN_OR_RETURN(const auto response, Call(&Stub::GetConsistencyProof, request, call));
  return ProofNodes(response.nodes());
}

StatusOr<std::vector<Digest>> LogClient::GetInclusionProof(uint64_t leaf_index, uint64_t tree_size,
                                                           const CallOptions& call) {
  v1::GetInclusionProofRequest request;
  request.set_leaf_index(leaf_index);
  request.set_tree_size(tree_size);
  PL_ASSIGN_OR_RETURN(const auto response, Call(&Stub::GetInclusionProof, request, call));
  return ProofNodes(response.nodes());
}

StatusOr<v1::ListLeavesResponse> LogClient::ListLeaves(uint64_t from_index, uint32_t count_max,
                                                       const CallOptions& call) {
  v1::ListLeavesRequest request;
  request.set_from_index(from_index);
  request.set_count(count_max);
  return Call(&Stub::ListLeaves, request, call);
}

StatusOr<uint32_t> LogClient::AddCosignature(const std::string& note, const CallOptions& call) {
  v1::AddCosignatureRequest request;
  request.set_checkpoint(note);
  PL_ASSIGN_OR_RETURN(const auto response, Call(&Stub::AddCosignature, request, call));
  return response.added();
}

StatusOr<bool> LogClient::PutCheckpoint(const std::string& note, const CallOptions& call) {
  v1::PutCheckpointRequest request;
  request.set_checkpoint(note);
  PL_ASSIGN_OR_RETURN(const auto response, Call(&Stub::PutCheckpoint, request, call));
  return response.agrees();
}

StatusOr<v1::ListSeenCheckpointsResponse> LogClient::ListSeenCheckpoints(uint32_t count,
                                                                         const CallOptions& call) {
  v1::ListSeenCheckpointsRequest request;
  request.set_count(count);
  return Call(&Stub::ListSeenCheckpoints, request, call);
}

StatusOr<std::vector<Digest>> ProofNodes(const google::protobuf::RepeatedPtrField<std::string>& nodes) {
  std::vector<Digest> digests(static_cast<size_t>(nodes.size()));
  for (int i = 0; i < nodes.size(); ++i) {
    Digest& digest = digests[static_cast<size_t>(i)];
    if (nodes[i].size() != digest.size()) {
      return absl::DataLossError(
          absl::StrCat("proof: node ", i, " has ", nodes[i].size(), " bytes, want 32"));
    }
    std::copy(nodes[i].begin(), nodes[i].end(), digest.begin());
  }
  return digests;
}

}  // namespace prooflode::client
