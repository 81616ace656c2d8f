// Many miners in one process, for measuring a coordinator: each with a key, a connection and a session of its
// own. They prove nothing.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/mutex.h"
#include "client/connection.h"
#include "client/session_stream.h"
#include "prooflode/v1/miner_service.grpc.pb.h"

namespace prooflode::load {

struct LoadMiner {
  std::unique_ptr<SigningKey> key;
  std::unique_ptr<client::Connection> connection;
  std::unique_ptr<v1::MinerService::Stub> calls;
  std::unique_ptr<client::SessionStream> session;
};

class Fleet {
 public:
  using OnOffer = std::function<void(const v1::SessionResponse::Offer&)>;

  // Logs `count` miners in and opens their sessions, which take `offers` offers each. Keys come from
  // `random`. `on_offer` is called on threads of gRPC, for different miners at once.
  static StatusOr<std::unique_ptr<Fleet>> Connect(const std::string& url, size_t count, uint32_t offers,
                                                  OnOffer on_offer, Clock& clock, Random& random);

  std::vector<LoadMiner>& miners() { return miners_; }
  // Sessions that ended before their time.
  size_t lost_sessions() const { return lost_; }

 private:
  Fleet() = default;

  std::atomic<size_t> lost_{0};
  std::vector<LoadMiner> miners_;
};

// Runs call(i, done) for each i below `count`, at most `window` of them at once; call() returns at once, and
// done() comes later, once, on any thread. Returns when all are done.
void RunWindowed(size_t count, size_t window,
                 const std::function<void(size_t index, std::function<void()> done)>& call);

}  // namespace prooflode::load
