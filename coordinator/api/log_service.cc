#include "coordinator/api/log_service.h"

#include "coordinator/api/convert.h"

namespace prooflode::api {
namespace {

constexpr size_t kAnswerBytesMax = size_t{1} << 20;

template <typename Response>
void AddNodes(const std::vector<Digest>& nodes, Response* response) {
  for (const Digest& node : nodes) response->add_nodes(StringOf(node));
}

size_t CountOf(uint32_t asked) { return asked == 0 ? kPageSizeDefault : asked; }

}  // namespace

LogServiceImpl::LogServiceImpl(Environment& environment)
    : environment_(environment),
      get_checkpoint_(environment.metrics, "LogService", "GetCheckpoint", "unary"),
      get_consistency_proof_(environment.metrics, "LogService", "GetConsistencyProof", "unary"),
      get_inclusion_proof_(environment.metrics, "LogService", "GetInclusionProof", "unary"),
      list_leaves_(environment.metrics, "LogService", "ListLeaves", "unary"),
      add_cosignature_(environment.metrics, "LogService", "AddCosignature", "unary"),
      put_checkpoint_(environment.metrics, "LogService", "PutCheckpoint", "unary"),
      list_seen_checkpoints_(environment.metrics, "LogService", "ListSeenCheckpoints", "unary") {}

// What takes no disk is answered on a lookup's thread all the same: hashing and signatures have no place on
// the threads that move messages.
grpc::ServerUnaryReactor* LogServiceImpl::GetCheckpoint(grpc::CallbackServerContext* context,
                                                        const v1::GetCheckpointRequest* request,
                                                        v1::GetCheckpointResponse* response) {
  return Serve(
      environment_, context, get_checkpoint_, kEverybody, *request, [&](CallPtr call, const Caller& caller) {
        RunOn(environment_.lookups, call, caller, [this, call, request, response] {
          StatusOr<std::string> newest = environment_.checkpoints.Newest(request->cosignatures_min());
          if (newest.ok()) response->set_checkpoint(*std::move(newest));
          call->Finish(newest.status());
        });
      });
}

grpc::ServerUnaryReactor* LogServiceImpl::GetConsistencyProof(grpc::CallbackServerContext* context,
                                                              const v1::GetConsistencyProofRequest* request,
                                                              v1::GetConsistencyProofResponse* response) {
  return Serve(environment_, context, get_consistency_proof_, kEverybody, *request,
               [&](CallPtr call, const Caller& caller) {
                 RunOn(environment_.lookups, call, caller, [this, call, request, response] {
                   const auto nodes =
                       environment_.engine.log().ConsistencyProof(request->from_size(), request->to_size());
                   if (nodes.ok()) AddNodes(*nodes, response);
                   call->Finish(nodes.status());
                 });
               });
}

grpc::ServerUnaryReactor* LogServiceImpl::GetInclusionProof(grpc::CallbackServerContext* context,
                                                            const v1::GetInclusionProofRequest* request,
                                                            v1::GetInclusionProofResponse* response) {
  return Serve(environment_, context, get_inclusion_proof_, kEverybody, *request,
               [&](CallPtr call, const Caller& caller) {
                 RunOn(environment_.lookups, call, caller, [this, call, request, response] {
                   const auto nodes =
                       environment_.engine.log().InclusionProof(request->leaf_index(), request->tree_size());
                   if (nodes.ok()) AddNodes(*nodes, response);
                   call->Finish(nodes.status());
                 });
               });
}

grpc::ServerUnaryReactor* LogServiceImpl::ListLeaves(grpc::CallbackServerContext* context,
                                                     const v1::ListLeavesRequest* request,
                                                     v1::ListLeavesResponse* response) {
  return Serve(
      environment_, context, list_leaves_, kEverybody, *request, [&](CallPtr call, const Caller& caller) {
        RunOn(environment_.lookups, call, caller, [this, call, request, response] {
          response->set_tree_size(environment_.engine.log().size());
          const auto leaves = environment_.store.ReadLeaves(request->from_index(), CountOf(request->count()));
          if (!leaves.ok()) return call->Finish(leaves.status());
          size_t bytes = 0;
          for (const transparency::Leaf& leaf : *leaves) {
            bytes += leaf.bytes.size() + (leaf.proof ? leaf.proof->size() : 0);
            // What is stored a moment before the tree has it is not told of yet.
            if (leaf.index >= response->tree_size()) break;
            if (bytes > kAnswerBytesMax && response->leaves_size() > 0) break;
            response->add_leaves(leaf.bytes);
            if (leaf.proof) (*response->mutable_proofs())[leaf.index] = *leaf.proof;
          }
          call->Finish(absl::OkStatus());
        });
      });
}

grpc::ServerUnaryReactor* LogServiceImpl::AddCosignature(grpc::CallbackServerContext* context,
                                                         const v1::AddCosignatureRequest* request,
                                                         v1::AddCosignatureResponse* response) {
  return Serve(
      environment_, context, add_cosignature_, kEverybody, *request, [&](CallPtr call, const Caller& caller) {
        RunOn(environment_.lookups, call, caller, [this, call, request, response] {
          const StatusOr<size_t> added = environment_.checkpoints.AddCosignatures(request->checkpoint());
          if (added.ok()) response->set_added(static_cast<uint32_t>(*added));
          call->Finish(added.status());
        });
      });
}

grpc::ServerUnaryReactor* LogServiceImpl::PutCheckpoint(grpc::CallbackServerContext* context,
                                                        const v1::PutCheckpointRequest* request,
                                                        v1::PutCheckpointResponse* response) {
  return Serve(
      environment_, context, put_checkpoint_, kEverybody, *request, [&](CallPtr call, const Caller& caller) {
        RunOn(environment_.lookups, call, caller, [this, call, by = caller.identity, request, response] {
          const StatusOr<bool> agrees =
              environment_.seen_checkpoints.Put(by, request->checkpoint(), environment_.engine.Now());
          if (agrees.ok()) response->set_agrees(*agrees);
          call->Finish(agrees.status());
        });
      });
}

grpc::ServerUnaryReactor* LogServiceImpl::ListSeenCheckpoints(grpc::CallbackServerContext* context,
                                                              const v1::ListSeenCheckpointsRequest* request,
                                                              v1::ListSeenCheckpointsResponse* response) {
  return Serve(environment_, context, list_seen_checkpoints_, kEverybody, *request,
               [&](CallPtr call, const Caller& caller) {
                 RunOn(environment_.lookups, call, caller, [this, call, request, response] {
                   size_t bytes = 0;
                   for (auto& seen : environment_.seen_checkpoints.List(CountOf(request->count()))) {
                     bytes += seen.note.size();
                     if (bytes > kAnswerBytesMax) break;
                     v1::SeenCheckpoint* out = response->add_checkpoints();
                     out->set_checkpoint(std::move(seen.note));
                     out->set_seen_by(StringOf(seen.by));
                     out->set_seen_at_us(Count(seen.at));
                   }
                   call->Finish(absl::OkStatus());
                 });
               });
}

}  // namespace prooflode::api
