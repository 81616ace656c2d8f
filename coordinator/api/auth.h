// Who may come in: challenges, logins and tokens, without any network.
//
// A nonce needs no memory until it is used: it carries its own end of life and a keyed hash over (key, role),
// so a flood of BeginLogin costs nothing. Tokens are 32 random bytes, kept as SHA-256 with an expiry, and
// bounded a key and altogether. They do not survive a restart. Thread-safe.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/env.h"
#include "base/mutex.h"
#include "base/status.h"
#include "coordinator/market/types.h"

namespace prooflode::api {

// Values of prooflode.v1.Role.
enum class Role : uint8_t { kMiner = 1, kRequester = 2, kOperator = 3 };

struct Caller {
  market::Identity identity{};
  Role role = Role::kMiner;
};

struct AuthOptions {
  std::string market;
  PublicKey coordinator_key{};
  std::vector<PublicKey> operator_keys;
  Micros nonce_life = Seconds(60);
  Micros token_life = Seconds(12 * 3600);
  // Altogether and a key: the oldest gives way; operators' give way to their own alone.
  size_t tokens_max = 200'000;
  size_t tokens_per_key_max = 16;
  // Failed logins from one address within a minute before further ones are refused unread. Addresses of this
  // machine are exempt: a proxy in front speaks for everybody.
  uint32_t failures_per_minute_max = 20;
  // The same for good ones: a flood of fresh keys must not push everybody's tokens out.
  uint32_t logins_per_minute_max = 600;
};

class Authenticator {
 public:
  // `clock` and `random` must outlive it; `random` must be thread-safe.
  Authenticator(const AuthOptions& options, Clock& clock, Random& random);

  Digest BeginLogin(const PublicKey& key, Role role);

  struct Login {
    PublicKey key{};
    Role role = Role::kMiner;
    Digest nonce{};
    Signature signature{};
  };
  struct Token {
    std::string text;     // 64 hexadecimal digits
    Micros expires_at{};  // calendar time
  };
  // `address` is the caller's without port. kUnauthenticated for a nonce that is unknown, old, used, or for
  // another key or role, and for a bad signature; kPermissionDenied for a role that the key does not have;
  // kResourceExhausted when the address failed or logged in too often or there are too many logins. Operator
  // keys are never refused for what others do.
  StatusOr<Token> CompleteLogin(const Login& login, std::string_view address);

  // kUnauthenticated unless the token is one of ours and alive.
  StatusOr<Caller> Authenticate(std::string_view token);

 private:
  struct Grant {
    Caller caller;
    Micros ends{};       // monotonic
    uint64_t place = 0;  // in by_age_; 0 for an operator's, which are not there
  };
  struct Attempts {
    Micros since{};
    uint32_t failures = 0;
    uint32_t logins = 0;
  };

  std::array<uint8_t, 16> NonceTag(const PublicKey& key, Role role, ByteSpan head) const;
  bool IsOurs(const Login& login, Micros now) const;
  bool IsOperator(const PublicKey& key) const;
  bool IsBlocked(const std::string& address, Micros now) PL_REQUIRES(mutex_);
  // Nullptr for addresses that are not counted.
  Attempts* AttemptsOf(const std::string& address, Micros now) PL_REQUIRES(mutex_);
  void Give(const Digest& name, const Login& login, Micros now) PL_REQUIRES(mutex_);
  void Revoke(const Digest& name) PL_REQUIRES(mutex_);
  void DropExpired(Micros now) PL_REQUIRES(mutex_);

  const AuthOptions options_;
  Clock& clock_;
  Random& random_;
  std::array<uint8_t, 32> nonce_secret_{};
  Mutex mutex_;
  std::map<Digest, Micros> used_nonces_ PL_GUARDED_BY(mutex_);
  std::map<Digest, Grant> grants_ PL_GUARDED_BY(mutex_);  // by SHA-256 of the token
  std::map<market::Identity, std::deque<Digest>> tokens_of_ PL_GUARDED_BY(mutex_);
  std::map<uint64_t, Digest> by_age_ PL_GUARDED_BY(mutex_);  // names of tokens, oldest first
  uint64_t next_place_ PL_GUARDED_BY(mutex_) = 1;
  std::map<std::string, Attempts> attempts_ PL_GUARDED_BY(mutex_);
  Micros cleaned_at_ PL_GUARDED_BY(mutex_){};
};

}  // namespace prooflode::api
