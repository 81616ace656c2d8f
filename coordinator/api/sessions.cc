#include "coordinator/api/sessions.h"

#include <algorithm>
#include <utility>

#include "coordinator/api/convert.h"
#include "coordinator/api/validate.h"

namespace prooflode::api {
namespace {

constexpr size_t kReplayPage = 256;
// Behind every attempt of a leaf.
constexpr market::AttemptId kLastAttempt = [] {
  market::AttemptId id;
  id.bytes.fill(0xff);
  return id;
}();

// The last end that a miner has handled; nullopt for one that remembers nothing.
std::optional<market::EndPlace> ResumePlace(const v1::SessionRequest::Hello& hello) {
  if (!hello.has_resume_after_event()) return std::nullopt;
  const std::string& attempt = hello.resume_after_attempt();
  return market::EndPlace{hello.resume_after_event(),
                          attempt.empty() ? kLastAttempt : IdOf<market::AttemptId>(attempt)};
}

}  // namespace

EndedAttempt EndOf(const market::Market& market, const market::Attempt& attempt) {
  const bool won = attempt.state == market::AttemptState::kWon;
  EndedAttempt end{attempt, won ? market.FindJob(attempt.job)->reward : Amount{0}, market.MarginOf(attempt)};
  return end;
}

ReplayPage ReplayFor(const market::Market& market, const market::Identity& miner,
                     const market::EndPlace& after) {
  ReplayPage page;
  for (const market::Attempt* attempt : market.EndedOf(miner, after, kReplayPage)) {
    page.ended.push_back(EndOf(market, *attempt));
  }
  page.more = page.ended.size() == kReplayPage;
  return page;
}

Arrival ArrivalOf(const market::Market& market, const market::Identity& miner,
                  const v1::SessionRequest::Hello& hello, market::LeafIndex as_of) {
  Arrival arrival{.as_of = as_of};
  for (const market::Attempt* attempt : market.LiveAttemptsOf(miner)) arrival.live.push_back(*attempt);
  for (const market::Candidacy& candidacy : market.CandidaciesOf(miner)) {
    arrival.candidacies.push_back(candidacy.job);
  }
  arrival.draws_lost = market.DrawsLost(miner);
  if (const auto after = ResumePlace(hello)) arrival.missed = ReplayFor(market, miner, *after);
  return arrival;
}

SessionRegistry::SessionRegistry(const SessionOptions& options, Clock& clock, Random& random, OfferBook& book,
                                 MetricFactory& metrics)
    : options_(options),
      clock_(clock),
      random_(random),
      book_(book),
      metrics_(metrics),
      offers_sent_(metrics.GetCounter("prooflode_coordinator_offers_total", "Offers sent to miners")),
      started_at_(clock.MonotonicNow()) {
  // Every series exists from the first scrape on.
  for (const char* reason : {"closed", "replaced", "silent", "shutdown"}) Disconnects(reason);
  CountMiners();
}

Counter& SessionRegistry::Disconnects(const char* reason) {
  return metrics_.GetCounter("prooflode_coordinator_miner_disconnects_total", "Sessions of miners that ended",
                             {{"reason", reason}});
}

void SessionRegistry::CountMiners() {
  size_t idle = 0;
  size_t racing = 0;
  size_t draining = 0;
  for (const auto& [identity, session] : sessions_) {
    ++(session.draining ? draining : session.under_way.empty() ? idle : racing);
  }
  const auto show = [this](const char* state, size_t count) {
    metrics_
        .GetGauge("prooflode_coordinator_miners", "Miners with a session, counted once a second",
                  {{"state", state}})
        .Set(static_cast<double>(count));
  };
  show("idle", idle);
  show("racing", racing);
  show("draining", draining);
}

StatusOr<SessionRegistry::SessionId> SessionRegistry::Open(const market::Identity& identity,
                                                           const v1::SessionRequest::Hello& hello,
                                                           const Arrival& arrival,
                                                           std::shared_ptr<SessionWriter> writer) {
  if (const auto older = sessions_.find(identity); older != sessions_.end()) {
    older->second.writer->End(absl::AbortedError("a newer session of this key replaced this one"));
    sessions_.erase(older);
    Disconnects("replaced").Increment();
  }
  if (sessions_.size() >= options_.sessions_max) {
    return absl::ResourceExhaustedError(absl::StrCat("sessions: ", sessions_.size(), " is the limit"));
  }
  Session& session = sessions_[identity];
  session.id = next_id_++;
  session.writer = std::move(writer);
  session.hello = hello;
  session.heard_at = clock_.MonotonicNow();
  session.draws_lost = arrival.draws_lost;
  left_.erase(identity);

  v1::SessionResponse message;
  auto* welcome = message.mutable_welcome();
  welcome->set_time_us(Count(arrival.market_time));
  welcome->set_heartbeat_interval_us(Count(options_.heartbeat_interval));
  welcome->set_as_of_event(arrival.as_of);
  for (const market::Attempt& attempt : arrival.live) {
    ToProto(attempt, welcome->add_live_attempts());
    session.under_way.insert(attempt.job);
  }
  for (const market::JobId& job : arrival.candidacies) {
    welcome->add_candidacies(StringOf(job.bytes));
    session.under_way.insert(job);
  }
  session.writer->Write(std::move(message));
  session.told = ResumePlace(hello).value_or(market::EndPlace{arrival.as_of, kLastAttempt});
  TellMissed(session, arrival.missed);
  if (stops_at_) TellDrain(session);
  return session.id;
}

void SessionRegistry::TellMissed(Session& session, const ReplayPage& page) {
  for (const EndedAttempt& end : page.ended) Tell(session, end);
  session.catching_up = page.more;
  session.page_wanted = page.more && !session.writer->HasRoom();
  if (page.more && !session.page_wanted) session.writer->AskReplay(session.told);
}

void SessionRegistry::Replay(const market::Identity& identity, SessionId id, const ReplayPage& page) {
  const auto it = sessions_.find(identity);
  if (it != sessions_.end() && it->second.id == id) TellMissed(it->second, page);
}

SessionRegistry::Session* SessionRegistry::Find(const market::Identity& identity, SessionId id) {
  const auto it = sessions_.find(identity);
  if (it == sessions_.end() || it->second.id != id) return nullptr;
  it->second.heard_at = clock_.MonotonicNow();
  return &it->second;
}

void SessionRegistry::AddCredit(const market::Identity& identity, SessionId id, uint32_t offers) {
  Session* session = Find(identity, id);
  if (session == nullptr) return;
  session->credit = std::min(kCreditMax, session->credit + offers);
  OfferWhatIsOpen(identity, *session);
}

void SessionRegistry::RoomAgain(const market::Identity& identity, SessionId id) {
  Session* session = Find(identity, id);
  if (session == nullptr) return;
  if (std::exchange(session->page_wanted, false)) session->writer->AskReplay(session->told);
  OfferWhatIsOpen(identity, *session);
}

void SessionRegistry::Heartbeat(const market::Identity& identity, SessionId id, int64_t sent_at_us) {
  Session* session = Find(identity, id);
  if (session == nullptr) return;
  v1::SessionResponse message;
  message.mutable_heartbeat()->set_sent_at_us(sent_at_us);
  session->writer->Write(std::move(message));
}

void SessionRegistry::Drain(const market::Identity& identity, SessionId id) {
  if (Session* session = Find(identity, id)) session->draining = true;
}

void SessionRegistry::Declined(const market::Identity& identity, SessionId id, const market::JobId& job,
                               v1::Reason reason) {
  Session* session = Find(identity, id);
  // What is not on offer to it is not its to decline: each offer counts once.
  if (session != nullptr && session->outstanding.erase(job) > 0) book_.Declined(job, reason);
}

void SessionRegistry::RacersChanged(const market::JobId& job, uint32_t racers) {
  const auto place = places_.find(job);
  if (place != places_.end()) board_.at(place->second).race.racers = racers;
}

void SessionRegistry::TellDrain(Session& session) const {
  v1::SessionResponse message;
  message.mutable_drain()->set_stops_at_us(Count(*stops_at_));
  session.writer->Write(std::move(message));
}

void SessionRegistry::DrainAll(Micros stops_at) {
  stops_at_ = stops_at;
  for (auto& [identity, session] : sessions_) {
    session.outstanding.clear();  // they cannot be taken any more
    TellDrain(session);
  }
}

void SessionRegistry::Closed(const market::Identity& identity, SessionId id) {
  const auto it = sessions_.find(identity);
  if (it == sessions_.end() || it->second.id != id) return;
  Left(identity, it->second.heard_at);
  sessions_.erase(it);
  Disconnects("closed").Increment();
}

bool SessionRegistry::Fits(const Session& session, const OfferedJob& job) const {
  const auto& systems = session.hello.proof_systems();
  const uint32_t format_max = std::max(1u, session.hello.circuit_format_max());
  return job.race.domain_size <= session.hello.domain_size_max() && job.circuit_format <= format_max &&
         !session.under_way.contains(job.id) && !session.outstanding.contains(job.id) &&
         std::find(systems.begin(), systems.end(), job.proof_system) != systems.end();
}

void SessionRegistry::OfferWhatIsOpen(const market::Identity& identity, Session& session) {
  if (session.draining || stops_at_) return;
  for (auto it = board_.lower_bound(session.place); it != board_.end() && session.credit > 0; ++it) {
    if (!session.writer->HasRoom()) return;
    session.place = it->first + 1;
    if (!Fits(session, it->second)) continue;
    --session.credit;
    session.outstanding.insert(it->second.id);
    v1::SessionResponse offer = *it->second.offer;
    *offer.mutable_offer()->mutable_estimate() =
        estimator_.EstimateFor(identity, session.draws_lost, it->second.race);
    session.writer->Write(std::move(offer));
    offers_sent_.Increment();
    book_.Offered(it->second.id);
  }
}

void SessionRegistry::JobOpened(OfferedJob job) {
  const market::JobId id = job.id;
  // A job that opens again (an attempt was given back) is offered again, also to those who had it.
  if (const auto place = places_.find(id); place != places_.end()) board_.erase(place->second);
  places_[id] = next_place_;
  board_[next_place_++] = std::move(job);

  std::vector<Sessions::value_type*> order;
  for (auto& entry : sessions_) {
    if (entry.second.credit > 0) order.push_back(&entry);
  }
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random_.Below(i)]);
  for (Sessions::value_type* entry : order) OfferWhatIsOpen(entry->first, entry->second);
}

void SessionRegistry::JobClosed(const market::JobId& job, v1::Reason reason) {
  if (const auto place = places_.find(job); place != places_.end()) {
    board_.erase(place->second);
    places_.erase(place);
  }
  for (auto& [identity, session] : sessions_) {
    if (session.outstanding.erase(job) == 0) continue;
    v1::SessionResponse message;
    message.mutable_offer_withdrawn()->set_job_id(StringOf(job.bytes));
    message.mutable_offer_withdrawn()->set_reason(reason);
    session.writer->Write(std::move(message));
  }
}

void SessionRegistry::OfferTaken(const market::Identity& identity, const market::JobId& job) {
  const auto it = sessions_.find(identity);
  if (it == sessions_.end()) return;
  it->second.outstanding.erase(job);
  it->second.under_way.insert(job);
}

void SessionRegistry::OfferFree(const market::Identity& identity, const market::JobId& job) {
  const auto it = sessions_.find(identity);
  if (it != sessions_.end()) it->second.under_way.erase(job);
}

void SessionRegistry::Admitted(const market::Attempt& attempt) {
  const auto it = sessions_.find(attempt.miner);
  if (it == sessions_.end()) return;
  it->second.draws_lost = 0;
  // It may have ended since, in the same batch, and its end been told before.
  if (market::IsLive(attempt.state)) {
    it->second.under_way.insert(attempt.job);
  } else {
    it->second.under_way.erase(attempt.job);
  }
  v1::SessionResponse message;
  message.set_event(attempt.fence);
  ToProto(attempt, message.mutable_admitted()->mutable_attempt());
  it->second.writer->Write(std::move(message));
}

void SessionRegistry::NotDrawn(const market::NotDrawn& not_drawn, uint32_t draws_lost) {
  book_.Refused(not_drawn.job, static_cast<v1::Reason>(not_drawn.reason));
  const auto it = sessions_.find(not_drawn.miner);
  if (it == sessions_.end()) return;
  it->second.draws_lost = draws_lost;
  it->second.under_way.erase(not_drawn.job);
  v1::SessionResponse message;
  message.set_event(not_drawn.leaf);
  message.mutable_not_drawn()->set_job_id(StringOf(not_drawn.job.bytes));
  message.mutable_not_drawn()->set_reason(static_cast<v1::Reason>(not_drawn.reason));
  it->second.writer->Write(std::move(message));
}

void SessionRegistry::Left(const market::Identity& identity, Micros heard_at) {
  constexpr size_t kForgetAbove = 10'000;
  left_[identity] = heard_at;
  if (left_.size() <= kForgetAbove) return;
  const Micros long_ago = clock_.MonotonicNow() - Seconds(3600);
  std::erase_if(left_, [long_ago](const auto& entry) { return entry.second < long_ago; });
}

std::optional<std::set<market::Identity>> SessionRegistry::HeardWithin(Micros time) const {
  const Micros since = clock_.MonotonicNow() - time;
  if (started_at_ > since) return std::nullopt;
  std::set<market::Identity> heard;
  for (const auto& [identity, session] : sessions_) {
    if (session.heard_at > since) heard.insert(identity);
  }
  for (const auto& [identity, at] : left_) {
    if (at > since) heard.insert(identity);
  }
  return heard;
}

void SessionRegistry::Tell(Session& session, const EndedAttempt& end) {
  const market::EndPlace place = market::PlaceOf(end.attempt);
  if (place <= session.told) return;
  session.told = place;
  v1::SessionResponse message;
  message.set_event(place.leaf);
  auto* ended = message.mutable_attempt_ended();
  ToProto(end.attempt, ended->mutable_attempt());
  ended->set_paid_units(Count(end.paid));
  if (end.margin) ended->set_margin_us(Count(*end.margin));
  session.writer->Write(std::move(message));
}

void SessionRegistry::AttemptEnded(const EndedAttempt& end) {
  const auto it = sessions_.find(end.attempt.miner);
  if (it == sessions_.end()) return;
  it->second.under_way.erase(end.attempt.job);
  if (!it->second.catching_up) Tell(it->second, end);
}

void SessionRegistry::CheckLiveness() {
  const Micros now = clock_.MonotonicNow();
  const Micros patience{4 * Count(options_.heartbeat_interval)};
  for (auto it = sessions_.begin(); it != sessions_.end();) {
    if (now - it->second.heard_at < patience) {
      ++it;
      continue;
    }
    it->second.writer->End(absl::DeadlineExceededError("nothing heard for four heartbeats"));
    Left(it->first, it->second.heard_at);
    it = sessions_.erase(it);
    Disconnects("silent").Increment();
  }
  CountMiners();
}

void SessionRegistry::EndAll(const Status& status) {
  for (auto& [identity, session] : sessions_) session.writer->End(status);
  Disconnects("shutdown").Increment(static_cast<double>(sessions_.size()));
  sessions_.clear();
  CountMiners();
}

}  // namespace prooflode::api
