// MarketService.ExplainJob: the job and its attempts as they are, and its steps from the log.
#include <algorithm>

#include "coordinator/api/convert.h"
#include "coordinator/api/explain.h"
#include "coordinator/api/market_service.h"

namespace prooflode::api {
namespace {

template <typename Counts>
void AddCounts(const std::map<v1::Reason, uint64_t>& from, Counts* to) {
  for (const auto& [reason, count] : from) {
    v1::ReasonCount* const out = to->Add();
    out->set_reason(reason);
    out->set_count(count);
  }
}

}  // namespace

grpc::ServerUnaryReactor* MarketServiceImpl::ExplainJob(grpc::CallbackServerContext* context,
                                                        const v1::ExplainJobRequest* request,
                                                        v1::ExplainJobResponse* response) {
  return Serve(environment_, context, explain_job_, kEverybody, *request,
               [&](CallPtr call, const Caller& caller) {
                 const auto look = [this, call, caller, request, response](const market::Market& market) {
                   const market::Job* job = market.FindJob(IdOf<market::JobId>(request->job_id()));
                   if (job == nullptr) return call->Finish(absl::NotFoundError("job_id: no such job"));
                   FillJob(*job, response->mutable_job());
                   uint64_t last = job->revision;
                   for (const market::Attempt* attempt : market.AttemptsOf(job->id)) {
                     ToProto(*attempt, response->add_attempts());
                     last = std::max(last, attempt->changed_by);
                   }
                   const auto& waiting = market.candidacies();
                   for (auto it = waiting.lower_bound({job->id, {}});
                        it != waiting.end() && it->first.first == job->id; ++it) {
                     last = std::max(last, it->second.leaf);
                   }
                   RunOn(environment_.lookups, call, caller,
                         [this, call, request, last, response] { Explain(call, *request, last, response); });
                 };
                 const Status refused = ReadMarket(environment_, caller, look);
                 if (!refused.ok()) call->Finish(refused);
               });
}

void MarketServiceImpl::Explain(const CallPtr& call, const v1::ExplainJobRequest& request, uint64_t last,
                                v1::ExplainJobResponse* response) {
  const auto job = IdOf<market::JobId>(request.job_id());
  uint64_t from = request.from_leaf_index();
  if (from == 0) {
    const auto first = FirstLeafAt(environment_.store, Micros{response->job().posted_at_us()}, last);
    if (!first.ok()) return call->Finish(first.status());
    from = *first;
  }
  const OfferBook::Counts counts = environment_.broadcaster.offers().Of(job);
  response->set_offers_sent(counts.offers);
  AddCounts(counts.declined, response->mutable_declined());
  AddCounts(counts.refused, response->mutable_refused());
  call->Finish(AddSteps(environment_.store, job, from, last, response));
}

}  // namespace prooflode::api
