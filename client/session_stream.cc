#include "client/session_stream.h"

#include <deque>
#include <utility>

#include "base/mutex.h"

namespace prooflode::client {

// Owned by the stream object alone, which waits for OnDone: gRPC's threads must never drop the last reference
// to a channel, since that makes them join themselves. One read and one write are under way at most.
class SessionStream::Reactor final : public grpc::ClientBidiReactor<v1::SessionRequest, v1::SessionResponse> {
 public:
  Reactor(Connection& connection, Callbacks callbacks)
      : connection_(connection),
        stub_(v1::MinerService::NewStub(connection.channel())),
        callbacks_(std::move(callbacks)) {}

  Status Begin(const v1::SessionRequest::Hello& hello) {
    PL_RETURN_IF_ERROR(connection_.Prepare(context_, std::nullopt));
    stub_->async()->Session(&context_, this);
    // Sends may start a write from any thread until the stream is over; the hold keeps OnDone away until the
    // last of them can no longer come.
    AddHold();
    v1::SessionRequest request;
    *request.mutable_hello() = hello;
    Send(std::move(request));
    StartRead(&incoming_);
    StartCall();
    return absl::OkStatus();
  }

  void Send(v1::SessionRequest request) {
    MutexLock lock(mutex_);
    if (closed_) return;
    backlog_.push_back(std::move(request));
    if (!writing_) WriteNext();
  }

  void Cancel() { context_.TryCancel(); }

  void WaitUntilDone() {
    MutexLock lock(mutex_);
    while (!done_) done_changed_.Wait(mutex_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Close();
    callbacks_.on_message(incoming_);
    StartRead(&incoming_);
  }

  void OnWriteDone(bool ok) override {
    {
      MutexLock lock(mutex_);
      writing_ = false;
      backlog_.pop_front();
      if (ok && !closed_) {
        if (!backlog_.empty()) WriteNext();
        return;
      }
    }
    Close();
  }

  void OnDone(const grpc::Status& grpc_status) override {
    const Status status = FromGrpc(grpc_status, context_);
    // A coordinator that comes back has lost its tokens: a login costs one call, a refused token a whole
    // pause.
    connection_.ForgetToken();
    callbacks_.on_end(status);
    MutexLock lock(mutex_);
    done_ = true;
    done_changed_.NotifyAll();
  }

 private:
  void WriteNext() PL_REQUIRES(mutex_) {
    writing_ = true;
    StartWrite(&backlog_.front());
  }

  void Close() {
    {
      MutexLock lock(mutex_);
      if (std::exchange(closed_, true)) return;
    }
    RemoveHold();
  }

  Connection& connection_;
  const std::unique_ptr<v1::MinerService::Stub> stub_;
  const Callbacks callbacks_;
  grpc::ClientContext context_;
  v1::SessionResponse incoming_;
  Mutex mutex_;
  CondVar done_changed_;
  std::deque<v1::SessionRequest> backlog_ PL_GUARDED_BY(mutex_);  // front is being written
  bool writing_ PL_GUARDED_BY(mutex_) = false;
  bool closed_ PL_GUARDED_BY(mutex_) = false;
  bool done_ PL_GUARDED_BY(mutex_) = false;
};

SessionStream::SessionStream(std::unique_ptr<Reactor> reactor) : reactor_(std::move(reactor)) {}

StatusOr<std::unique_ptr<SessionStream>> SessionStream::Open(Connection& connection,
                                                             const v1::SessionRequest::Hello& hello,
                                                             Callbacks callbacks) {
  auto reactor = std::make_unique<Reactor>(connection, std::move(callbacks));
  PL_RETURN_IF_ERROR(reactor->Begin(hello));
  return std::unique_ptr<SessionStream>(new SessionStream(std::move(reactor)));
}

SessionStream::~SessionStream() {
  reactor_->Cancel();
  reactor_->WaitUntilDone();
}

void SessionStream::GrantCredit(uint32_t offers) {
  v1::SessionRequest request;
  request.mutable_credit()->set_offers(offers);
  reactor_->Send(std::move(request));
}

void SessionStream::SendHeartbeat(Micros sent_at) {
  v1::SessionRequest request;
  request.mutable_heartbeat()->set_sent_at_us(Count(sent_at));
  reactor_->Send(std::move(request));
}

void SessionStream::Drain() {
  v1::SessionRequest request;
  request.mutable_drain();
  reactor_->Send(std::move(request));
}

void SessionStream::Decline(const std::string& job_id, v1::Reason reason) {
  v1::SessionRequest request;
  request.mutable_offer_declined()->set_job_id(job_id);
  request.mutable_offer_declined()->set_reason(reason);
  reactor_->Send(std::move(request));
}

void SessionStream::Cancel() { reactor_->Cancel(); }

}  // namespace prooflode::client
