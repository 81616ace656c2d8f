#include "coordinator/api/watch_stream.h"

#include <utility>

#include "coordinator/api/convert.h"

namespace prooflode::api {

WatchStream::WatchStream(Environment& environment, grpc::CallbackServerContext&, MethodMetrics& metrics)
    : broadcaster_(environment.broadcaster), clock_(environment.clock), timer_(metrics, environment.clock) {}

grpc::ServerWriteReactor<v1::WatchJobResponse>* WatchStream::Begin(Environment& environment,
                                                                   grpc::CallbackServerContext& context,
                                                                   MethodMetrics& metrics,
                                                                   const v1::WatchJobRequest& request) {
  auto stream = std::make_shared<WatchStream>(environment, context, metrics);
  stream->self_ = stream;
  const StatusOr<Caller> caller = Authorize(environment.auth, context, kEverybody);
  if (!caller.ok()) {
    stream->End(caller.status());
  } else if (const Status shape = CheckShape(request); !shape.ok()) {
    stream->End(shape);
  } else {
    stream->Open(environment, *caller, request);
  }
  return stream.get();
}

void WatchStream::Open(Environment& environment, const Caller& caller, const v1::WatchJobRequest& request) {
  job_ = IdOf<market::JobId>(request.job_id());
  broadcaster_.watch_count().fetch_add(1);
  counted_ = true;
  // The registry is given the state in the same order as the changes: through the dispatcher.
  const Status refused =
      ReadMarket(environment, caller,
                 [self = shared_from_this(), identity = caller.identity,
                  after = request.after_revision()](const market::Market& market) {
                   const market::Job* job = market.FindJob(self->job_);
                   if (job == nullptr)
                     return self->End(absl::NotFoundError("WatchJobRequest.job_id: no such job"));
                   Broadcaster& broadcaster = self->broadcaster_;
                   broadcaster.Post([self, identity, after, &broadcaster, job = *job] {
                     if (self->IsFinished()) return;
                     v1::Job message;
                     ToProto(job, broadcaster.circuits().Find(job.circuit).get(), &message);
                     broadcaster.watchers().Open(identity, message, after, self);
                   });
                 });
  if (!refused.ok()) End(refused);
}

void WatchStream::Update(const v1::Job& job) {
  MutexLock lock(mutex_);
  if (finished_ || ending_) return;
  next_ = job;
  if (!writing_) WriteNext();
}

void WatchStream::End(const Status& status) {
  MutexLock lock(mutex_);
  if (finished_ || ending_) return;
  // A good end waits for what is still to be written; an error does not.
  if (status.ok() && (writing_ || next_)) {
    ending_ = status;
  } else {
    FinishNow(status);
  }
}

bool WatchStream::IsFinished() const {
  MutexLock lock(mutex_);
  return finished_;
}

bool WatchStream::IsStuck(Micros now, Micros patience) const {
  MutexLock lock(mutex_);
  return writing_ && now - write_began_ > patience;
}

void WatchStream::WriteNext() {
  *outgoing_.mutable_job() = *std::move(next_);
  next_.reset();
  writing_ = true;
  write_began_ = clock_.MonotonicNow();
  StartWrite(&outgoing_);
}

void WatchStream::FinishNow(const Status& status) {
  finished_ = true;
  const grpc::Status grpc_status = ToGrpc(status);
  timer_.Handled(grpc_status.error_code());
  Finish(grpc_status);
}

void WatchStream::OnWriteDone(bool ok) {
  MutexLock lock(mutex_);
  writing_ = false;
  if (finished_) return;
  if (!ok) return FinishNow(absl::CancelledError("the watcher is gone"));
  if (next_) return WriteNext();
  if (ending_) FinishNow(*ending_);
}

void WatchStream::OnCancel() {
  MutexLock lock(mutex_);
  if (!finished_) FinishNow(absl::CancelledError("cancelled by the watcher"));
}

void WatchStream::OnDone() {
  // The registry's reference goes on the dispatcher; this one goes last.
  Broadcaster& broadcaster = broadcaster_;
  if (counted_) broadcaster.watch_count().fetch_sub(1);
  broadcaster.Post(
      [self = std::move(self_), &broadcaster] { broadcaster.watchers().Closed(self->job_, self.get()); });
}

}  // namespace prooflode::api
