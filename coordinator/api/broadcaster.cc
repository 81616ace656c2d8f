#include "coordinator/api/broadcaster.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "coordinator/api/convert.h"

namespace prooflode::api {
namespace {

constexpr Micros kLivenessInterval = Seconds(1);

}  // namespace

Broadcaster::Broadcaster(const SessionOptions& options, Clock& clock, Random& random, MetricFactory& metrics)
    : offers_(metrics),
      sessions_(options, clock, random, offers_, metrics),
      watchers_(metrics),
      clock_(clock),
      broadcast_seconds_(
          metrics.GetHistogram("prooflode_coordinator_broadcast_duration_seconds",
                               "From the publication of a batch to the last write to a stream because of it",
                               {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1})),
      dispatcher_(kLivenessInterval, [this] {
        const Micros now = clock_.MonotonicNow();
        if (now - checked_at_ < kLivenessInterval) return;
        checked_at_ = now;
        sessions_.CheckLiveness();
        watchers_.CheckLiveness(now);
        if (tick_) tick_();
      }) {
  dispatcher_.Start();
}

Broadcaster::Task Broadcaster::Opened(const market::Market& market, const market::Job& job) {
  return [this, job, racers = market.RacersOf(job.id), window = market.rules().draw_window] {
    const CircuitPtr circuit = circuits_.Find(job.circuit);
    if (circuit == nullptr) return;  // it opens with Load
    auto offer = std::make_shared<v1::SessionResponse>();
    ToProto(job, circuit.get(), offer->mutable_offer()->mutable_job());
    ToProto(*circuit, /*with_verification_key=*/false, offer->mutable_offer()->mutable_circuit());
    sessions_.JobOpened(
        {.id = job.id,
         .race = {job.circuit, circuit->domain_size, job.reward, market::Width(job.policy), racers, window},
         .proof_system = offer->offer().circuit().proof_system(),
         .circuit_format = offer->offer().circuit().format(),
         .offer = offer});
  };
}

std::optional<Estimator::Proof> Broadcaster::LearnedFrom(const market::Market& market,
                                                         const market::Attempt& ended) const {
  const bool good = ended.state == market::AttemptState::kWon || ended.state == market::AttemptState::kLost;
  if (!good || Count(ended.committed_at) == 0) return std::nullopt;
  const market::CircuitId circuit = market.FindJob(ended.job)->circuit;
  return Estimator::Proof{ended.miner, circuit, market.FindCircuit(circuit)->domain_size,
                          ended.committed_at - ended.admitted_at};
}

// Each attempt once, as it is now: within a batch one may have ended twice, or gone on with a late commit. In
// order of their places over the whole batch, since whoever is told of one is not told of those before it.
void Broadcaster::AddEnds(const market::Market& market, const std::vector<market::Effect>& effects,
                          std::vector<Task>& tasks) {
  std::set<market::EndPlace> places;
  for (const market::Effect& effect : effects) {
    const auto* ended = std::get_if<market::AttemptEnded>(&effect);
    if (ended == nullptr) continue;
    const market::Attempt& attempt = *market.FindAttempt(ended->attempt);
    if (!market::IsLive(attempt.state)) places.insert(market::PlaceOf(attempt));
  }
  for (const market::EndPlace& place : places) {
    const market::Attempt& attempt = *market.FindAttempt(place.attempt);
    tasks.push_back([this, end = EndOf(market, attempt), learned = LearnedFrom(market, attempt)] {
      if (learned) sessions_.estimator().Learn(*learned);
      sessions_.AttemptEnded(end);
    });
  }
}

void Broadcaster::Add(const market::Market& market, const market::Effect& effect, std::vector<Task>& tasks) {
  if (const auto* opened = std::get_if<market::JobOpened>(&effect)) {
    const market::Job* job = market.FindJob(opened->job);
    if (job->state == market::JobState::kOpen) tasks.push_back(Opened(market, *job));
  } else if (const auto* changed = std::get_if<market::JobChanged>(&effect)) {
    const market::Job* job = market.FindJob(changed->job);
    jobs_.Put(*job);
    if (job->state == market::JobState::kOpen) {
      tasks.push_back(
          [this, id = job->id, racers = market.RacersOf(job->id)] { sessions_.RacersChanged(id, racers); });
    }
    if (watch_count_.load() == 0) return;
    tasks.push_back([this, job = *job] {
      if (!watchers_.IsWatched(job.id)) return;
      v1::Job message;
      ToProto(job, circuits_.Find(job.circuit).get(), &message);
      watchers_.JobChanged(message);
    });
  } else if (const auto* full = std::get_if<market::RaceFull>(&effect)) {
    tasks.push_back([this, id = full->job] { sessions_.JobClosed(id, v1::REASON_RACE_FULL); });
  } else if (const auto* over = std::get_if<market::JobOver>(&effect)) {
    tasks.push_back([this, id = over->job] { sessions_.JobClosed(id, v1::REASON_JOB_CLOSED); });
    const market::Job& job = *market.FindJob(over->job);
    const bool open_race = market::Width(job.policy) == 0;
    // Told once of a job: at the delivery.
    if (open_race && Count(job.delivered_at) != 0) {
      tasks.push_back([this, circuit = job.circuit, racers = job.racer_count] {
        sessions_.estimator().LearnOpenRace(circuit, racers);
      });
    }
  } else if (const auto* drawn = std::get_if<market::Drawn>(&effect)) {
    tasks.push_back([this, drawn = *drawn, circuit = market.FindJob(drawn->job)->circuit] {
      sessions_.estimator().LearnDraw(drawn, circuit);
    });
  } else if (const auto* admitted = std::get_if<market::Admitted>(&effect)) {
    tasks.push_back(
        [this, attempt = *market.FindAttempt(admitted->attempt)] { sessions_.Admitted(attempt); });
  } else if (const auto* not_drawn = std::get_if<market::NotDrawn>(&effect)) {
    tasks.push_back([this, not_drawn = *not_drawn, lost = market.DrawsLost(not_drawn->miner)] {
      sessions_.NotDrawn(not_drawn, lost);
    });
  }
}

void Broadcaster::Publish(const market::Market& market, const std::vector<market::Effect>& effects) {
  std::vector<Task> tasks;
  AddEnds(market, effects, tasks);  // before offers: whoever's attempt ended may have the job again
  for (const market::Effect& effect : effects) Add(market, effect, tasks);
  if (tasks.empty()) return;
  dispatcher_.Post([this, published = clock_.MonotonicNow(), tasks = std::move(tasks)] {
    for (const Task& task : tasks) task();
    broadcast_seconds_.Observe(ToSeconds(clock_.MonotonicNow() - published));
  });
}

void Broadcaster::Load(const market::Market& market) {
  for (const auto& [id, circuit] : market.circuits()) circuits_.Put(circuit);
  std::vector<const market::Job*> open;
  std::vector<const market::Attempt*> ended;
  for (const auto& [id, job] : market.jobs()) {
    jobs_.Put(job);
    for (const market::Attempt* attempt : market.AttemptsOf(id)) {
      if (!market::IsLive(attempt->state) && Count(attempt->committed_at) != 0) ended.push_back(attempt);
    }
    if (job.state == market::JobState::kOpen && market.HasRoom(job)) open.push_back(&job);
  }
  std::sort(open.begin(), open.end(), [](const market::Job* a, const market::Job* b) {
    return std::pair(a->posted_at, a->id) < std::pair(b->posted_at, b->id);
  });
  // Older ones would be forgotten again.
  constexpr size_t kLearnedMax = 20'000;
  std::sort(ended.begin(), ended.end(), [](const market::Attempt* a, const market::Attempt* b) {
    return market::PlaceOf(*a) < market::PlaceOf(*b);
  });
  if (ended.size() > kLearnedMax) ended.erase(ended.begin(), ended.end() - kLearnedMax);
  for (const market::Attempt* attempt : ended) {
    const auto learned = LearnedFrom(market, *attempt);
    if (learned) dispatcher_.Post([this, learned] { sessions_.estimator().Learn(*learned); });
  }
  for (const market::Job* job : open) dispatcher_.Post(Opened(market, *job));
}

}  // namespace prooflode::api
