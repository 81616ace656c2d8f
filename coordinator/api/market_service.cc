#include "coordinator/api/market_service.h"

#include <cstring>
#include <limits>

#include "coordinator/api/convert.h"
#include "coordinator/api/watch_stream.h"
#include "coordinator/market/state.h"

namespace prooflode::api {
namespace {

// A place in the list of jobs as a page token: time and id in hexadecimal.
std::string TokenOf(const JobDirectory::Place& place) {
  std::array<uint8_t, 24> bytes;
  StoreBe(bytes.data(), Count(place.first));
  std::memcpy(bytes.data() + 8, place.second.bytes.data(), 16);
  return HexEncode(bytes);
}

StatusOr<std::optional<JobDirectory::Place>> PlaceOf(const std::string& token) {
  if (token.empty()) return std::optional<JobDirectory::Place>();
  const auto bytes = HexDecode(token);
  if (!bytes || bytes->size() != 24) {
    return absl::InvalidArgumentError("ListJobsRequest.page_token: not one of ours");
  }
  JobDirectory::Place place;
  place.first = Micros{LoadBe<int64_t>(AsBytes(*bytes).data())};
  std::memcpy(place.second.bytes.data(), bytes->data() + 8, 16);
  return std::optional(place);
}

market::Refusal TooPoor(Amount balance, Amount total) {
  return {.code = market::RefusalCode::kFailedPrecondition,
          .message = absl::StrCat("balance: ", Count(balance), ", want at least ", Count(total),
                                  " (reward and fee)")};
}

std::optional<Digest> R1csOf(const v1::RegisterCircuitRequest& request) {
  if (request.r1cs_digest().empty()) return std::nullopt;
  return DigestOf(request.r1cs_digest());
}

// A proof that was delivered and is not in the store.
Status ProofIsGone(const market::Market& market, const market::Job& job, Micros now) {
  if (!market::IsFinal(job.state) || job.settled_at >= market.ProofsKeptFrom(now)) {
    return absl::DataLossError("proof: was delivered, and is not in the store");
  }
  return absl::NotFoundError(
      "proof: deleted; this market keeps proofs for a time after a job's end, and the job's was over. Post "
      "the job again for another one");
}

Status NoSuchJob() { return absl::NotFoundError("job_id: no such job"); }

}  // namespace

MarketServiceImpl::MarketServiceImpl(Environment& environment)
    : environment_(environment),
      register_circuit_(environment.metrics, "MarketService", "RegisterCircuit", "unary"),
      get_circuit_(environment.metrics, "MarketService", "GetCircuit", "unary"),
      list_circuits_(environment.metrics, "MarketService", "ListCircuits", "unary"),
      post_job_(environment.metrics, "MarketService", "PostJob", "unary"),
      get_job_(environment.metrics, "MarketService", "GetJob", "unary"),
      list_jobs_(environment.metrics, "MarketService", "ListJobs", "unary"),
      cancel_job_(environment.metrics, "MarketService", "CancelJob", "unary"),
      explain_job_(environment.metrics, "MarketService", "ExplainJob", "unary"),
      forecast_job_(environment.metrics, "MarketService", "ForecastJob", "unary"),
      get_proof_(environment.metrics, "MarketService", "GetProof", "unary"),
      watch_job_(environment.metrics, "MarketService", "WatchJob", "server_stream") {}

void MarketServiceImpl::FillJob(const market::Job& job, v1::Job* out) const {
  ToProto(job, environment_.broadcaster.circuits().Find(job.circuit).get(), out);
}

grpc::ServerUnaryReactor* MarketServiceImpl::RegisterCircuit(grpc::CallbackServerContext* context,
                                                             const v1::RegisterCircuitRequest* request,
                                                             v1::RegisterCircuitResponse* response) {
  return Serve(environment_, context, register_circuit_, kRequesters, *request,
               [&](CallPtr call, const Caller& caller) {
                 RunOn(environment_.lookups, call, caller, [this, call, caller, request, response] {
                   AdmitCircuit(call, caller, *request, response);
                 });
               });
}

bool MarketServiceImpl::Registered(const market::CircuitAnswer& answer,
                                   v1::RegisterCircuitResponse* response) {
  environment_.broadcaster.circuits().Put(answer.circuit);
  ToProto(answer.circuit, /*with_verification_key=*/true, response->mutable_circuit());
  return true;
}

void MarketServiceImpl::AdmitCircuit(const CallPtr& call, const Caller& caller,
                                     const v1::RegisterCircuitRequest& request,
                                     v1::RegisterCircuitResponse* response) {
  if (AnsweredBefore<market::CircuitAnswer>(
          environment_, call, caller, request,
          [&](const market::CircuitAnswer& answer, const engine::Answered&) {
            return Registered(answer, response);
          })) {
    return;
  }
  // Counted before the look: a repeat of the request that reached the limit is found registered.
  const size_t count = environment_.broadcaster.circuits().CountOf(caller.identity);
  if (SettledByDirectory(call, caller, request, response)) return;
  if (caller.role != Role::kOperator && count >= environment_.circuits_per_owner_max) {
    return call->Finish(absl::ResourceExhaustedError(
        absl::StrCat("circuits: ", count, " of this key, want below ", environment_.circuits_per_owner_max)));
  }
  RunOn(environment_.circuit_checks, call, caller,
        [this, call, caller, &request, response] { CheckAndRegister(call, caller, request, response); });
}

bool MarketServiceImpl::SettledByDirectory(const CallPtr& call, const Caller& caller,
                                           const v1::RegisterCircuitRequest& request,
                                           v1::RegisterCircuitResponse* response) {
  const CircuitDirectory& circuits = environment_.broadcaster.circuits();
  // The name first: whoever has it then is found by its files too.
  const bool taken = circuits.FindByName(request.name()) != nullptr;
  const CircuitPtr same = circuits.FindByFiles(DigestOf(request.zkey_digest()), R1csOf(request));
  if (same == nullptr) {
    if (!taken) return false;
    call->Finish(absl::AlreadyExistsError(absl::StrCat("name: \"", request.name(), "\" is taken")));
  } else if (same->name != request.name()) {
    call->Finish(absl::AlreadyExistsError(
        absl::StrCat("zkey_digest: these files are registered as \"", same->name, "\"")));
  } else if (same->insecure_setup && !request.allow_insecure_setup()) {
    call->Finish(absl::FailedPreconditionError(
        "zkey_digest: the registered circuit has an insecure setup, which must be allowed by name"));
  } else {
    Register(call, caller, request, *same, response);
  }
  return true;
}

void MarketServiceImpl::CheckAndRegister(const CallPtr& call, const Caller& caller,
                                         const v1::RegisterCircuitRequest& request,
                                         v1::RegisterCircuitResponse* response) {
  if (SettledByDirectory(call, caller, request, response)) return;  // by one that was checked meanwhile
  StatusOr<market::Circuit> circuit = environment_.files.CheckCircuit(
      request.name(), DigestOf(request.zkey_digest()), R1csOf(request), request.allow_insecure_setup());
  if (!circuit.ok()) return call->Finish(circuit.status());
  circuit->name = request.name();
  circuit->owner = caller.identity;
  for (const std::string& url : request.mirrors()) absl::StrAppend(&circuit->mirrors, url, "\n");
  Register(call, caller, request, *std::move(circuit), response);
}

void MarketServiceImpl::Register(const CallPtr& call, const Caller& caller,
                                 const v1::RegisterCircuitRequest& request, market::Circuit circuit,
                                 v1::RegisterCircuitResponse* response) {
  OfferCommand<market::CircuitAnswer>(
      environment_, call, caller, request, market::RegisterCircuit{std::move(circuit)},
      [this, response](const market::CircuitAnswer& answer, const engine::Answered&) {
        return Registered(answer, response);
      });
}

grpc::ServerUnaryReactor* MarketServiceImpl::GetCircuit(grpc::CallbackServerContext* context,
                                                        const v1::GetCircuitRequest* request,
                                                        v1::GetCircuitResponse* response) {
  return Serve(
      environment_, context, get_circuit_, kEverybody, *request, [&](const CallPtr& call, const Caller&) {
        const CircuitDirectory& circuits = environment_.broadcaster.circuits();
        const CircuitPtr circuit = request->has_name() ? circuits.FindByName(request->name())
                                                       : circuits.Find(DigestOf(request->circuit_id()));
        if (circuit == nullptr) return call->Finish(absl::NotFoundError("no such circuit"));
        ToProto(*circuit, /*with_verification_key=*/true, response->mutable_circuit());
        call->Finish(absl::OkStatus());
      });
}

grpc::ServerUnaryReactor* MarketServiceImpl::ListCircuits(grpc::CallbackServerContext* context,
                                                          const v1::ListCircuitsRequest* request,
                                                          v1::ListCircuitsResponse* response) {
  return Serve(environment_, context, list_circuits_, kEverybody, *request,
               [&](const CallPtr& call, const Caller&) {
                 const size_t count = request->page_size() == 0 ? kPageSizeDefault : request->page_size();
                 const auto found = environment_.broadcaster.circuits().List(request->page_token(), count);
                 for (const CircuitPtr& circuit : found) {
                   ToProto(*circuit, /*with_verification_key=*/false, response->add_circuits());
                 }
                 if (found.size() == count) response->set_next_page_token(found.back()->name);
                 call->Finish(absl::OkStatus());
               });
}

bool MarketServiceImpl::MayUseWitness(const Caller& caller, const Digest& witness) const {
  return environment_.artifacts.HasUploaded(caller.identity, witness) ||
         environment_.broadcaster.jobs().HasPosted(caller.identity, witness);
}

grpc::ServerUnaryReactor* MarketServiceImpl::PostJob(grpc::CallbackServerContext* context,
                                                     const v1::PostJobRequest* request,
                                                     v1::PostJobResponse* response) {
  return Serve(
      environment_, context, post_job_, kRequesters, *request, [&](CallPtr call, const Caller& caller) {
        RunOn(environment_.lookups, call, caller,
              [this, call, caller, request, response] { AdmitJob(call, caller, *request, response); });
      });
}

bool MarketServiceImpl::PostedBefore(const CallPtr& call, const Caller& caller,
                                     const v1::PostJobRequest& request, v1::PostJobResponse* response) {
  return AnsweredBefore<market::JobAnswer>(
      environment_, call, caller, request,
      [&](const market::JobAnswer& answer, const engine::Answered&) { return Posted(answer, response); });
}

bool MarketServiceImpl::Posted(const market::JobAnswer& answer, v1::PostJobResponse* response) {
  environment_.broadcaster.jobs().Put(answer.job);
  FillJob(answer.job, response->mutable_job());
  response->set_already_proven(answer.already_proven);
  return true;
}

void MarketServiceImpl::AdmitJob(const CallPtr& call, const Caller& caller, const v1::PostJobRequest& request,
                                 v1::PostJobResponse* response) {
  if (PostedBefore(call, caller, request, response)) return;
  const CircuitPtr circuit = environment_.broadcaster.circuits().Find(DigestOf(request.circuit_id()));
  if (circuit == nullptr) {
    return call->Finish(absl::NotFoundError("PostJobRequest.circuit_id: no such circuit"));
  }
  const Digest witness = DigestOf(request.witness_digest());
  if (!MayUseWitness(caller, witness)) {
    return call->Finish(absl::FailedPreconditionError(
        "PostJobRequest.witness_digest: not uploaded by this key; upload it first"));
  }
  // A statement of one's own that is proven already costs nothing, so that its witness is always checked.
  const bool may_be_free =
      !request.again() && environment_.broadcaster.jobs().HasPosted(caller.identity, witness);
  const uint64_t reward = request.reward_units();
  const uint64_t fee = Count(market::PartOf(Amount{reward}, environment_.rules.fee_per_million));
  const Amount total{reward > std::numeric_limits<uint64_t>::max() - fee ? reward : reward + fee};
  const Status refused = environment_.engine.Query(
      [this, call, caller, &request, circuit, response, may_be_free, total](const market::Market& market) {
        const Amount balance = market.ledger().Balance(ledger::Available(HexEncode(caller.identity)));
        if (balance < total && !may_be_free) {
          // The money may be in the escrow of this very request, written since the answer was looked for.
          return RunOn(environment_.lookups, call, caller,
                       [this, call, caller, &request, response, balance, total] {
                         if (PostedBefore(call, caller, request, response)) return;
                         call->Refuse(TooPoor(balance, total));
                       });
        }
        RunOn(environment_.witness_checks, call, caller, [this, call, caller, &request, circuit, response] {
          CheckAndPost(call, caller, request, circuit, response);
        });
      });
  if (!refused.ok()) call->Finish(refused);
}

void MarketServiceImpl::CheckAndPost(CallPtr call, const Caller& caller, const v1::PostJobRequest& request,
                                     const CircuitPtr& circuit, v1::PostJobResponse* response) {
  const Digest witness = DigestOf(request.witness_digest());
  const StatusOr<CheckedWitness> checked = environment_.files.CheckWitness(*circuit, witness);
  if (!checked.ok()) return call->Finish(checked.status());
  market::PostJob command;
  command.circuit = circuit->id;
  command.witness_digest = witness;
  command.witness_bytes = checked->witness_bytes;
  command.public_inputs = checked->public_inputs;
  command.statement = checked->statement;
  command.reward = Amount{request.reward_units()};
  command.time_limit = Micros{request.time_limit_us()};
  command.policy = PolicyOf(request.policy(), environment_.rules);
  command.again = request.again();
  command.draw_nonce = request.draw_nonce();
  OfferCommand<market::JobAnswer>(environment_, std::move(call), caller, request, std::move(command),
                                  [this, response](const market::JobAnswer& answer, const engine::Answered&) {
                                    return Posted(answer, response);
                                  });
}

grpc::ServerUnaryReactor* MarketServiceImpl::GetJob(grpc::CallbackServerContext* context,
                                                    const v1::GetJobRequest* request,
                                                    v1::GetJobResponse* response) {
  return Serve(
      environment_, context, get_job_, kEverybody, *request, [&](CallPtr call, const Caller& caller) {
        QueryMarket(environment_, std::move(call), caller,
                    [this, request, response](const market::Market& market) -> Status {
                      const market::Job* job = market.FindJob(IdOf<market::JobId>(request->job_id()));
                      if (job == nullptr) return NoSuchJob();
                      FillJob(*job, response->mutable_job());
                      if (!request->include_attempts()) return absl::OkStatus();
                      for (const market::Attempt* attempt : market.AttemptsOf(job->id)) {
                        ToProto(*attempt, response->add_attempts());
                      }
                      return absl::OkStatus();
                    });
      });
}

grpc::ServerUnaryReactor* MarketServiceImpl::ListJobs(grpc::CallbackServerContext* context,
                                                      const v1::ListJobsRequest* request,
                                                      v1::ListJobsResponse* response) {
  return Serve(environment_, context, list_jobs_, kEverybody, *request,
               [&](CallPtr call, const Caller& caller) {
                 const auto before = PlaceOf(request->page_token());
                 if (!before.ok()) return call->Finish(before.status());
                 std::optional<market::Identity> requester;
                 if (request->mine_only()) requester = caller.identity;
                 const size_t count = request->page_size() == 0 ? kPageSizeDefault : request->page_size();
                 std::vector<JobDirectory::Place> places =
                     environment_.broadcaster.jobs().List(*before, requester, count);
                 if (places.size() == count) response->set_next_page_token(TokenOf(places.back()));
                 QueryMarket(environment_, std::move(call), caller,
                             [this, places = std::move(places), response](const market::Market& market) {
                               for (const auto& [time, id] : places) {
                                 if (const market::Job* job = market.FindJob(id))
                                   FillJob(*job, response->add_jobs());
                               }
                               return absl::OkStatus();
                             });
               });
}

grpc::ServerUnaryReactor* MarketServiceImpl::CancelJob(grpc::CallbackServerContext* context,
                                                       const v1::CancelJobRequest* request,
                                                       v1::CancelJobResponse* response) {
  return Serve(environment_, context, cancel_job_, kRequesters, *request,
               [&](CallPtr call, const Caller& caller) {
                 OfferCommand<market::JobAnswer>(
                     environment_, std::move(call), caller, *request,
                     market::CancelJob{IdOf<market::JobId>(request->job_id())},
                     [this, response](const market::JobAnswer& answer, const engine::Answered&) {
                       FillJob(answer.job, response->mutable_job());
                       return true;
                     });
               });
}

grpc::ServerUnaryReactor* MarketServiceImpl::ForecastJob(grpc::CallbackServerContext* context,
                                                         const v1::ForecastJobRequest* request,
                                                         v1::ForecastJobResponse* response) {
  return Serve(environment_, context, forecast_job_, kEverybody, *request,
               [&](const CallPtr& call, const Caller&) {
                 const market::CircuitId circuit = DigestOf(request->circuit_id());
                 if (environment_.broadcaster.circuits().Find(circuit) == nullptr) {
                   return call->Finish(absl::NotFoundError("ForecastJobRequest.circuit_id: no such circuit"));
                 }
                 response->set_race_width_default(environment_.rules.race_width_default);
                 environment_.broadcaster.Post([this, call, circuit, response] {
                   SessionRegistry& sessions = environment_.broadcaster.sessions();
                   sessions.estimator().ForecastFor(circuit,
                                                    {.miners = static_cast<uint32_t>(sessions.size()),
                                                     .draw_window = environment_.rules.draw_window,
                                                     .late_percent = environment_.rules.late_percent},
                                                    response);
                   call->Finish(absl::OkStatus());
                 });
               });
}

grpc::ServerUnaryReactor* MarketServiceImpl::GetProof(grpc::CallbackServerContext* context,
                                                      const v1::GetProofRequest* request,
                                                      v1::GetProofResponse* response) {
  return Serve(
      environment_, context, get_proof_, kEverybody, *request, [&](CallPtr call, const Caller& caller) {
        QueryMarket(environment_, std::move(call), caller,
                    [this, request, response](const market::Market& market) -> Status {
                      const market::Job* job = market.FindJob(IdOf<market::JobId>(request->job_id()));
                      if (job == nullptr) return NoSuchJob();
                      const bool delivered =
                          job->state == market::JobState::kDelivered || job->state == market::JobState::kWon;
                      if (!delivered) {
                        return absl::FailedPreconditionError(absl::StrCat(
                            "job_id: the job is ", v1::JobState_Name(static_cast<v1::JobState>(job->state)),
                            ", want JOB_STATE_DELIVERED or JOB_STATE_WON"));
                      }
                      PL_ASSIGN_OR_RETURN(std::optional<std::string> proof,
                                          environment_.store.ReadProof(*market.DeliveredProof(*job)));
                      if (!proof) return ProofIsGone(market, *job, environment_.engine.Now());
                      response->set_proof(*std::move(proof));
                      response->set_public_inputs(job->public_inputs);
                      response->set_circuit_id(StringOf(job->circuit));
                      return absl::OkStatus();
                    });
      });
}

grpc::ServerWriteReactor<v1::WatchJobResponse>* MarketServiceImpl::WatchJob(
    grpc::CallbackServerContext* context, const v1::WatchJobRequest* request) {
  return WatchStream::Begin(environment_, *context, watch_job_, *request);
}

}  // namespace prooflode::api
