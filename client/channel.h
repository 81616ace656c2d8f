// How the way to a coordinator is secured: TLS, and channels with the limits and keepalive that prooflode
// wants.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>

#include "base/env.h"
#include "base/status.h"
#include "client/url.h"

namespace prooflode::client {

// Told of every unary call that ended: its method's last name ("CommitProof"), gRPC's name of its code ("OK",
// "UNAVAILABLE"), and how long it took. Called on any thread; must not block.
using CallObserver = std::function<void(std::string_view method, std::string_view code, Micros duration)>;

struct ChannelOptions {
  std::string url;
  std::string ca_pem;           // roots to trust instead of the system's; https only
  std::string client_cert_pem;  // for coordinators that ask for one (mTLS)
  std::string client_key_pem;
  // Allows http to other machines. Tokens and witnesses then travel in the clear.
  bool insecure = false;
  CallObserver observer;   // may be empty
  Clock* clock = nullptr;  // of the observer's durations; outlives the channel
};

// gRPC looks at a channel's connection attempts while a call waits for it, and otherwise every five seconds:
// a coordinator that came back between two tries would be noticed that late. This makes it a tenth of a
// second. For main(), before anything else: sets an environment variable of gRPC's, unless the user has.
void NoticeConnectionsSoon();

// Does not connect yet. kInvalidArgument for a bad URL, kFailedPrecondition for http to another machine
// without `insecure`.
StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options);

}  // namespace prooflode::client
