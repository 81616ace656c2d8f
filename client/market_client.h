// The calls of the market with their retries, for the command line and the miner. Requests that change
// something get a request id here unless they have one; pass the same id to ask again about an unknown
// outcome (client/errors.h). Thread-safe; calls block.
#pragma once

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "client/connection.h"
#include "prooflode/v1/account_service.grpc.pb.h"
#include "prooflode/v1/market_service.grpc.pb.h"
#include "prooflode/v1/miner_service.grpc.pb.h"
#include "prooflode/v1/operator_service.grpc.pb.h"

namespace prooflode::client {

class MarketClient {
 public:
  // `connection` must outlive the client.
  explicit MarketClient(Connection& connection);
  ~MarketClient();

  // Reads and checks files at the coordinator: takes as long as that takes, at most `call.timeout` or 10 min.
  StatusOr<v1::RegisterCircuitResponse> RegisterCircuit(v1::RegisterCircuitRequest request,
                                                        CallOptions call = {});
  StatusOr<v1::GetCircuitResponse> GetCircuit(const v1::GetCircuitRequest& request,
                                              const CallOptions& call = {});
  StatusOr<v1::ListCircuitsResponse> ListCircuits(const v1::ListCircuitsRequest& request,
                                                  const CallOptions& call = {});
  StatusOr<v1::PostJobResponse> PostJob(v1::PostJobRequest request, CallOptions call = {});
  StatusOr<v1::GetJobResponse> GetJob(const v1::GetJobRequest& request, const CallOptions& call = {});
  StatusOr<v1::ListJobsResponse> ListJobs(const v1::ListJobsRequest& request, const CallOptions& call = {});
  StatusOr<v1::CancelJobResponse> CancelJob(v1::CancelJobRequest request, const CallOptions& call = {});
  StatusOr<v1::GetProofResponse> GetProof(const v1::GetProofRequest& request, const CallOptions& call = {});

  StatusOr<v1::ExplainJobResponse> ExplainJob(const v1::ExplainJobRequest& request,
                                              const CallOptions& call = {});

  StatusOr<v1::ForecastJobResponse> ForecastJob(const v1::ForecastJobRequest& request,
                                                const CallOptions& call = {});

  // Calls `on_change` with the job as it is and after changes, each with a higher revision, until the job is
  // final (OK), `on_change` returns false (OK), `call.cancel` is set or retrying ends. Reconnects by itself;
  // `call.retry_for` counts from when the stream was last up.
  Status WatchJob(const std::string& job_id, uint64_t after_revision,
                  absl::FunctionRef<bool(const v1::Job&)> on_change, const CallOptions& call = {});

  StatusOr<v1::AcceptOfferResponse> AcceptOffer(v1::AcceptOfferRequest request, const CallOptions& call = {});
  StatusOr<v1::WithdrawCandidacyResponse> WithdrawCandidacy(v1::WithdrawCandidacyRequest request,
                                                            const CallOptions& call = {});
  StatusOr<v1::CommitProofResponse> CommitProof(v1::CommitProofRequest request, const CallOptions& call = {});
  StatusOr<v1::RevealProofResponse> RevealProof(v1::RevealProofRequest request, const CallOptions& call = {});
  StatusOr<v1::ReleaseAttemptResponse> ReleaseAttempt(v1::ReleaseAttemptRequest request,
                                                      const CallOptions& call = {});

  StatusOr<v1::GetAccountResponse> GetAccount(const v1::GetAccountRequest& request,
                                              const CallOptions& call = {});
  StatusOr<v1::ListTransfersResponse> ListTransfers(const v1::ListTransfersRequest& request,
                                                    const CallOptions& call = {});
  StatusOr<v1::DepositResponse> Deposit(v1::DepositRequest request, const CallOptions& call = {});
  StatusOr<v1::WithdrawResponse> Withdraw(v1::WithdrawRequest request, const CallOptions& call = {});
  StatusOr<v1::ListWithdrawalsResponse> ListWithdrawals(const v1::ListWithdrawalsRequest& request,
                                                        const CallOptions& call = {});
  StatusOr<v1::CancelWithdrawalResponse> CancelWithdrawal(v1::CancelWithdrawalRequest request,
                                                          const CallOptions& call = {});
  StatusOr<v1::PayWithdrawalResponse> PayWithdrawal(v1::PayWithdrawalRequest request,
                                                    const CallOptions& call = {});
  StatusOr<v1::RejectWithdrawalResponse> RejectWithdrawal(v1::RejectWithdrawalRequest request,
                                                          const CallOptions& call = {});
  StatusOr<v1::GetStatementResponse> GetStatement(const v1::GetStatementRequest& request,
                                                  const CallOptions& call = {});

  StatusOr<v1::SetSuspensionResponse> SetSuspension(v1::SetSuspensionRequest request,
                                                    const CallOptions& call = {});
  StatusOr<v1::ListSuspensionsResponse> ListSuspensions(const CallOptions& call = {});

  Connection& connection() { return connection_; }

 private:
  template <typename Response, typename Stub, typename Request>
  StatusOr<Response> Call(Stub& stub,
                          grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                          const Request& request, const CallOptions& call);
  template <typename Response, typename Stub, typename Request>
  StatusOr<Response> Change(Stub& stub,
                            grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                            Request& request, const CallOptions& call);

  Connection& connection_;
  const std::unique_ptr<v1::MarketService::Stub> market_;
  const std::unique_ptr<v1::MinerService::Stub> miner_;
  const std::unique_ptr<v1::AccountService::Stub> account_;
  const std::unique_ptr<v1::OperatorService::Stub> operator_;
};

}  // namespace prooflode::client
