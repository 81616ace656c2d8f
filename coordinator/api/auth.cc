#include "coordinator/api/auth.h"

#include <algorithm>
#include <cstring>

#include "transparency/signing.h"

namespace prooflode::api {
namespace {

constexpr size_t kUsedNoncesMax = 100'000;
constexpr size_t kAddressesMax = 10'000;
constexpr Micros kMinute = Seconds(60);

// A nonce: end of life (8 bytes, monotonic microseconds), 8 random bytes, keyed hash (16 bytes).
constexpr size_t kNonceHead = 16;

bool IsLocal(std::string_view address) {
  return address.starts_with("127.") || address == "[::1]" || address == "::1" || address.empty();
}

}  // namespace

Authenticator::Authenticator(const AuthOptions& options, Clock& clock, Random& random)
    : options_(options), clock_(clock), random_(random) {
  random_.Fill(nonce_secret_);
}

std::array<uint8_t, 16> Authenticator::NonceTag(const PublicKey& key, Role role, ByteSpan head) const {
  // Secret and message have fixed lengths and the hash is cut, so a plain keyed SHA-256 is a MAC here.
  Sha256Stream hash;
  hash.Update(nonce_secret_);
  hash.Update(AsBytes("prooflode login nonce"));
  hash.Update(key);
  const uint8_t role_byte = static_cast<uint8_t>(role);
  hash.Update({&role_byte, 1});
  hash.Update(head);
  const Digest digest = hash.Finish();
  std::array<uint8_t, 16> tag;
  std::copy_n(digest.begin(), tag.size(), tag.begin());
  return tag;
}

Digest Authenticator::BeginLogin(const PublicKey& key, Role role) {
  Digest nonce{};
  random_.Fill({nonce.data() + 8, 8});
  StoreLe(nonce.data(), Count(clock_.MonotonicNow() + options_.nonce_life));
  const auto tag = NonceTag(key, role, {nonce.data(), kNonceHead});
  std::copy(tag.begin(), tag.end(), nonce.begin() + kNonceHead);
  return nonce;
}

bool Authenticator::IsOurs(const Login& login, Micros now) const {
  const auto tag = NonceTag(login.key, login.role, {login.nonce.data(), kNonceHead});
  uint8_t difference = 0;
  for (size_t i = 0; i < tag.size(); ++i)
    difference = static_cast<uint8_t>(difference | (tag[i] ^ login.nonce[kNonceHead + i]));
  return difference == 0 && now < Micros{LoadLe<int64_t>(login.nonce.data())};
}

StatusOr<Authenticator::Token> Authenticator::CompleteLogin(const Login& login,
                                                            std::string_view address_view) {
  const std::string address(address_view);
  const Micros now = clock_.MonotonicNow();
  {
    MutexLock lock(mutex_);
    if (!IsOperator(login.key) && IsBlocked(address, now)) {
      return absl::ResourceExhaustedError("too many logins from this address; wait a minute");
    }
  }
  const std::string message = transparency::LoginMessage(
      {options_.coordinator_key, options_.market, login.nonce, static_cast<uint8_t>(login.role)});
  const bool ours = IsOurs(login, now);
  const bool signed_well =
      ours && VerifySignature(login.key, transparency::kLoginDomain, AsBytes(message), login.signature);
  MutexLock lock(mutex_);
  DropExpired(now);
  if (!signed_well || used_nonces_.contains(login.nonce)) {
    if (Attempts* attempts = AttemptsOf(address, now)) ++attempts->failures;
    if (!signed_well && ours) {
      return absl::UnauthenticatedError(
          "CompleteLoginRequest.signature: not of public_key over coordinator key, market, nonce and role");
    }
    return absl::UnauthenticatedError(
        "CompleteLoginRequest.nonce: not from BeginLogin with this key and role within the last minute, or "
        "used");
  }
  if (used_nonces_.size() >= kUsedNoncesMax && !IsOperator(login.key)) {
    return absl::ResourceExhaustedError("too many logins; try again later");
  }
  used_nonces_[login.nonce] = Micros{LoadLe<int64_t>(login.nonce.data())};
  if (Attempts* attempts = AttemptsOf(address, now)) ++attempts->logins;
  if (login.role == Role::kOperator && !IsOperator(login.key)) {
    return absl::PermissionDeniedError(
        absl::StrCat("CompleteLoginRequest.role: ", HexEncode(login.key), " is no operator of this market"));
  }
  std::array<uint8_t, 32> secret;
  random_.Fill(secret);
  Token token;
  token.text = HexEncode(secret);
  token.expires_at = clock_.WallNow() + options_.token_life;
  Give(Sha256(AsBytes(token.text)), login, now);
  return token;
}

void Authenticator::Give(const Digest& name, const Login& login, Micros now) {
  Grant& grant = grants_[name];
  grant = {{login.key, login.role}, now + options_.token_life};
  if (!IsOperator(login.key)) {
    grant.place = next_place_++;
    by_age_[grant.place] = name;
  }
  const std::deque<Digest>& tokens = tokens_of_[login.key];
  tokens_of_[login.key].push_back(name);
  if (tokens.size() > options_.tokens_per_key_max) Revoke(Digest(tokens.front()));
  if (by_age_.size() > options_.tokens_max) Revoke(Digest(by_age_.begin()->second));
}

void Authenticator::Revoke(const Digest& name) {
  const auto grant = grants_.find(name);
  by_age_.erase(grant->second.place);
  const auto tokens = tokens_of_.find(grant->second.caller.identity);
  std::erase(tokens->second, name);
  if (tokens->second.empty()) tokens_of_.erase(tokens);
  grants_.erase(grant);
}

bool Authenticator::IsOperator(const PublicKey& key) const {
  const auto& operators = options_.operator_keys;
  return std::find(operators.begin(), operators.end(), key) != operators.end();
}

StatusOr<Caller> Authenticator::Authenticate(std::string_view token) {
  const Digest name = Sha256(AsBytes(token));
  const Micros now = clock_.MonotonicNow();
  MutexLock lock(mutex_);
  const auto it = grants_.find(name);
  if (it == grants_.end() || it->second.ends <= now) {
    return absl::UnauthenticatedError("authorization: token unknown or expired; log in again");
  }
  return it->second.caller;
}

bool Authenticator::IsBlocked(const std::string& address, Micros now) {
  if (IsLocal(address)) return false;
  const auto it = attempts_.find(address);
  return it != attempts_.end() && now - it->second.since < kMinute &&
         (it->second.failures >= options_.failures_per_minute_max ||
          it->second.logins >= options_.logins_per_minute_max);
}

Authenticator::Attempts* Authenticator::AttemptsOf(const std::string& address, Micros now) {
  if (IsLocal(address)) return nullptr;
  if (!attempts_.contains(address) && attempts_.size() >= kAddressesMax) return nullptr;
  Attempts& attempts = attempts_[address];
  if (now - attempts.since >= kMinute) attempts = {now};
  return &attempts;
}

void Authenticator::DropExpired(Micros now) {
  if (now - cleaned_at_ < Seconds(10)) return;
  cleaned_at_ = now;
  std::erase_if(used_nonces_, [&](const auto& entry) { return entry.second <= now; });
  std::erase_if(attempts_, [&](const auto& entry) { return now - entry.second.since >= kMinute; });
  std::vector<Digest> expired;
  for (const auto& [name, grant] : grants_) {
    if (grant.ends <= now) expired.push_back(name);
  }
  for (const Digest& name : expired) Revoke(name);
}

}  // namespace prooflode::api
