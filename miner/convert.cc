#include "miner/convert.h"

#include <algorithm>

namespace prooflode::miner {
namespace {

// Far above what a market allows; a wrong number must not become an allocation.
constexpr uint64_t kPublicInputsBytesMax = 4 << 20;
constexpr size_t kNameBytesMax = 64;
constexpr int kLiveAttemptsMax = 100'000;
constexpr int kDecilesMax = 100;
constexpr size_t kMirrorsMax = 4;
constexpr size_t kMirrorBytesMax = 512;
constexpr double kPlaceChanceMin = 1e-6;
constexpr int64_t kDrawWindowMax = 3'600'000'000;  // a day of sums of them does not wrap

static_assert(static_cast<int>(Reason::kVersion) == static_cast<int>(v1::Reason_MAX));
static_assert(static_cast<int>(AttemptState::kWon) == static_cast<int>(v1::ATTEMPT_STATE_WON));
static_assert(static_cast<int>(AttemptState::kJobEnded) == static_cast<int>(v1::ATTEMPT_STATE_JOB_ENDED));

template <size_t kSize>
Status Copy(const std::string& bytes, const char* field, std::array<uint8_t, kSize>& out) {
  if (bytes.size() != kSize) {
    return absl::DataLossError(absl::StrCat(field, ": ", bytes.size(), " bytes, want ", kSize));
  }
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return absl::OkStatus();
}

StatusOr<OfferedJob> ToJob(const v1::SessionResponse::Offer& offer) {
  const v1::Job& job = offer.job();
  const v1::Circuit& circuit = offer.circuit();
  OfferedJob out;
  PL_RETURN_IF_ERROR(Copy(job.job_id(), "Offer.job.job_id", out.id));
  PL_RETURN_IF_ERROR(Copy(job.circuit_id(), "Offer.job.circuit_id", out.circuit));
  PL_RETURN_IF_ERROR(Copy(job.witness_digest(), "Offer.job.witness_digest", out.witness));
  PL_RETURN_IF_ERROR(Copy(circuit.zkey_digest(), "Offer.circuit.zkey_digest", out.zkey));
  if (circuit.circuit_id() != job.circuit_id()) {
    return absl::DataLossError("Offer: job and circuit have different circuit ids");
  }
  if (job.public_inputs().size() > kPublicInputsBytesMax || job.public_inputs().size() % 32 != 0) {
    return absl::DataLossError(absl::StrCat("Offer.job.public_inputs: ", job.public_inputs().size(),
                                            " bytes, want a multiple of 32"));
  }
  out.public_inputs = job.public_inputs();
  // Names are for display; what a terminal would act on is left out.
  for (const char c : circuit.name().substr(0, kNameBytesMax))
    out.circuit_name += c > ' ' && c < 127 ? c : '?';
  out.supported = circuit.proof_system() == v1::PROOF_SYSTEM_GROTH16_BN254;
  out.insecure_setup = circuit.insecure_setup();
  out.domain_size = circuit.domain_size();
  out.work_units = circuit.work_units();
  out.zkey_bytes = circuit.zkey_bytes();
  // A convenience: what is more or longer than a coordinator of today takes is left out.
  for (const std::string& url : circuit.mirrors()) {
    if (out.mirrors.size() < kMirrorsMax && url.size() <= kMirrorBytesMax) out.mirrors.push_back(url);
  }
  out.witness_bytes = job.witness_bytes();
  out.reward = Amount{job.reward_units()};
  out.collateral = Amount{job.collateral_units()};
  out.deadline_at = Micros{job.deadline_at_us()};
  if (job.policy().has_lease()) out.lease = Micros{job.policy().lease().lease_us()};
  out.hedged = job.policy().lease().hedged();
  const v1::Estimate& estimate = offer.estimate();
  out.racers = estimate.racers();
  out.width = job.policy().race().width();
  out.rivals = estimate.rivals();
  if (estimate.decile_us_size() > kDecilesMax)
    return absl::DataLossError("Offer.estimate.decile_us: too many");
  for (const int64_t us : estimate.decile_us()) out.deciles.push_back(Micros{us});
  std::sort(out.deciles.begin(), out.deciles.end());  // the odds rely on it
  out.told_predicted = Micros{estimate.predicted_us()};
  out.told_chance = std::clamp(estimate.win_chance(), 0.0, 1.0);
  // Absent is 1: a coordinator that draws never gives a chance of nothing.
  const bool drawn = estimate.draw_window_us() > 0;
  out.place_chance = drawn ? std::clamp(estimate.place_chance(), kPlaceChanceMin, 1.0) : 1.0;
  out.draw_window = Micros{std::clamp<int64_t>(estimate.draw_window_us(), 0, kDrawWindowMax)};
  out.format = std::max(1u, circuit.format());
  return out;
}

}  // namespace

Reason ToReason(v1::Reason reason) {
  return v1::Reason_IsValid(reason) ? static_cast<Reason>(reason) : Reason::kUnspecified;
}

v1::Reason FromReason(Reason reason) { return static_cast<v1::Reason>(reason); }

StatusOr<AttemptRef> ToAttempt(const v1::Attempt& attempt) {
  AttemptRef out;
  PL_RETURN_IF_ERROR(Copy(attempt.attempt_id(), "Attempt.attempt_id", out.id));
  PL_RETURN_IF_ERROR(Copy(attempt.job_id(), "Attempt.job_id", out.job));
  out.fence = attempt.fence();
  const bool known =
      v1::AttemptState_IsValid(attempt.state()) && attempt.state() <= v1::ATTEMPT_STATE_JOB_ENDED;
  out.state = known ? static_cast<AttemptState>(attempt.state()) : AttemptState::kUnspecified;
  return out;
}

v1::Attempt FromAttempt(const AttemptRef& attempt) {
  v1::Attempt out;
  out.set_attempt_id(std::string(AsChars(attempt.id)));
  out.set_job_id(std::string(AsChars(attempt.job)));
  out.set_fence(attempt.fence);
  return out;
}

StatusOr<Event> ToEvent(const v1::SessionResponse& message) {
  switch (message.message_case()) {
    case v1::SessionResponse::kWelcome: {
      const auto& welcome = message.welcome();
      if (welcome.live_attempts_size() > kLiveAttemptsMax) {
        return absl::DataLossError("Welcome.live_attempts: too many");
      }
      if (welcome.candidacies_size() > kLiveAttemptsMax) {
        return absl::DataLossError("Welcome.candidacies: too many");
      }
      event::Welcome out{
          Micros{welcome.time_us()}, Micros{welcome.heartbeat_interval_us()}, {}, welcome.as_of_event(), {}};
      for (const std::string& job : welcome.candidacies()) {
        PL_RETURN_IF_ERROR(Copy(job, "Welcome.candidacies", out.candidacies.emplace_back()));
      }
      for (const v1::Attempt& attempt : welcome.live_attempts()) {
        PL_ASSIGN_OR_RETURN(AttemptRef ref, ToAttempt(attempt));
        out.live.push_back(ref);
      }
      return out;
    }
    case v1::SessionResponse::kOffer: {
      PL_ASSIGN_OR_RETURN(OfferedJob job, ToJob(message.offer()));
      return event::Offer{message.event(), std::move(job)};
    }
    case v1::SessionResponse::kAttemptEnded: {
      const auto& ended = message.attempt_ended();
      PL_ASSIGN_OR_RETURN(const AttemptRef attempt, ToAttempt(ended.attempt()));
      event::AttemptEnded out{message.event(), attempt, ToReason(ended.attempt().reason()),
                              Amount{ended.paid_units()}, std::nullopt};
      if (ended.has_margin_us()) out.margin = Micros{std::max<int64_t>(ended.margin_us(), 0)};
      return out;
    }
    case v1::SessionResponse::kOfferWithdrawn: {
      event::OfferWithdrawn out{.event = message.event(),
                                .reason = ToReason(message.offer_withdrawn().reason())};
      PL_RETURN_IF_ERROR(Copy(message.offer_withdrawn().job_id(), "OfferWithdrawn.job_id", out.job));
      return out;
    }
    case v1::SessionResponse::kAdmitted: {
      PL_ASSIGN_OR_RETURN(const AttemptRef attempt, ToAttempt(message.admitted().attempt()));
      return event::Admitted{message.event(), attempt};
    }
    case v1::SessionResponse::kNotDrawn: {
      event::NotDrawn out{.event = message.event(), .reason = ToReason(message.not_drawn().reason())};
      PL_RETURN_IF_ERROR(Copy(message.not_drawn().job_id(), "NotDrawn.job_id", out.job));
      return out;
    }
    case v1::SessionResponse::kDrain:
      return event::CoordinatorStops{Micros{message.drain().stops_at_us()}};
    case v1::SessionResponse::kHeartbeat:
      return event::HeartbeatSeen{};
    case v1::SessionResponse::MESSAGE_NOT_SET:
      break;
  }
  // A newer coordinator's message that this version does not know: it shows that the coordinator lives.
  return event::HeartbeatSeen{};
}

}  // namespace prooflode::miner
