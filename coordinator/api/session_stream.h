// The gRPC side of one miner's session.
#pragma once

#include <deque>
#include <memory>

#include "coordinator/api/call.h"
#include "coordinator/api/sessions.h"
#include "prooflode/v1/miner_service.grpc.pb.h"

namespace prooflode::api {

// Owns itself from Begin until gRPC is done with it; the registry holds a further reference. The next message
// is read only when the last one has been dealt with, so a flooding miner waits.
class SessionStream final : public grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>,
                            public SessionWriter,
                            public std::enable_shared_from_this<SessionStream> {
 public:
  static grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>* Begin(
      Environment& environment, grpc::CallbackServerContext& context, MethodMetrics& metrics);
  SessionStream(Environment& environment, MethodMetrics& metrics);

  void Write(v1::SessionResponse message) override;
  bool HasRoom() override;
  void AskReplay(const market::EndPlace& after) override;
  void End(const Status& status) override;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  // More than a session can have outstanding when it reads: credit, live attempts, a page of ends, a
  // heartbeat each.
  static constexpr size_t kBacklogMax = 4096;
  // Offers and pages of ends wait above the first two; nothing else comes near the others.
  static constexpr size_t kRoomMessagesMax = 2048;
  static constexpr size_t kOfferBytesMax = 1 << 20;
  static constexpr size_t kBacklogBytesMax = 8 << 20;

  void Hello();
  void Handle();  // on the dispatcher's thread
  void ReadNext();
  // Before the session is opened: one that has finished may have been closed already, and one that finishes
  // later is closed later.
  bool IsFinished();
  void FinishNow(const Status& status) PL_REQUIRES(mutex_);

  // These outlive the server; tasks that come late, after the server is gone, touch nothing else.
  Broadcaster& broadcaster_;
  engine::Engine& engine_;
  CallTimer timer_;
  std::shared_ptr<SessionStream> self_;
  Caller caller_;
  v1::SessionRequest incoming_;
  bool greeted_ = false;                       // set and read between reads alone
  SessionRegistry::SessionId session_id_ = 0;  // the dispatcher's; 0 before Welcome
  Mutex mutex_;
  std::deque<v1::SessionResponse> backlog_ PL_GUARDED_BY(mutex_);  // front is being written
  size_t backlog_bytes_ PL_GUARDED_BY(mutex_) = 0;
  bool waits_for_room_ PL_GUARDED_BY(mutex_) = false;
  bool finished_ PL_GUARDED_BY(mutex_) = false;
};

}  // namespace prooflode::api
