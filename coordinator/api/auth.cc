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
    if (IsBlocked(address, now)) {
      return absl::ResourceExhaustedError("too many failed logins from this address; wait a minute");
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
    NoteFailure(address, now);
    if (!signed_well && ours) {
      return absl::UnauthenticatedError(
          "CompleteLoginRequest.signature: not of public_key over coordinator key, market, nonce and role");
    }
    return absl::UnauthenticatedError(
        "CompleteLoginRequest.nonce: not from BeginLogin with this key and role within the last minute, or "
        "used");
  }
  if (used_nonces_.size() >= kUsedNoncesMax || grants_.size() >= options_.tokens_max) {
    return absl::ResourceExhaustedError("too many logins; try again later");
  }
  used_nonces_[login.nonce] = Micros{LoadLe<int64_t>(login.nonce.data())};
  const auto& operators = options_.operator_keys;
  if (login.role == Role::kOperator &&
      std::find(operators.begin(), operators.end(), login.key) == operators.end()) {
    return absl::PermissionDeniedError(
        absl::StrCat("CompleteLoginRequest.role: ", HexEncode(login.key), " is no operator of this market"));
  }
  std::array<uint8_t, 32> secret;
  random_.Fill(secret);
  Token token;
  token.text = HexEncode(secret);
  token.expires_at = clock_.WallNow() + options_.token_life;
  const Digest name = Sha256(AsBytes(token.text));
  grants_[name] = {{login.key, login.role}, now + options_.token_life};
  std::deque<Digest>& tokens = tokens_of_[login.key];
  tokens.push_back(name);
  if (tokens.size() > options_.tokens_per_key_max) {
    grants_.erase(tokens.front());
    tokens.pop_front();
  }
  return token;
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
  const auto it = failures_.find(address);
  return it != failures_.end() && now - it->second.since < kMinute &&
         it->second.count >= options_.failures_per_minute_max;
}

void Authenticator::NoteFailure(const std::string& address, Micros now) {
  if (IsLocal(address)) return;
  if (!failures_.contains(address) && failures_.size() >= kAddressesMax) return;
  Failures& failures = failures_[address];
  if (now - failures.since >= kMinute) failures = {now, 0};
  ++failures.count;
}

void Authenticator::DropExpired(Micros now) {
  if (now - cleaned_at_ < Seconds(10)) return;
  cleaned_at_ = now;
  std::erase_if(used_nonces_, [&](const auto& entry) { return entry.second <= now; });
  std::erase_if(failures_, [&](const auto& entry) { return now - entry.second.since >= kMinute; });
  std::erase_if(grants_, [&](const auto& entry) { return entry.second.ends <= now; });
  for (auto it = tokens_of_.begin(); it != tokens_of_.end();) {
    std::erase_if(it->second,
                  [&](const Digest& name) PL_REQUIRES(mutex_) { return !grants_.contains(name); });
    it = it->second.empty() ? tokens_of_.erase(it) : std::next(it);
  }
}

}  // namespace prooflode::api
