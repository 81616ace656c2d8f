#include "tests/sim/economics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numbers>
#include <optional>
#include <queue>
#include <utility>

#include "base/check.h"
#include "base/sim/sim_env.h"
#include "coordinator/market/market.h"

namespace prooflode::sim {
namespace {

constexpr Micros kWarmUp = Seconds(600);
constexpr Micros kVerification = Millis(5);
constexpr Micros kOwnTime = Seconds(240);  // of leases and places: enough for the slowest
constexpr Micros kTimeLimit = Seconds(3600);
constexpr size_t kOpenJobs = 3;  // with room for somebody, at any time: there is always work

// What is counted after the warm-up.
struct Tally {
  std::vector<double> latencies_s;
  std::vector<uint64_t> wins;
  std::vector<double> speeds;
  double useful_s = 0;
  double spent_s = 0;
};

class Economy {
 public:
  Economy(const market::Policy& policy, const EconomyOptions& options, uint64_t seed)
      : options_(options), policy_(policy), random_(seed), market_(RulesOf(options)) {
    circuit_.id[0] = 1;
    circuit_.name = "c";
    Apply(kRequester, market::RegisterCircuit{circuit_});
    Apply({}, market::Deposit{kRequester, Amount{uint64_t{1} << 61}, "start"});
    for (uint32_t i = 0; i < options.miners; ++i) {
      Miner miner;
      StoreLe<uint32_t>(miner.key.data(), i + 1);
      miner.key[31] = 2;
      miner.speed = std::exp(options.sigma * Normal());
      const auto span = static_cast<double>(Count(options.latency_max - options.latency_min));
      miner.latency = options.latency_min + Micros{static_cast<int64_t>(span * Uniform())};
      index_[miner.key] = miners_.size();
      miners_.push_back(miner);
    }
  }

  Tally Run() {
    end_ = kStart + kWarmUp + Micros{static_cast<int64_t>(options_.hours * 3600e6)};
    Maintain();
    while (!events_.empty() && events_.top().at < end_) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.at;
      event.run();
    }
    tally_.wins.resize(miners_.size());
    for (const Miner& miner : miners_) tally_.speeds.push_back(miner.speed);
    return std::move(tally_);
  }

 private:
  static constexpr Micros kStart = Seconds(1000);
  static constexpr market::Identity kRequester{1};

  struct Miner {
    market::Identity key{};
    double speed = 1;
    Micros latency{};
    bool down = false;
    bool asking = false;
    std::optional<market::AttemptId> working;
    Micros began{};
    uint64_t turn = 0;  // of working or asking: what was planned for an earlier one is void
  };
  struct Event {
    Micros at;
    uint64_t order;
    std::function<void()> run;
    bool operator<(const Event& other) const {
      return std::pair(at, order) > std::pair(other.at, other.order);  // the earliest is on top
    }
  };

  static market::Rules RulesOf(const EconomyOptions& options) {
    return {
        .race_place = kOwnTime, .open_jobs_per_requester_max = 1'000'000, .draw_window = options.draw_window};
  }

  double Uniform() {  // above 0, at most 1
    std::array<uint8_t, 8> bytes;
    random_.Fill(bytes);
    return (static_cast<double>(LoadLe<uint64_t>(bytes.data()) >> 11) + 1) / 9007199254740992.0;
  }
  double Normal() { return std::sqrt(-2 * std::log(Uniform())) * std::cos(2 * std::numbers::pi * Uniform()); }
  void At(Micros at, std::function<void()> run) { events_.push({at, order_++, std::move(run)}); }
  void Later(Micros delay, std::function<void()> run) { At(now_ + delay, std::move(run)); }
  bool Counts() const { return now_ >= kStart + kWarmUp; }

  market::Answer Apply(const market::Identity& who, market::Command command) {
    if (const auto due = market_.NextDue(); due && *due <= now_) ApplyOne({}, market::Tick{});
    market::Answer answer = ApplyOne(who, std::move(command));
    if (const auto due = market_.NextDue(); due && (!tick_at_ || *due < *tick_at_)) {
      tick_at_ = std::max(*due, now_);
      At(*tick_at_, [this] {
        tick_at_.reset();
        Apply({}, market::Tick{});
      });
    }
    return answer;
  }
  market::Answer ApplyOne(const market::Identity& who, market::Command command) {
    market::Stamped in{
        .now = now_, .leaf_index = leaves_, .origin = {who, ""}, .command = std::move(command)};
    random_.Fill(in.entropy);
    market::Outcome outcome = market_.Apply(in);
    if (outcome.changed) ++leaves_;
    market_.TakeChanges();
    for (const market::Effect& effect : outcome.effects) {
      std::visit([this](const auto& e) { On(e); }, effect);
    }
    return std::move(outcome.answer);
  }

  template <typename Effect>
  void On(const Effect&) {}
  void On(const market::JobOpened&) { Wake(); }
  void On(const market::RaceFull&) { MaintainSoon(); }
  void On(const market::JobOver& over) {
    std::erase(open_, over.job);
    Delivered(*market_.FindJob(over.job));
    MaintainSoon();
  }
  void On(const market::Admitted& admitted) {
    const market::Attempt attempt = *market_.FindAttempt(admitted.attempt);
    Tell(index_.at(attempt.miner), [this, attempt](size_t m) { Start(m, attempt); });
  }
  void On(const market::NotDrawn& not_drawn) {
    Tell(index_.at(not_drawn.miner), [this](size_t m) { Free(m); });
  }
  void On(const market::AttemptEnded& ended) {
    const market::Attempt attempt = *market_.FindAttempt(ended.attempt);
    if (attempt.state == market::AttemptState::kTimedOut) return;  // a late proof counts
    Tell(index_.at(attempt.miner), [this, id = attempt.id](size_t m) {
      if (miners_[m].working == id) Stop(m, /*useful=*/false);
    });
  }
  void On(const market::NeedsVerdict& needs) {
    Later(kVerification, [this, id = needs.attempt] { Apply({}, market::RecordVerdict{id, true}); });
  }
  void Tell(size_t miner, std::function<void(size_t)> what) {
    Later(miners_[miner].latency, [miner, what = std::move(what)] { what(miner); });
  }

  void Delivered(const market::Job& job) {
    PL_CHECK(job.delivered_attempt.has_value());  // nothing else ends a job here
    const market::Attempt& first = *market_.FindAttempt(*job.delivered_attempt);
    if (!Counts()) return;
    tally_.latencies_s.push_back(ToSeconds(now_ - asked_at_.at(job.id)));
    tally_.wins.resize(miners_.size());
    ++tally_.wins[index_.at(first.miner)];
    tally_.useful_s += ToSeconds(spent_[first.id]);
  }

  void MaintainSoon() {
    if (std::exchange(maintaining_, true)) return;
    Later({}, [this] { Maintain(); });
  }
  void Maintain() {
    maintaining_ = false;
    size_t with_room = 0;
    for (const market::JobId& id : open_) with_room += market_.HasRoom(*market_.FindJob(id)) ? 1 : 0;
    for (; with_room < kOpenJobs; ++with_room) {
      market::PostJob post{
          .circuit = circuit_.id, .reward = Amount{1000}, .time_limit = kTimeLimit, .policy = policy_};
      StoreLe<uint64_t>(post.statement.data(), ++jobs_);
      const market::Answer answer = Apply(kRequester, post);
      open_.push_back(std::get<market::JobAnswer>(answer).job.id);
    }
    Wake();
  }
  void Wake() {
    for (size_t m = 0; m < miners_.size(); ++m) {
      if (IsIdle(miners_[m])) Tell(m, [this](size_t idle) { Seek(idle); });
    }
  }
  static bool IsIdle(const Miner& miner) { return !miner.down && !miner.asking && !miner.working; }

  // The oldest job with room, as everybody does: where it is drawn for, who is fast at asking gains nothing.
  void Seek(size_t m) {
    Miner& miner = miners_[m];
    if (!IsIdle(miner)) return;
    for (const market::JobId& id : open_) {
      if (!market_.HasRoom(*market_.FindJob(id))) continue;
      miner.asking = true;
      Later(miner.latency, [this, m, id] { Ask(m, id); });
      return;
    }
  }
  void Ask(size_t m, const market::JobId& job) {
    asked_at_.try_emplace(job, now_);
    const market::Answer answer = Apply(
        miners_[m].key,
        market::AcceptOffer{.job = job, .predicted = ProveTime(m), .residency = market::Residency::kMemory});
    if (const auto* admitted = std::get_if<market::AttemptAnswer>(&answer)) {
      Tell(m, [this, attempt = admitted->attempt](size_t miner) { Start(miner, attempt); });
    } else if (std::holds_alternative<market::Refusal>(answer)) {
      Tell(m, [this](size_t miner) { Free(miner); });
    }
  }
  void Free(size_t m) {
    miners_[m].asking = false;
    Seek(m);
  }

  Micros ProveTime(size_t m) const {
    return Micros{static_cast<int64_t>(static_cast<double>(Count(options_.prove_time)) / miners_[m].speed)};
  }
  void Start(size_t m, const market::Attempt& attempt) {
    Miner& miner = miners_[m];
    miner.asking = false;
    miner.working = attempt.id;
    miner.began = now_;
    const uint64_t turn = ++miner.turn;
    // Over before it began: the end was told before or is on its way.
    if (!market::IsLive(market_.FindAttempt(attempt.id)->state)) return Stop(m, /*useful=*/false);
    const double luck = std::exp(options_.noise * Normal());
    const Micros time{static_cast<int64_t>(static_cast<double>(Count(ProveTime(m))) * luck)};
    const bool crashes = Uniform() * 100 <= options_.crash_percent;
    const Micros until{crashes ? static_cast<int64_t>(static_cast<double>(Count(time)) * Uniform())
                               : Count(time)};
    Later(until, [this, m, turn, crashes, attempt] {
      if (miners_[m].turn != turn || !miners_[m].working) return;
      if (crashes) return Crash(m, attempt);
      Stop(m, /*useful=*/true);
      Later(miners_[m].latency, [this, m, attempt] { Commit(m, attempt); });
    });
  }
  void Stop(size_t m, bool useful) {
    Miner& miner = miners_[m];
    const Micros spent = now_ - miner.began;
    if (useful) spent_[*miner.working] = spent;
    if (Counts()) tally_.spent_s += ToSeconds(spent);
    miner.working.reset();
    ++miner.turn;
    Seek(m);
  }
  void Crash(size_t m, const market::Attempt& attempt) {
    miners_[m].down = true;
    Stop(m, /*useful=*/false);
    // What the coordinator finds out by its heartbeats.
    Later(market_.rules().silence_limit, [this, attempt] { Apply({}, market::HolderSilent{attempt.id}); });
    Later(options_.crash_pause, [this, m, attempt] {
      miners_[m].down = false;
      Apply(miners_[m].key, market::ReleaseAttempt{attempt.id, attempt.fence});
      Seek(m);
    });
  }
  void Commit(size_t m, const market::Attempt& attempt) {
    market::RevealProof reveal{attempt.id, attempt.fence, {"proof"}};
    reveal.opening.commit_hash[0] = 1;
    market::CommitProof commit{attempt.id, attempt.fence, reveal.opening.commit_hash, {}};
    const auto& lease = market_.FindJob(attempt.job)->policy.lease;
    if (lease && !lease->hedged) commit.opening = reveal.opening;
    const market::Answer answer = Apply(attempt.miner, commit);
    if (!std::holds_alternative<market::CommitAnswer>(answer) || commit.opening) return;
    Later(Micros{2 * Count(miners_[m].latency)},
          [this, reveal, miner = attempt.miner] { Apply(miner, reveal); });
  }

  const EconomyOptions options_;
  const market::Policy policy_;
  SimRandom random_;
  market::Market market_;
  market::Circuit circuit_;
  std::vector<Miner> miners_;
  std::map<market::Identity, size_t> index_;
  std::priority_queue<Event> events_;
  uint64_t order_ = 0;
  Micros now_ = kStart;
  Micros end_{};
  std::optional<Micros> tick_at_;
  market::LeafIndex leaves_ = 0;
  uint64_t jobs_ = 0;
  bool maintaining_ = false;
  std::vector<market::JobId> open_;  // in order of posting
  std::map<market::JobId, Micros> asked_at_;
  std::map<market::AttemptId, Micros> spent_;  // on a proof that was made
  Tally tally_;
};

double Percentile(const std::vector<double>& sorted, double part) {
  if (sorted.empty()) return 0;
  const auto last = static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<size_t>(std::lround(part * last))];
}

void AddWins(const Tally& tally, uint32_t seeds, PolicyFigures& figures) {
  std::vector<size_t> by_speed(tally.speeds.size());
  for (size_t i = 0; i < by_speed.size(); ++i) by_speed[i] = i;
  std::sort(by_speed.begin(), by_speed.end(),
            [&](size_t a, size_t b) { return tally.speeds[a] < tally.speeds[b]; });
  double all = 0, slow = 0, power = 0, slow_power = 0, never = 0;
  for (size_t rank = 0; rank < by_speed.size(); ++rank) {
    const auto wins = static_cast<double>(tally.wins[by_speed[rank]]);
    const double speed = tally.speeds[by_speed[rank]];
    all += wins, power += speed, never += wins == 0 ? 1 : 0;
    if (rank < by_speed.size() / 2) slow += wins, slow_power += speed;
  }
  const double part = 1.0 / seeds;
  if (all > 0) {
    figures.fastest_wins += part * static_cast<double>(tally.wins[by_speed.back()]) / all;
    figures.slow_half_wins += part * slow / all;
  }
  figures.slow_half_power += part * slow_power / power;
  figures.never_win += part * never;
}

}  // namespace

PolicyFigures RunPolicy(const std::string& name, const market::Policy& policy,
                        const EconomyOptions& options) {
  PL_CHECK(options.seeds > 0 && options.miners > 1);
  PolicyFigures figures{.name = name};
  std::vector<double> latencies;
  double spent = 0, useful = 0;
  for (uint32_t i = 0; i < options.seeds; ++i) {
    const Tally tally = Economy(policy, options, options.first_seed + i).Run();
    latencies.insert(latencies.end(), tally.latencies_s.begin(), tally.latencies_s.end());
    spent += tally.spent_s;
    useful += tally.useful_s;
    AddWins(tally, options.seeds, figures);
  }
  std::sort(latencies.begin(), latencies.end());
  figures.jobs_per_hour = static_cast<double>(latencies.size()) / options.hours / options.seeds;
  figures.p50_s = Percentile(latencies, 0.5);
  figures.p99_s = Percentile(latencies, 0.99);
  figures.wasted = spent > 0 ? std::max(0.0, 1 - useful / spent) : 0;
  return figures;
}

std::vector<NamedPolicy> ComparedPolicies() {
  std::vector<NamedPolicy> policies = {{"open race", {.race = {0}}}};
  for (uint32_t width = 5; width >= 2; --width) {
    policies.push_back({absl::StrCat("race of ", width), {.race = {width}}});
  }
  policies.push_back({"hedged lease", {.lease = market::LeasePolicy{kOwnTime, /*hedged=*/true}}});
  policies.push_back({"lease", {.lease = market::LeasePolicy{kOwnTime}}});
  return policies;
}

}  // namespace prooflode::sim
