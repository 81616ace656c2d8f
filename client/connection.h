// A logged-in connection to one coordinator: login and re-login, deadlines, retries with the same request.
//
// Every call has a deadline and is retried on UNAVAILABLE, RESOURCE_EXHAUSTED and a passed deadline: requests
// that change something carry a request id, so a repeat gets the first answer. UNAUTHENTICATED (tokens do not
// survive a restart of the coordinator) logs in again. Thread-safe; calls block.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "base/backoff.h"
#include "base/crypto.h"
#include "base/env.h"
#include "base/mutex.h"
#include "base/thread_pool.h"
#include "client/channel.h"
#include "client/errors.h"
#include "prooflode/v1/auth_service.grpc.pb.h"
#include "transparency/log_keys.h"

namespace prooflode::client {

struct ConnectionOptions {
  ChannelOptions channel;
  v1::Role role = v1::ROLE_REQUESTER;
  // Refuses every coordinator whose log this key has never signed: it is the coordinator's, or leads to it by
  // handovers that the keys between have signed. Without it the coordinator is the one that the TLS
  // certificate names.
  std::optional<PublicKey> coordinator_key;
  Micros call_timeout = Seconds(10);
  // No retry begins later than this after the call, or after its last progress where it makes some; zero for
  // no retries, negative for no end.
  Micros retry_for = Seconds(60);
  BackoffOptions backoff;
};

// What differs for one call.
struct CallOptions {
  std::optional<Micros> timeout;  // of one try; the connection's otherwise
  std::optional<Micros> retry_for;
  const CancelToken* cancel = nullptr;  // looked at between tries
};

// When a call that takes long last got on, told by whoever makes it: retries are counted from there.
class CallProgress {
 public:
  void Note(Clock& clock) { at_ = clock.MonotonicNow(); }
  std::optional<Micros> at() const { return at_; }

 private:
  std::optional<Micros> at_;
};

class Connection {
 public:
  // No network yet. `key`, `clock` and `random` must outlive the connection; `random` is used under a lock.
  static StatusOr<std::unique_ptr<Connection>> Create(const ConnectionOptions& options, const SigningKey& key,
                                                      Clock& clock, Random& random);

  // What the market is, as the last login has it. kPermissionDenied when the coordinator's key is not, and
  // does not follow, the pinned one or that of the login before.
  StatusOr<v1::GetMarketResponse> Market(const CallOptions& call = {});
  // The keys of its log. One that signed an answer is among those that are asked for after the answer.
  StatusOr<transparency::LogKeys> Keys(const CallOptions& call = {});

  // Runs `once` until it succeeds, is refused or retrying ends. `once` gets a context with deadline and token
  // and makes one unary or streaming call with it. An error of a try whose answer was lost is marked with
  // MarkOutcomeUnknown. `progress` is what `once` notes in.
  Status Run(absl::FunctionRef<grpc::Status(grpc::ClientContext&)> once, const CallOptions& call = {},
             const CallProgress* progress = nullptr);

  // Token, deadline (none when `timeout` is nullopt) and metadata on a context of the caller's own, for
  // streams. Logs in if need be, without retries.
  Status Prepare(grpc::ClientContext& context, std::optional<Micros> timeout);
  // Call when a stream has ended: the next Prepare logs in again.
  void ForgetToken();
  // Whether there is a connection; tries to make one in the background. Does not block.
  bool IsReachable() const { return channel_->GetState(/*try_to_connect=*/true) == GRPC_CHANNEL_READY; }

  // 16 random bytes.
  std::string NewRequestId();
  // Waits before the next try, as long as `backoff` says, and hardly longer once the channel is connected;
  // false when `cancel` was set meanwhile.
  bool Wait(Backoff& backoff, const CancelToken* cancel);
  Backoff NewBackoff() const { return Backoff(options_.backoff); }

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  const SigningKey& key() const { return key_; }
  Clock& clock() const { return clock_; }
  const ConnectionOptions& options() const { return options_; }

 private:
  class LockedRandom final : public Random {
   public:
    explicit LockedRandom(Random& random) : random_(random) {}
    void Fill(std::span<uint8_t> out) override {
      MutexLock lock(mutex_);
      random_.Fill(out);
    }

   private:
    Mutex mutex_;
    Random& random_;
  };

  Connection(const ConnectionOptions& options, std::shared_ptr<grpc::Channel> channel, const SigningKey& key,
             Clock& clock, Random& random);
  bool IsReady() const { return channel_->GetState(/*try_to_connect=*/false) == GRPC_CHANNEL_READY; }
  StatusOr<std::string> Token();
  StatusOr<std::string> LogIn();
  struct KnownMarket {
    v1::GetMarketResponse about;
    transparency::LogKeys keys;
  };
  StatusOr<KnownMarket> FetchMarket();
  StatusOr<KnownMarket> Known(const CallOptions& call);
  void SetDeadline(grpc::ClientContext& context, Micros timeout) const;

  const ConnectionOptions options_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::AuthService::Stub> auth_;
  const SigningKey& key_;
  Clock& clock_;
  LockedRandom random_;
  Mutex login_mutex_;  // held during a login, so that many callers make one
  std::string token_ PL_GUARDED_BY(login_mutex_);
  std::optional<KnownMarket> market_ PL_GUARDED_BY(login_mutex_);
};

}  // namespace prooflode::client
