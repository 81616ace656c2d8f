// MinerService: sessions, and the steps of an attempt.
#pragma once

#include "coordinator/api/call.h"
#include "prooflode/v1/miner_service.grpc.pb.h"

namespace prooflode::api {

class MinerServiceImpl final : public v1::MinerService::CallbackService {
 public:
  explicit MinerServiceImpl(Environment& environment);

  grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>* Session(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* AcceptOffer(grpc::CallbackServerContext* context,
                                        const v1::AcceptOfferRequest* request,
                                        v1::AcceptOfferResponse* response) override;
  grpc::ServerUnaryReactor* WithdrawCandidacy(grpc::CallbackServerContext* context,
                                              const v1::WithdrawCandidacyRequest* request,
                                              v1::WithdrawCandidacyResponse* response) override;
  grpc::ServerUnaryReactor* CommitProof(grpc::CallbackServerContext* context,
                                        const v1::CommitProofRequest* request,
                                        v1::CommitProofResponse* response) override;
  grpc::ServerUnaryReactor* RevealProof(grpc::CallbackServerContext* context,
                                        const v1::RevealProofRequest* request,
                                        v1::RevealProofResponse* response) override;
  grpc::ServerUnaryReactor* ReleaseAttempt(grpc::CallbackServerContext* context,
                                           const v1::ReleaseAttemptRequest* request,
                                           v1::ReleaseAttemptResponse* response) override;

 private:
  // On a worker: checks the commit's signature, then offers it.
  void FillAccepted(const market::Identity& miner, const market::Answer& answer, bool repeated,
                    v1::AcceptOfferResponse* response);
  void CheckAndCommit(CallPtr call, const Caller& caller, const v1::CommitProofRequest& request,
                      const market::JobId& job, v1::CommitProofResponse* response);

  // What is wrong with the versions that the miner means to work with, before any work is done.
  std::optional<market::Refusal> CheckAccept(const v1::AcceptOfferRequest& request) const;
  void CountRefusal(const market::JobId& job, const market::Refusal& refusal);

  Environment& environment_;
  Counter& unauthorized_;
  Counter& duplicates_;
  MethodMetrics session_;
  MethodMetrics accept_offer_;
  MethodMetrics withdraw_candidacy_;
  MethodMetrics commit_proof_;
  MethodMetrics reveal_proof_;
  MethodMetrics release_attempt_;
};

}  // namespace prooflode::api
