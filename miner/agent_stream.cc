// The session's stream: opening it, what comes over it, and what is said on it.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "client/errors.h"
#include "miner/agent.h"
#include "miner/convert.h"

namespace prooflode::miner {

void Agent::Do(const action::Connect& connect) {
  v1::SessionRequest::Hello hello;
  hello.set_version(options_.version);
  hello.set_protocol_version(kProtocolVersion);
  hello.add_proof_systems(v1::PROOF_SYSTEM_GROTH16_BN254);
  hello.set_domain_size_max(options_.domain_size_max);
  hello.set_circuit_format_max(kCircuitFormatMax);
  if (connect.resume_after) {
    hello.set_resume_after_event(connect.resume_after->event);
    hello.set_resume_after_attempt(Bytes(connect.resume_after->attempt));
  }
  for (const std::string& name : options_.device_names) hello.add_devices(name);
  const uint64_t id = ++stream_id_;
  calls_.Run([this, id, hello, place_of = place_of_]() mutable {
    const StatusOr<transparency::LogKeys> log = connection_.Keys(kOneTry);
    if (!log.ok()) return Post([this, id, log] { OnStreamEnd(id, log.status()); });
    // Another coordinator's log has other events.
    if (!place_of || !log->Has(*place_of)) {
      hello.clear_resume_after_event();
      hello.clear_resume_after_attempt();
    }
    client::SessionStream::Callbacks callbacks;
    callbacks.on_message = [this, id](const v1::SessionResponse& message) {
      Post([this, id, message] { OnStream(id, [this, message] { OnMessage(message); }); });
    };
    callbacks.on_end = [this, id](const Status& status) {
      Post([this, id, status] { OnStream(id, [this, id, status] { OnStreamEnd(id, status); }); });
    };
    auto opened = std::make_shared<StatusOr<std::unique_ptr<client::SessionStream>>>(
        client::SessionStream::Open(connection_, hello, std::move(callbacks)));
    Post([this, id, opened, log = *log] {
      if (!opened->ok()) return OnStreamEnd(id, opened->status());
      if (id != stream_id_) return;  // given up meanwhile: dropping it closes it
      if (!place_of_ || !log.Has(*place_of_)) session_.RestorePlace(std::nullopt);
      coordinator_ = log.current().key;
      stream_ = *std::move(*opened);
      Feed(event::Connected{});
      for (const auto& closure : std::exchange(early_, {})) OnStream(id, closure);
    });
  });
}

void Agent::Do(const action::KeepPlace& keep) {
  place_of_ = coordinator_;
  if (const Status kept = journal_.PutPlace(coordinator_, keep.place); !kept.ok()) {
    LogWarning("miner", "journal: %s; after a crash some results may not be told", kept.ToString());
  }
}

void Agent::OnStream(uint64_t stream, std::function<void()> closure) {
  if (stream != stream_id_) return;
  if (!stream_) return early_.push_back(std::move(closure));
  closure();
}

void Agent::OnMessage(const v1::SessionResponse& message) {
  StatusOr<Event> event = ToEvent(message);
  if (!event.ok()) {
    LogWarning("net", "the coordinator sent nonsense: %s", std::string(event.status().message()));
    return;
  }
  if (auto* offer = std::get_if<event::Offer>(&*event)) {
    reporter_.Offered();
    offer->job.key_here = cache_.Has(offer->job.zkey);
  }
  if (message.has_welcome()) {
    if (const auto market = connection_.Market(kOneTry); market.ok()) {
      const uint32_t decimals = std::min<uint32_t>(market->asset().decimals(), 19);
      reporter_.Connected(market->market(), {market->asset().name(), decimals},
                          Micros{message.welcome().time_us()} - clock_.MonotonicNow());
    }
  }
  Feed(*event);
}

void Agent::OnStreamEnd(uint64_t stream, const Status& status) {
  if (stream != stream_id_) return;
  ++stream_id_;
  early_.clear();
  // Destroying it waits for gRPC, which has nothing left to do by now.
  stream_.reset();
  const bool stale_login = absl::IsUnauthenticated(status) && !client::IsLoginFailure(status);
  if (stale_login) {
    Log(LogLevel::kDebug, "net", "the coordinator knows our login no more: " + std::string(status.message()));
  } else {
    reporter_.Disconnected(status.ok() ? "the coordinator ended the session" : std::string(status.message()),
                           client::IsHopeless(status));
  }
  const bool replaced = status.code() == absl::StatusCode::kAborted;
  if (replaced) {
    LogError(
        "miner",
        "another miner uses the key of this one and took over its session; give every miner a key of its "
        "own. Connecting again in %d s",
        Count(options_.session.replaced_pause) / 1'000'000);
  }
  Feed(event::Disconnected{.replaced = replaced, .stale_login = stale_login});
}

void Agent::Do(const action::Disconnect& disconnect) {
  if (stream_) stream_->Cancel();
  OnStreamEnd(stream_id_, absl::UnavailableError(disconnect.why));
}

void Agent::Do(const action::SendCredit& credit) {
  if (stream_) stream_->GrantCredit(credit.offers);
}

void Agent::Do(const action::SendHeartbeat&) {
  if (stream_) stream_->SendHeartbeat(clock_.WallNow());
}

void Agent::Do(const action::SendDrain&) {
  if (stream_) stream_->Drain();
}

void Agent::Do(const action::Decline& decline) {
  if (stream_) stream_->Decline(Bytes(decline.job), FromReason(decline.reason));
}

}  // namespace prooflode::miner
