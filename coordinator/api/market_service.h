// MarketService: circuits, jobs, proofs.
#pragma once

#include "coordinator/api/call.h"
#include "prooflode/v1/market_service.grpc.pb.h"

namespace prooflode::api {

class MarketServiceImpl final : public v1::MarketService::CallbackService {
 public:
  explicit MarketServiceImpl(Environment& environment);

  grpc::ServerUnaryReactor* RegisterCircuit(grpc::CallbackServerContext* context,
                                            const v1::RegisterCircuitRequest* request,
                                            v1::RegisterCircuitResponse* response) override;
  grpc::ServerUnaryReactor* GetCircuit(grpc::CallbackServerContext* context,
                                       const v1::GetCircuitRequest* request,
                                       v1::GetCircuitResponse* response) override;
  grpc::ServerUnaryReactor* ListCircuits(grpc::CallbackServerContext* context,
                                         const v1::ListCircuitsRequest* request,
                                         v1::ListCircuitsResponse* response) override;
  grpc::ServerUnaryReactor* PostJob(grpc::CallbackServerContext* context, const v1::PostJobRequest* request,
                                    v1::PostJobResponse* response) override;
  grpc::ServerUnaryReactor* GetJob(grpc::CallbackServerContext* context, const v1::GetJobRequest* request,
                                   v1::GetJobResponse* response) override;
  grpc::ServerUnaryReactor* ListJobs(grpc::CallbackServerContext* context, const v1::ListJobsRequest* request,
                                     v1::ListJobsResponse* response) override;
  grpc::ServerUnaryReactor* CancelJob(grpc::CallbackServerContext* context,
                                      const v1::CancelJobRequest* request,
                                      v1::CancelJobResponse* response) override;
  grpc::ServerUnaryReactor* ExplainJob(grpc::CallbackServerContext* context,
                                       const v1::ExplainJobRequest* request,
                                       v1::ExplainJobResponse* response) override;  // explain_call.cc
  grpc::ServerUnaryReactor* ForecastJob(grpc::CallbackServerContext* context,
                                        const v1::ForecastJobRequest* request,
                                        v1::ForecastJobResponse* response) override;
  grpc::ServerUnaryReactor* GetProof(grpc::CallbackServerContext* context, const v1::GetProofRequest* request,
                                     v1::GetProofResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchJobResponse>* WatchJob(grpc::CallbackServerContext* context,
                                                           const v1::WatchJobRequest* request) override;

 private:
  // What is cheap to refuse comes before the checks of files, and what was answered before comes first.
  void AdmitCircuit(const CallPtr& call, const Caller& caller, const v1::RegisterCircuitRequest& request,
                    v1::RegisterCircuitResponse* response);
  // What registered circuits settle without a look at the files: answers or refuses, and says so. The engine
  // decides in the same way.
  bool SettledByDirectory(const CallPtr& call, const Caller& caller,
                          const v1::RegisterCircuitRequest& request, v1::RegisterCircuitResponse* response);
  void CheckAndRegister(const CallPtr& call, const Caller& caller, const v1::RegisterCircuitRequest& request,
                        v1::RegisterCircuitResponse* response);
  void Register(const CallPtr& call, const Caller& caller, const v1::RegisterCircuitRequest& request,
                market::Circuit circuit, v1::RegisterCircuitResponse* response);
  bool Registered(const market::CircuitAnswer& answer, v1::RegisterCircuitResponse* response);
  void AdmitJob(const CallPtr& call, const Caller& caller, const v1::PostJobRequest& request,
                v1::PostJobResponse* response);
  // Answers a repeat and says so.
  bool PostedBefore(const CallPtr& call, const Caller& caller, const v1::PostJobRequest& request,
                    v1::PostJobResponse* response);
  void CheckAndPost(CallPtr call, const Caller& caller, const v1::PostJobRequest& request,
                    const CircuitPtr& circuit, v1::PostJobResponse* response);
  bool Posted(const market::JobAnswer& answer, v1::PostJobResponse* response);
  bool MayUseWitness(const Caller& caller, const Digest& witness) const;
  // Reads the log, on a thread that may; the job is filled in already and has ended with `last`.
  void Explain(const CallPtr& call, const v1::ExplainJobRequest& request, uint64_t last,
               v1::ExplainJobResponse* response);
  void FillJob(const market::Job& job, v1::Job* out) const;

  Environment& environment_;
  MethodMetrics register_circuit_;
  MethodMetrics get_circuit_;
  MethodMetrics list_circuits_;
  MethodMetrics post_job_;
  MethodMetrics get_job_;
  MethodMetrics list_jobs_;
  MethodMetrics cancel_job_;
  MethodMetrics explain_job_;
  MethodMetrics forecast_job_;
  MethodMetrics get_proof_;
  MethodMetrics watch_job_;
};

}  // namespace prooflode::api
