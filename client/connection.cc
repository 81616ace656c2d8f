#include "client/connection.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "client/market_keys.h"
#include "transparency/signing.h"

namespace prooflode::client {
namespace {

// Tries whose request may have been carried out although no answer came.
bool AnswerLost(absl::StatusCode code) {
  return code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kDeadlineExceeded ||
         code == absl::StatusCode::kCancelled || code == absl::StatusCode::kUnknown ||
         code == absl::StatusCode::kInternal;
}

bool WorthRetrying(absl::StatusCode code) {
  return code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kResourceExhausted ||
         code == absl::StatusCode::kDeadlineExceeded;
}

}  // namespace

StatusOr<std::unique_ptr<Connection>> Connection::Create(const ConnectionOptions& options,
                                                         const SigningKey& key, Clock& clock,
                                                         Random& random) {
  PL_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, MakeChannel(options.channel));
  return std::unique_ptr<Connection>(new Connection(options, std::move(channel), key, clock, random));
}

Connection::Connection(const ConnectionOptions& options, std::shared_ptr<grpc::Channel> channel,
                       const SigningKey& key, Clock& clock, Random& random)
    : options_(options),
      channel_(std::move(channel)),
      auth_(v1::AuthService::NewStub(channel_)),
      key_(key),
      clock_(clock),
      random_(random) {}

void Connection::SetDeadline(grpc::ClientContext& context, Micros timeout) const {
  // gRPC counts deadlines on the system's clock itself; only the duration comes from us.
  context.set_deadline(
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_micros(Count(timeout), GPR_TIMESPAN)));
}

StatusOr<Connection::KnownMarket> Connection::FetchMarket() {
  grpc::ClientContext context;
  SetDeadline(context, options_.call_timeout);
  v1::GetMarketResponse about;
  PL_RETURN_IF_ERROR(FromGrpc(auth_->GetMarket(&context, v1::GetMarketRequest(), &about), context));
  PL_ASSIGN_OR_RETURN(transparency::LogKeys keys, KeysOf(about));
  if (options_.coordinator_key && !keys.Has(*options_.coordinator_key)) {
    return absl::PermissionDeniedError(
        absl::StrCat("coordinator at ", options_.channel.url, " has key ", HexEncode(keys.current().key),
                     ", want the pinned ", HexEncode(*options_.coordinator_key), " or one that follows it"));
  }
  return KnownMarket{std::move(about), std::move(keys)};
}

StatusOr<std::string> Connection::LogIn() {
  // Asked anew at every login: a coordinator that was replaced by another must not get a signature for the
  // first.
  PL_ASSIGN_OR_RETURN(KnownMarket market, FetchMarket());
  if (market_ && !market.keys.Has(market_->keys.current().key)) {
    return absl::PermissionDeniedError(
        absl::StrCat("coordinator at ", options_.channel.url, " changed its key from ",
                     HexEncode(market_->keys.current().key), " to ", HexEncode(market.keys.current().key),
                     ", and no handover says so"));
  }
  market_ = std::move(market);

  v1::BeginLoginRequest begin;
  begin.set_public_key(std::string(AsChars(key_.public_key())));
  begin.set_role(options_.role);
  v1::BeginLoginResponse challenge;
  {
    grpc::ClientContext context;
    SetDeadline(context, options_.call_timeout);
    PL_RETURN_IF_ERROR(FromGrpc(auth_->BeginLogin(&context, begin, &challenge), context));
  }
  transparency::LoginStatement statement;
  if (challenge.nonce().size() != statement.nonce.size()) {
    return absl::DataLossError(
        absl::StrCat("BeginLoginResponse.nonce: ", challenge.nonce().size(), " bytes, want 32"));
  }
  statement.coordinator = market_->keys.current().key;
  std::memcpy(statement.nonce.data(), challenge.nonce().data(), statement.nonce.size());
  statement.market = market_->keys.market();
  statement.role = static_cast<uint8_t>(options_.role);
  v1::CompleteLoginRequest complete;
  complete.set_public_key(begin.public_key());
  complete.set_role(options_.role);
  complete.set_nonce(challenge.nonce());
  complete.set_signature(std::string(
      AsChars(key_.Sign(transparency::kLoginDomain, AsBytes(transparency::LoginMessage(statement))))));
  grpc::ClientContext context;
  SetDeadline(context, options_.call_timeout);
  v1::CompleteLoginResponse login;
  PL_RETURN_IF_ERROR(FromGrpc(auth_->CompleteLogin(&context, complete, &login), context));
  return login.token();
}

StatusOr<std::string> Connection::Token() {
  MutexLock lock(login_mutex_);
  if (token_.empty()) {
    StatusOr<std::string> token = LogIn();
    if (!token.ok()) return MarkLoginFailure(token.status());
    token_ = *std::move(token);
  }
  return token_;
}

void Connection::ForgetToken() {
  MutexLock lock(login_mutex_);
  token_.clear();
}

StatusOr<v1::GetMarketResponse> Connection::Market(const CallOptions& call) {
  PL_ASSIGN_OR_RETURN(KnownMarket market, Known(call));
  return std::move(market.about);
}

StatusOr<transparency::LogKeys> Connection::Keys(const CallOptions& call) {
  PL_ASSIGN_OR_RETURN(KnownMarket market, Known(call));
  return std::move(market.keys);
}

StatusOr<Connection::KnownMarket> Connection::Known(const CallOptions& call) {
  {
    MutexLock lock(login_mutex_);
    if (market_) return *market_;
  }
  // Any authenticated preparation learns it.
  PL_RETURN_IF_ERROR(Run([](grpc::ClientContext&) { return grpc::Status::OK; }, call));
  MutexLock lock(login_mutex_);
  return *market_;
}

Status Connection::Prepare(grpc::ClientContext& context, std::optional<Micros> timeout) {
  PL_ASSIGN_OR_RETURN(const std::string token, Token());
  context.AddMetadata("authorization", absl::StrCat("Bearer ", token));
  if (timeout) SetDeadline(context, *timeout);
  return absl::OkStatus();
}

Status Connection::Run(absl::FunctionRef<grpc::Status(grpc::ClientContext&)> once, const CallOptions& call,
                       const CallProgress* progress) {
  Micros counted_from = clock_.MonotonicNow();
  const Micros retry_for = call.retry_for.value_or(options_.retry_for);
  Backoff backoff = NewBackoff();
  bool answer_lost = false;
  int logins = 0;
  while (true) {
    grpc::ClientContext context;
    Status status = Prepare(context, call.timeout.value_or(options_.call_timeout));
    if (status.ok()) {
      status = FromGrpc(once(context), context);
      if (status.ok()) return status;
      if (status.code() == absl::StatusCode::kUnauthenticated && logins++ < 2) {
        ForgetToken();
        continue;
      }
      answer_lost = answer_lost || AnswerLost(status.code());
    }
    if (progress != nullptr && progress->at() > counted_from) {
      counted_from = *progress->at();
      backoff.Reset();
    }
    const bool more = WorthRetrying(status.code()) &&
                      (Count(retry_for) < 0 || clock_.MonotonicNow() - counted_from < retry_for);
    // A refusal is a definite answer even to a repeat: with the same request id it is the first one's.
    const bool unknown = answer_lost && (WorthRetrying(status.code()) || AnswerLost(status.code()));
    if (!more) return unknown ? MarkOutcomeUnknown(std::move(status)) : status;
    if (!Wait(backoff, call.cancel)) {
      Status cancelled = absl::CancelledError(absl::StrCat("cancelled; last error: ", status.message()));
      return unknown ? MarkOutcomeUnknown(std::move(cancelled)) : cancelled;
    }
  }
}

std::string Connection::NewRequestId() {
  std::string id(16, '\0');
  random_.Fill({reinterpret_cast<uint8_t*>(id.data()), id.size()});
  return id;
}

bool Connection::Wait(Backoff& backoff, const CancelToken* cancel) {
  Micros duration = backoff.Next(random_);
  bool ready = IsReady();
  // In slices, so that a cancelled miner does not wait for the end.
  while (Count(duration) > 0) {
    if (cancel != nullptr && cancel->cancelled()) return false;
    if (!ready && IsReady()) {
      // What it waited for is there; the crowd that waited with it still comes spread.
      ready = true;
      duration = std::min(duration, NewBackoff().Next(random_));
    }
    const Micros slice = std::min(duration, Millis(20));
    clock_.Sleep(slice);
    duration = duration - slice;
  }
  return cancel == nullptr || !cancel->cancelled();
}

}  // namespace prooflode::client
