#include "coordinator/api/operator_service.h"

#include "coordinator/api/convert.h"

namespace prooflode::api {
namespace {

void ToProto(const market::Suspension& s, v1::Suspension* out) {
  out->set_proof_system(static_cast<v1::ProofSystem>(s.subject.proof_system));
  if (s.subject.circuit != market::CircuitId{}) out->set_circuit_id(StringOf(s.subject.circuit));
  out->set_suspended(s.active);
  out->set_since_us(Count(s.since));
  out->set_note(s.note);
}

}  // namespace

OperatorServiceImpl::OperatorServiceImpl(Environment& environment)
    : environment_(environment),
      set_suspension_(environment.metrics, "OperatorService", "SetSuspension", "unary"),
      list_suspensions_(environment.metrics, "OperatorService", "ListSuspensions", "unary") {}

grpc::ServerUnaryReactor* OperatorServiceImpl::SetSuspension(grpc::CallbackServerContext* context,
                                                             const v1::SetSuspensionRequest* request,
                                                             v1::SetSuspensionResponse* response) {
  return Serve(environment_, context, set_suspension_, kOperators, *request,
               [&](CallPtr call, const Caller& caller) {
                 market::SetSuspension command{.active = request->suspended(), .note = request->note()};
                 command.subject.proof_system = static_cast<market::ProofSystem>(request->proof_system());
                 if (!request->circuit_id().empty()) {
                   command.subject.circuit = DigestOf(request->circuit_id());
                 }
                 OfferCommand<market::SuspensionAnswer>(
                     environment_, std::move(call), caller, *request, std::move(command),
                     [response](const market::SuspensionAnswer& answer, const engine::Answered&) {
                       ToProto(answer.suspension, response->mutable_suspension());
                       response->set_refunded_jobs(answer.refunded_jobs);
                       return true;
                     });
               });
}

grpc::ServerUnaryReactor* OperatorServiceImpl::ListSuspensions(grpc::CallbackServerContext* context,
                                                               const v1::ListSuspensionsRequest* request,
                                                               v1::ListSuspensionsResponse* response) {
  return Serve(environment_, context, list_suspensions_, kEverybody, *request,
               [&](CallPtr call, const Caller& caller) {
                 QueryMarket(environment_, std::move(call), caller, [response](const market::Market& market) {
                   for (const auto& [subject, suspension] : market.suspensions()) {
                     if (suspension.active) ToProto(suspension, response->add_suspensions());
                   }
                   return absl::OkStatus();
                 });
               });
}

}  // namespace prooflode::api
