#include "coordinator/api/miner_service.h"

#include <algorithm>

#include "coordinator/api/convert.h"
#include "coordinator/api/session_stream.h"
#include "coordinator/api/validate.h"
#include "transparency/signing.h"

namespace prooflode::api {
namespace {

// Commits that never became a submission of their own; the engine counts the others under the same name.
Counter& Submissions(MetricFactory& metrics, const char* result) {
  return metrics.GetCounter("prooflode_coordinator_submissions_total",
                            "Committed proofs by what became of them",
                            {{"proof_system", "groth16_bn254"}, {"result", result}});
}

}  // namespace

MinerServiceImpl::MinerServiceImpl(Environment& environment)
    : environment_(environment),
      unauthorized_(Submissions(environment.metrics, "unauthorized")),
      duplicates_(Submissions(environment.metrics, "duplicate")),
      session_(environment.metrics, "MinerService", "Session", "bidi_stream"),
      accept_offer_(environment.metrics, "MinerService", "AcceptOffer", "unary"),
      withdraw_candidacy_(environment.metrics, "MinerService", "WithdrawCandidacy", "unary"),
      commit_proof_(environment.metrics, "MinerService", "CommitProof", "unary"),
      reveal_proof_(environment.metrics, "MinerService", "RevealProof", "unary"),
      release_attempt_(environment.metrics, "MinerService", "ReleaseAttempt", "unary") {}

grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>* MinerServiceImpl::Session(
    grpc::CallbackServerContext* context) {
  return SessionStream::Begin(environment_, *context, session_);
}

grpc::ServerUnaryReactor* MinerServiceImpl::AcceptOffer(grpc::CallbackServerContext* context,
                                                        const v1::AcceptOfferRequest* request,
                                                        v1::AcceptOfferResponse* response) {
  return Serve(environment_, context, accept_offer_, kMiners, *request,
               [&](CallPtr call, const Caller& caller) {
                 const auto job = IdOf<market::JobId>(request->job_id());
                 // The same request may be repeated when the coordinator is back.
                 if (environment_.draining) {
                   return call->Finish(absl::UnavailableError("the coordinator is about to stop; come back"));
                 }
                 if (const auto refusal = CheckAccept(*request)) {
                   CountRefusal(job, *refusal);
                   return call->Refuse(*refusal);
                 }
                 OfferCommand<market::Answer>(
                     environment_, std::move(call), caller, *request,
                     market::AcceptOffer{.job = job,
                                         .predicted = Micros{request->predicted_us()},
                                         .residency = static_cast<market::Residency>(request->residency()),
                                         .slots = request->slots()},
                     [this, response, miner = caller.identity](const market::Answer& answer,
                                                               const engine::Answered& answered) {
                       FillAccepted(miner, answer, answered.repeated, response);
                       return true;
                     },
                     [this, job](const market::Refusal& refusal) { CountRefusal(job, refusal); });
               });
}

void MinerServiceImpl::FillAccepted(const market::Identity& miner, const market::Answer& answer,
                                    bool repeated, v1::AcceptOfferResponse* response) {
  Broadcaster& broadcaster = environment_.broadcaster;
  const auto* admitted = std::get_if<market::AttemptAnswer>(&answer);
  const auto* candidate = std::get_if<market::CandidacyAnswer>(&answer);
  PL_CHECK(admitted != nullptr || candidate != nullptr);
  const market::Job& job = admitted != nullptr ? admitted->job : candidate->job;
  // Before the effects of the same batch, so that a race that is full now is not withdrawn from the miner who
  // filled it. The attempt of a repeated answer may have ended since.
  if (!repeated) {
    broadcaster.Post([&broadcaster, miner, id = job.id] { broadcaster.sessions().OfferTaken(miner, id); });
  }
  if (admitted != nullptr) ToProto(admitted->attempt, response->mutable_attempt());
  if (candidate != nullptr) response->set_draw_at_us(Count(job.draw_at));
  ToProto(job, broadcaster.circuits().Find(job.circuit).get(), response->mutable_job());
}

grpc::ServerUnaryReactor* MinerServiceImpl::WithdrawCandidacy(grpc::CallbackServerContext* context,
                                                              const v1::WithdrawCandidacyRequest* request,
                                                              v1::WithdrawCandidacyResponse*) {
  return Serve(
      environment_, context, withdraw_candidacy_, kMiners, *request, [&](CallPtr call, const Caller& caller) {
        const market::JobId job = IdOf<market::JobId>(request->job_id());
        OfferCommand<market::Done>(
            environment_, std::move(call), caller, *request, market::WithdrawCandidacy{job},
            [this, job, miner = caller.identity](const market::Done&, const engine::Answered& answered) {
              Broadcaster& broadcaster = environment_.broadcaster;
              if (answered.repeated) return true;
              broadcaster.Post([&broadcaster, miner, job] { broadcaster.sessions().OfferFree(miner, job); });
              return true;
            });
      });
}

void MinerServiceImpl::CountRefusal(const market::JobId& job, const market::Refusal& refusal) {
  environment_.broadcaster.offers().Refused(job, static_cast<v1::Reason>(refusal.reason));
}

std::optional<market::Refusal> MinerServiceImpl::CheckAccept(const v1::AcceptOfferRequest& request) const {
  const auto refuse = [](std::string message) {
    return market::Refusal{market::RefusalCode::kFailedPrecondition, market::Reason::kVersion,
                           std::move(message)};
  };
  if (request.protocol_version() != 0 && request.protocol_version() != kProtocolVersion) {
    return refuse(absl::StrCat("AcceptOfferRequest.protocol_version: ", request.protocol_version(), ", want ",
                               kProtocolVersion));
  }
  const auto circuit = environment_.broadcaster.jobs().CircuitOf(IdOf<market::JobId>(request.job_id()));
  if (!circuit) return std::nullopt;  // the market knows more of such a job
  if (!request.circuit_id().empty() && request.circuit_id() != StringOf(*circuit)) {
    return refuse(absl::StrCat("AcceptOfferRequest.circuit_id: ", HexEncode(AsBytes(request.circuit_id())),
                               ", the job's is ", HexEncode(*circuit)));
  }
  if (request.circuit_format() != 0 && request.circuit_format() != kCircuitFormat) {
    return refuse(absl::StrCat("AcceptOfferRequest.circuit_format: ", request.circuit_format(), ", want ",
                               kCircuitFormat));
  }
  return std::nullopt;
}

grpc::ServerUnaryReactor* MinerServiceImpl::CommitProof(grpc::CallbackServerContext* context,
                                                        const v1::CommitProofRequest* request,
                                                        v1::CommitProofResponse* response) {
  return Serve(
      environment_, context, commit_proof_, kMiners, *request, [&](CallPtr call, const Caller& caller) {
        // The signature covers the job, which the request does not name: the attempt's own counts.
        const Status refused = environment_.engine.Query([this, call, caller, request,
                                                          response](const market::Market& market) {
          const market::Attempt* attempt = market.FindAttempt(IdOf<market::AttemptId>(request->attempt_id()));
          if (attempt == nullptr) {
            return call->Finish(absl::NotFoundError("attempt_id: no such attempt"));
          }
          if (attempt->miner != caller.identity) {
            unauthorized_.Increment();
            return call->Finish(absl::PermissionDeniedError("attempt_id: belongs to another miner"));
          }
          RunOn(environment_.signatures, call, [this, call, caller, request, job = attempt->job, response] {
            CheckAndCommit(call, caller, *request, job, response);
          });
        });
        if (!refused.ok()) call->Finish(refused);
      });
}

void MinerServiceImpl::CheckAndCommit(CallPtr call, const Caller& caller,
                                      const v1::CommitProofRequest& request, const market::JobId& job,
                                      v1::CommitProofResponse* response) {
  market::CommitProof command;
  command.attempt = IdOf<market::AttemptId>(request.attempt_id());
  command.fence = request.fence();
  command.commit_hash = DigestOf(request.commit_hash());
  command.signature = ArrayOf<64>(request.signature());
  if (!request.proof().empty()) command.opening = {request.proof(), DigestOf(request.nonce())};
  const std::string message =
      transparency::CommitMessage({environment_.rules.market, job.bytes, command.attempt.bytes, command.fence,
                                   caller.identity, command.commit_hash});
  if (!VerifySignature(caller.identity, transparency::kCommitDomain, AsBytes(message), command.signature)) {
    unauthorized_.Increment();
    return call->Finish(absl::InvalidArgumentError(
        "CommitProofRequest.signature: not of this key over market, job, attempt, fence, key and commit "
        "hash"));
  }
  OfferCommand<market::CommitAnswer>(
      environment_, std::move(call), caller, request, std::move(command),
      [this, response, known = request.known_tree_size()](const market::CommitAnswer& answer,
                                                          const engine::Answered& answered) {
        PL_CHECK(answered.receipt.has_value());
        const auto [from, to] = std::minmax({known, answered.receipt->tree_size});
        if (const auto nodes = environment_.engine.log().ConsistencyProof(from, to); nodes.ok()) {
          for (const Digest& node : *nodes) {
            response->mutable_receipt()->add_consistency_proof(StringOf(node));
          }
        }
        if (answered.repeated) duplicates_.Increment();
        ToProto(*answered.receipt, environment_.key, environment_.rules.market, response->mutable_receipt());
        response->set_reveal_by_us(Count(answer.reveal_by));
        return true;
      });
}

grpc::ServerUnaryReactor* MinerServiceImpl::RevealProof(grpc::CallbackServerContext* context,
                                                        const v1::RevealProofRequest* request,
                                                        v1::RevealProofResponse* response) {
  return Serve(environment_, context, reveal_proof_, kMiners, *request,
               [&](CallPtr call, const Caller& caller) {
                 market::RevealProof command;
                 command.attempt = IdOf<market::AttemptId>(request->attempt_id());
                 command.fence = request->fence();
                 command.opening = {request->proof(), DigestOf(request->nonce())};
                 OfferCommand<market::RevealAnswer>(
                     environment_, std::move(call), caller, *request, std::move(command),
                     [response](const market::RevealAnswer& answer, const engine::Answered&) {
                       response->set_leaf_index(answer.leaf_index);
                       return true;
                     });
               });
}

grpc::ServerUnaryReactor* MinerServiceImpl::ReleaseAttempt(grpc::CallbackServerContext* context,
                                                           const v1::ReleaseAttemptRequest* request,
                                                           v1::ReleaseAttemptResponse* response) {
  return Serve(environment_, context, release_attempt_, kMiners, *request,
               [&](CallPtr call, const Caller& caller) {
                 OfferCommand<market::AttemptAnswer>(
                     environment_, std::move(call), caller, *request,
                     market::ReleaseAttempt{IdOf<market::AttemptId>(request->attempt_id()), request->fence(),
                                            ReasonOf(request->reason())},
                     [response](const market::AttemptAnswer& answer, const engine::Answered&) {
                       ToProto(answer.attempt, response->mutable_attempt());
                       return true;
                     });
               });
}

}  // namespace prooflode::api
