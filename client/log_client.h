// The calls of the log service with their retries. Thread-safe; calls block.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/connection.h"
#include "prooflode/v1/log_service.grpc.pb.h"
#include "transparency/merkle.h"

namespace prooflode::client {

class LogClient {
 public:
  // `connection` must outlive the client.
  explicit LogClient(Connection& connection);
  ~LogClient();

  // The newest checkpoint with so many cosignatures, as it came: check it with transparency/checkpoint.h.
  StatusOr<std::string> GetCheckpoint(uint32_t cosignatures_min, const CallOptions& call = {});
  // Proofs as they came: check them with transparency/merkle.h. kDataLoss where a node is not a digest.
  StatusOr<std::vector<Digest>> GetConsistencyProof(uint64_t from_size, uint64_t to_size,
                                                    const CallOptions& call = {});
  StatusOr<std::vector<Digest>> GetInclusionProof(uint64_t leaf_index, uint64_t tree_size,
                                                  const CallOptions& call = {});
  // Some leaves from `from_index` on, at most `count_max` (up to 1000); none at the end of the log.
  StatusOr<v1::ListLeavesResponse> ListLeaves(uint64_t from_index, uint32_t count_max,
                                              const CallOptions& call = {});
  StatusOr<uint32_t> AddCosignature(const std::string& note, const CallOptions& call = {});
  // Whether the coordinator's log agrees with it.
  StatusOr<bool> PutCheckpoint(const std::string& note, const CallOptions& call = {});
  StatusOr<v1::ListSeenCheckpointsResponse> ListSeenCheckpoints(uint32_t count, const CallOptions& call = {});

 private:
  template <typename Request, typename Response>
  StatusOr<Response> Call(grpc::Status (v1::LogService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                       Response*),
                          const Request& request, const CallOptions& call);

  Connection& connection_;
  const std::unique_ptr<v1::LogService::Stub> stub_;
};

// kDataLoss names the node that is not 32 bytes.
StatusOr<std::vector<Digest>> ProofNodes(const google::protobuf::RepeatedPtrField<std::string>& nodes);

}  // namespace prooflode::client
