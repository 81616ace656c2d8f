#include "coordinator/api/session_stream.h"

#include <utility>
#include <vector>

#include "coordinator/api/convert.h"

namespace prooflode::api {

SessionStream::SessionStream(Environment& environment, MethodMetrics& metrics)
    : broadcaster_(environment.broadcaster),
      engine_(environment.engine),
      timer_(metrics, environment.clock) {}

grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>* SessionStream::Begin(
    Environment& environment, grpc::CallbackServerContext& context, MethodMetrics& metrics) {
  auto stream = std::make_shared<SessionStream>(environment, metrics);
  stream->self_ = stream;
  const StatusOr<Caller> caller = Authorize(environment.auth, context, kMiners);
  if (caller.ok()) {
    stream->caller_ = *caller;
    stream->ReadNext();
  } else {
    stream->End(caller.status());
  }
  return stream.get();
}

void SessionStream::ReadNext() {
  MutexLock lock(mutex_);
  if (!finished_) StartRead(&incoming_);
}

void SessionStream::OnReadDone(bool ok) {
  if (!ok) return End(absl::OkStatus());
  Status shape = CheckShape(incoming_);
  if (shape.ok() && incoming_.has_hello() == greeted_) {
    shape = absl::InvalidArgumentError(greeted_ ? "SessionRequest.message: a second hello"
                                                : "SessionRequest.message: want hello first");
  }
  if (!shape.ok()) return End(shape);
  if (!greeted_) {
    greeted_ = true;
    return Hello();
  }
  broadcaster_.Post([self = shared_from_this()] { self->Handle(); });
}

void SessionStream::Hello() {
  // The registry opens the session in the same order as it hears of changes: through the dispatcher.
  const Status refused = engine_.Query([self = shared_from_this()](const market::Market& market) {
    const uint64_t leaves = self->engine_.log().size();  // a start of the coordinator makes the first
    Arrival arrival = ArrivalOf(market, self->caller_.identity, self->incoming_.hello(), leaves - 1);
    self->broadcaster_.Post([self, arrival = std::move(arrival)]() mutable {
      if (self->IsFinished()) return;
      arrival.market_time = self->engine_.Now();
      auto id =
          self->broadcaster_.sessions().Open(self->caller_.identity, self->incoming_.hello(), arrival, self);
      if (!id.ok()) return self->End(id.status());
      self->session_id_ = *id;
      self->ReadNext();
    });
  });
  if (!refused.ok()) End(refused);
}

void SessionStream::Handle() {
  SessionRegistry& sessions = broadcaster_.sessions();
  switch (incoming_.message_case()) {
    case v1::SessionRequest::kCredit:
      sessions.AddCredit(caller_.identity, session_id_, incoming_.credit().offers());
      break;
    case v1::SessionRequest::kHeartbeat:
      sessions.Heartbeat(caller_.identity, session_id_, incoming_.heartbeat().sent_at_us());
      break;
    case v1::SessionRequest::kDrain:
      sessions.Drain(caller_.identity, session_id_);
      break;
    case v1::SessionRequest::kOfferDeclined:
      sessions.Declined(caller_.identity, session_id_,
                        IdOf<market::JobId>(incoming_.offer_declined().job_id()),
                        incoming_.offer_declined().reason());
      break;
    case v1::SessionRequest::kHello:
    case v1::SessionRequest::MESSAGE_NOT_SET:
      break;  // refused before
  }
  ReadNext();
}

void SessionStream::Write(v1::SessionResponse message) {
  MutexLock lock(mutex_);
  if (finished_) return;
  const size_t bytes = message.ByteSizeLong();
  if (backlog_.size() >= kBacklogMax || backlog_bytes_ + bytes > kBacklogBytesMax) {
    return FinishNow(absl::ResourceExhaustedError("the miner does not read; reconnect and resume"));
  }
  backlog_bytes_ += bytes;
  backlog_.push_back(std::move(message));
  if (backlog_.size() == 1) StartWrite(&backlog_.front());
}

bool SessionStream::HasRoom() {
  MutexLock lock(mutex_);
  waits_for_room_ = backlog_bytes_ >= kOfferBytesMax || backlog_.size() >= kRoomMessagesMax;
  return !waits_for_room_;
}

void SessionStream::AskReplay(const market::EndPlace& after) {
  const Status refused = engine_.Read([self = shared_from_this(), after](const market::Market& market) {
    ReplayPage page = ReplayFor(market, self->caller_.identity, after);
    self->broadcaster_.Post([self, page = std::move(page)] {
      self->broadcaster_.sessions().Replay(self->caller_.identity, self->session_id_, page);
    });
  });
  if (!refused.ok()) End(refused);
}

void SessionStream::End(const Status& status) {
  MutexLock lock(mutex_);
  if (!finished_) FinishNow(status);
}

bool SessionStream::IsFinished() {
  MutexLock lock(mutex_);
  return finished_;
}

void SessionStream::FinishNow(const Status& status) {
  finished_ = true;
  const grpc::Status grpc_status = ToGrpc(status);
  timer_.Handled(grpc_status.error_code());
  Finish(grpc_status);
}

void SessionStream::OnWriteDone(bool ok) {
  MutexLock lock(mutex_);
  backlog_bytes_ -= backlog_.front().ByteSizeLong();
  backlog_.pop_front();
  if (finished_) return;
  if (!ok) return FinishNow(absl::CancelledError("the miner is gone"));
  if (!backlog_.empty()) StartWrite(&backlog_.front());
  const bool crowded = backlog_bytes_ >= kOfferBytesMax / 2 || backlog_.size() >= kRoomMessagesMax / 2;
  if (!waits_for_room_ || crowded) return;
  waits_for_room_ = false;
  broadcaster_.Post([self = shared_from_this()] {
    self->broadcaster_.sessions().RoomAgain(self->caller_.identity, self->session_id_);
  });
}

void SessionStream::OnCancel() {
  MutexLock lock(mutex_);
  if (!finished_) FinishNow(absl::CancelledError("cancelled by the miner"));
}

void SessionStream::OnDone() {
  Broadcaster& broadcaster = broadcaster_;
  broadcaster.Post([self = std::move(self_), &broadcaster] {
    if (self->session_id_ != 0) broadcaster.sessions().Closed(self->caller_.identity, self->session_id_);
  });
}

}  // namespace prooflode::api
