#include "client/market_client.h"

#include "transparency/signing.h"

namespace prooflode::client {
namespace {

// Of calls in which the coordinator reads and checks files.
constexpr Micros kFileCheckTimeout = Seconds(600);
// Of one watching stream; the next goes on after the last revision.
constexpr Micros kWatchTimeout = Seconds(3600);
// A stream that stood for longer was connected, even if nothing came: connecting itself takes 20 s at most.
constexpr Micros kConnectedAfter = Seconds(30);

bool IsFinal(v1::JobState state) { return state >= v1::JOB_STATE_WON; }

}  // namespace

MarketClient::MarketClient(Connection& connection)
    : connection_(connection),
      market_(v1::MarketService::NewStub(connection.channel())),
      miner_(v1::MinerService::NewStub(connection.channel())),
      account_(v1::AccountService::NewStub(connection.channel())),
      operator_(v1::OperatorService::NewStub(connection.channel())) {}

MarketClient::~MarketClient() = default;

template <typename Response, typename Stub, typename Request>
StatusOr<Response> MarketClient::Call(Stub& stub,
                                      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                                   Response*),
                                      const Request& request, const CallOptions& call) {
  Response response;
  PL_RETURN_IF_ERROR(connection_.Run(
      [&](grpc::ClientContext& context) { return (stub.*method)(&context, request, &response); }, call));
  return response;
}

template <typename Response, typename Stub, typename Request>
StatusOr<Response> MarketClient::Change(Stub& stub,
                                        grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                                     Response*),
                                        Request& request, const CallOptions& call) {
  if (request.request_id().empty()) request.set_request_id(connection_.NewRequestId());
  return Call(stub, method, request, call);
}

StatusOr<v1::RegisterCircuitResponse> MarketClient::RegisterCircuit(v1::RegisterCircuitRequest request,
                                                                    CallOptions call) {
  if (!call.timeout) call.timeout = kFileCheckTimeout;
  return Change(*market_, &v1::MarketService::Stub::RegisterCircuit, request, call);
}

StatusOr<v1::GetCircuitResponse> MarketClient::GetCircuit(const v1::GetCircuitRequest& request,
                                                          const CallOptions& call) {
  return Call(*market_, &v1::MarketService::Stub::GetCircuit, request, call);
}

StatusOr<v1::ListCircuitsResponse> MarketClient::ListCircuits(const v1::ListCircuitsRequest& request,
                                                              const CallOptions& call) {
  return Call(*market_, &v1::MarketService::Stub::ListCircuits, request, call);
}

StatusOr<v1::PostJobResponse> MarketClient::PostJob(v1::PostJobRequest request, CallOptions call) {
  if (!call.timeout) call.timeout = kFileCheckTimeout;
  if (request.request_id().empty()) request.set_request_id(connection_.NewRequestId());
  if (request.draw_nonce().empty()) {
    // Nobody else can know it before, and a repeat under the same id has the same.
    const Signature signature =
        connection_.key().Sign(transparency::kDrawNonceDomain, AsBytes(request.request_id()));
    request.set_draw_nonce(std::string(AsChars(Sha256(signature))));
  }
  return Change(*market_, &v1::MarketService::Stub::PostJob, request, call);
}

StatusOr<v1::GetJobResponse> MarketClient::GetJob(const v1::GetJobRequest& request, const CallOptions& call) {
  return Call(*market_, &v1::MarketService::Stub::GetJob, request, call);
}

StatusOr<v1::ExplainJobResponse> MarketClient::ExplainJob(const v1::ExplainJobRequest& request,
                                                          const CallOptions& call) {
  return Call(*market_, &v1::MarketService::Stub::ExplainJob, request, call);
}

StatusOr<v1::ForecastJobResponse> MarketClient::ForecastJob(const v1::ForecastJobRequest& request,
                                                            const CallOptions& call) {
  return Call(*market_, &v1::MarketService::Stub::ForecastJob, request, call);
}

StatusOr<v1::ListJobsResponse> MarketClient::ListJobs(const v1::ListJobsRequest& request,
                                                      const CallOptions& call) {
  return Call(*market_, &v1::MarketService::Stub::ListJobs, request, call);
}

StatusOr<v1::CancelJobResponse> MarketClient::CancelJob(v1::CancelJobRequest request,
                                                        const CallOptions& call) {
  return Change(*market_, &v1::MarketService::Stub::CancelJob, request, call);
}

StatusOr<v1::GetProofResponse> MarketClient::GetProof(const v1::GetProofRequest& request,
                                                      const CallOptions& call) {
  return Call(*market_, &v1::MarketService::Stub::GetProof, request, call);
}

Status MarketClient::WatchJob(const std::string& job_id, uint64_t after_revision,
                              absl::FunctionRef<bool(const v1::Job&)> on_change, const CallOptions& call) {
  CallOptions stream_call = call;
  stream_call.timeout = kWatchTimeout;
  bool over = false;
  // Each Run ends with the stream; one that brought something begins a new count of retries.
  while (true) {
    bool progress = false;
    const Status status = connection_.Run(
        [&](grpc::ClientContext& context) {
          v1::WatchJobRequest request;
          request.set_job_id(job_id);
          request.set_after_revision(after_revision);
          const Micros opened = connection_.clock().MonotonicNow();
          const auto reader = market_->WatchJob(&context, request);
          v1::WatchJobResponse response;
          while (reader->Read(&response)) {
            progress = true;
            after_revision = response.job().revision();
            const bool wanted = on_change(response.job());
            const bool cancelled = call.cancel != nullptr && call.cancel->cancelled();
            if (wanted && !cancelled && !IsFinal(response.job().state())) continue;
            over = true;
            context.TryCancel();
            break;
          }
          const grpc::Status ended = reader->Finish();
          // An end without an error is that of a job that was final before `after_revision`.
          if (ended.ok()) over = true;
          if (connection_.clock().MonotonicNow() - opened > kConnectedAfter) progress = true;
          return over || progress ? grpc::Status::OK : ended;
        },
        stream_call);
    if (over) {
      const bool cancelled = call.cancel != nullptr && call.cancel->cancelled();
      return cancelled ? absl::CancelledError("watching cancelled") : absl::OkStatus();
    }
    PL_RETURN_IF_ERROR(status);
    Backoff backoff = connection_.NewBackoff();
    if (!connection_.Wait(backoff, call.cancel)) {
      return absl::CancelledError("watching cancelled");
    }
  }
}

StatusOr<v1::AcceptOfferResponse> MarketClient::AcceptOffer(v1::AcceptOfferRequest request,
                                                            const CallOptions& call) {
  return Change(*miner_, &v1::MinerService::Stub::AcceptOffer, request, call);
}

StatusOr<v1::WithdrawCandidacyResponse> MarketClient::WithdrawCandidacy(v1::WithdrawCandidacyRequest request,
                                                                        const CallOptions& call) {
  return Change(*miner_, &v1::MinerService::Stub::WithdrawCandidacy, request, call);
}

StatusOr<v1::CommitProofResponse> MarketClient::CommitProof(v1::CommitProofRequest request,
                                                            const CallOptions& call) {
  return Change(*miner_, &v1::MinerService::Stub::CommitProof, request, call);
}

StatusOr<v1::RevealProofResponse> MarketClient::RevealProof(v1::RevealProofRequest request,
                                                            const CallOptions& call) {
  return Change(*miner_, &v1::MinerService::Stub::RevealProof, request, call);
}

StatusOr<v1::ReleaseAttemptResponse> MarketClient::ReleaseAttempt(v1::ReleaseAttemptRequest request,
                                                                  const CallOptions& call) {
  return Change(*miner_, &v1::MinerService::Stub::ReleaseAttempt, request, call);
}

StatusOr<v1::GetAccountResponse> MarketClient::GetAccount(const v1::GetAccountRequest& request,
                                                          const CallOptions& call) {
  return Call(*account_, &v1::AccountService::Stub::GetAccount, request, call);
}

StatusOr<v1::ListTransfersResponse> MarketClient::ListTransfers(const v1::ListTransfersRequest& request,
                                                                const CallOptions& call) {
  return Call(*account_, &v1::AccountService::Stub::ListTransfers, request, call);
}

StatusOr<v1::DepositResponse> MarketClient::Deposit(v1::DepositRequest request, const CallOptions& call) {
  return Change(*account_, &v1::AccountService::Stub::Deposit, request, call);
}

StatusOr<v1::WithdrawResponse> MarketClient::Withdraw(v1::WithdrawRequest request, const CallOptions& call) {
  return Change(*account_, &v1::AccountService::Stub::Withdraw, request, call);
}

StatusOr<v1::ListWithdrawalsResponse> MarketClient::ListWithdrawals(const v1::ListWithdrawalsRequest& request,
                                                                    const CallOptions& call) {
  return Call(*account_, &v1::AccountService::Stub::ListWithdrawals, request, call);
}

StatusOr<v1::CancelWithdrawalResponse> MarketClient::CancelWithdrawal(v1::CancelWithdrawalRequest request,
                                                                      const CallOptions& call) {
  return Change(*account_, &v1::AccountService::Stub::CancelWithdrawal, request, call);
}

StatusOr<v1::PayWithdrawalResponse> MarketClient::PayWithdrawal(v1::PayWithdrawalRequest request,
                                                                const CallOptions& call) {
  return Change(*account_, &v1::AccountService::Stub::PayWithdrawal, request, call);
}

StatusOr<v1::RejectWithdrawalResponse> MarketClient::RejectWithdrawal(v1::RejectWithdrawalRequest request,
                                                                      const CallOptions& call) {
  return Change(*account_, &v1::AccountService::Stub::RejectWithdrawal, request, call);
}

StatusOr<v1::GetStatementResponse> MarketClient::GetStatement(const v1::GetStatementRequest& request,
                                                              const CallOptions& call) {
  return Call(*account_, &v1::AccountService::Stub::GetStatement, request, call);
}

StatusOr<v1::SetSuspensionResponse> MarketClient::SetSuspension(v1::SetSuspensionRequest request,
                                                                const CallOptions& call) {
  return Change(*operator_, &v1::OperatorService::Stub::SetSuspension, request, call);
}

StatusOr<v1::ListSuspensionsResponse> MarketClient::ListSuspensions(const CallOptions& call) {
  return Call(*operator_, &v1::OperatorService::Stub::ListSuspensions, v1::ListSuspensionsRequest(), call);
}

}  // namespace prooflode::client
