// The coordinator's gRPC server: all services, health checking and reflection on one port, hardened.
//
// No compression in either direction (a two-megabyte bomb would inflate to gigabytes), bounded messages,
// metadata and streams, keepalive with ping strikes, and no sharing of the port: a second coordinator on it
// fails to start.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <string>

#include "coordinator/api/environment.h"
#include "coordinator/api/tls_source.h"

namespace prooflode::api {

struct ServerOptions {
  std::string listen = "127.0.0.1:7300";  // HOST:PORT; port 0 takes a free one
  // TLS, version 1.2 or newer; with client authorities mutual. Called at the start and about once a second,
  // on a thread that may block. None: plaintext.
  TlsLoader tls;
  // A connection whose handshakes take longer is closed.
  Micros handshake_timeout = Seconds(20);
  // Allows plaintext beyond loopback, by name: tokens and witnesses then travel in the clear.
  bool insecure = false;
  AuthOptions auth;  // market and coordinator_key are filled in
  TransferLimits transfers;
  uint32_t circuits_per_owner_max = 1000;  // operators excepted
  size_t reads_per_identity_max = 64;      // that wait for the engine
  uint32_t begun_per_minute_max = 1200;    // posts, acceptances and withdrawals of one key
  FairWorkers::Limits circuit_checks{.threads = 1, .queued_max = 64, .queued_per_identity_max = 2};
  FairWorkers::Limits witness_checks{.threads = 1, .queued_max = 1024, .queued_per_identity_max = 128};
  FairWorkers::Limits lookups{.threads = 2, .queued_max = 4096, .queued_per_identity_max = 64};
};

// What the server works with; all must outlive it. The engine must be running until Shutdown has returned.
// `clock` and `random` must be thread-safe.
struct ServerParts {
  const market::Rules& rules;
  const MarketInfo& info;
  const SigningKey& key;
  engine::Engine& engine;
  const engine::Store& store;
  checkpoints::CheckpointPublisher& checkpoints;
  Broadcaster& broadcaster;
  ArtifactPort& artifacts;
  FileChecker& files;
  Clock& clock;
  Random& random;
  MetricFactory& metrics;
};

// kFailedPrecondition for plaintext at a public address, unless it is allowed by name.
Status CheckPlaintext(const std::string& listen, bool insecure);

class Server {
 public:
  // Loads the broadcaster from the engine, which must have been started. The loader's errors;
  // kInvalidArgument for TLS files that do not fit each other, kFailedPrecondition for plaintext on a public
  // address without `insecure`, kUnavailable when the address is taken.
  static StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options, const ServerParts& parts);
  ~Server();

  int port() const { return port_; }
  // From now on no job is offered and no offer accepted; miners are told that the coordinator stops at
  // `stops_at` of the market's time.
  void Drain(Micros stops_at);
  // Ends streams, waits for calls under way, then returns. Later calls do nothing.
  void Shutdown();

 private:
  struct Services;
  Server(const ServerOptions& options, const ServerParts& parts);
  Status Listen(const ServerOptions& options);
  // About once a second, on the dispatcher's thread.
  void Tick();

  const MarketInfo info_;
  Broadcaster& broadcaster_;
  Authenticator auth_;
  std::unique_ptr<TlsSource> tls_;  // none: plaintext
  std::atomic<bool> refreshing_{false};
  checkpoints::SeenCheckpoints seen_checkpoints_;
  TransferTable transfers_;
  ReadGate reads_;
  RateGate begun_;
  FairWorkers circuit_checks_;
  FairWorkers witness_checks_;
  FairWorkers lookups_;
  Workers disk_;  // its queue has room for every transfer, and for the TLS files
  Workers signatures_;
  Environment environment_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace prooflode::api
