// The mechanics of a miner's session: one bidirectional stream with callbacks. When to open it, what to offer
// credit for and when to reconnect is the miner's own logic.
#pragma once

#include <functional>
#include <memory>

#include "base/status.h"
#include "client/connection.h"
#include "prooflode/v1/miner_service.grpc.pb.h"

namespace prooflode::client {

class SessionStream {
 public:
  // Called on threads of gRPC, never two at a time: be quick, and never destroy the stream from inside.
  struct Callbacks {
    std::function<void(const v1::SessionResponse&)> on_message;
    // Exactly once, last of all. OK when the coordinator ended the stream in peace; kAborted when a newer
    // session of the same key replaced this one; kUnauthenticated when a new login is needed (the token is
    // forgotten already).
    std::function<void(const Status&)> on_end;
  };

  // Logs in if need be (which blocks), opens the stream and sends `hello`. An error here means that no
  // callback will come. The stream has no deadline: heartbeats tell whether it lives (docs/protocol.md).
  // `connection` must outlive the stream.
  static StatusOr<std::unique_ptr<SessionStream>> Open(Connection& connection,
                                                       const v1::SessionRequest::Hello& hello,
                                                       Callbacks callbacks);
  // Cancels, and waits for on_end.
  ~SessionStream();

  // Thread-safe; never block; what cannot be sent any more is dropped, and on_end tells.
  void GrantCredit(uint32_t offers);
  void SendHeartbeat(Micros sent_at);
  void Drain();
  void Decline(const std::string& job_id, v1::Reason reason);
  void Cancel();

 private:
  class Reactor;
  explicit SessionStream(std::unique_ptr<Reactor> reactor);
  const std::unique_ptr<Reactor> reactor_;
};

}  // namespace prooflode::client
