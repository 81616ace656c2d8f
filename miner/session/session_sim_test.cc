// A session against a small model of the market, with lost, delayed and reordered messages, broken streams,
// restarts of the miner, failing and slow devices: whatever happens, rules hold and every race ends.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/sim/sim_env.h"
#include "miner/session/session.h"

namespace prooflode::miner {
namespace {

constexpr Micros kCalendar = Seconds(1'700'000'000);

// The other end and the world between: delivers events to the session after random delays.
class World {
 public:
  explicit World(uint64_t seed) : random_(seed), session_random_(seed + 1'000'000) {
    options_.devices = 1 + random_.Below(3);
    options_.blame.failures_max = 3;
    options_.breaker_pause = Seconds(20);
    options_.stop_timeout = Seconds(20);
    session_.emplace(options_, session_random_);
  }

  void Run() {
    for (int step = 0; step < 6000; ++step) {
      now_ = now_ + Millis(100);
      calm_ = step > 3000;
      if (step < 3000 && random_.Below(20) == 0) PostJob();
      if (!calm_ && random_.Below(300) == 0) BreakStream();
      if (!calm_ && random_.Below(700) == 0) RestartMiner();
      EndJobs();
      DrawPlaces();
      Deliver();
      Feed(event::Tick{});
      if (step == 5000) Feed(event::Drain{});
      CheckDevices();
    }
    EXPECT_TRUE(finished_);
    EXPECT_TRUE(journal_.empty()) << "records of attempts that ended are left behind";
    EXPECT_TRUE(kept_jobs_.empty()) << "jobs that ended are still kept";
    EXPECT_EQ(reported_won_, won_) << "whatever broke in between, every win is told";
    for (const auto& [id, attempt] : attempts_) {
      EXPECT_GE(static_cast<int>(attempt.ref.state), static_cast<int>(AttemptState::kWon));
    }
  }

  size_t won() const { return won_.size(); }
  int lost_calls() const { return lost_calls_; }

 private:
  struct Job {
    OfferedJob job;
    bool over = false;
  };
  struct Attempt {
    AttemptRef ref;
    std::optional<Nonce> committed_nonce;
    Micros ends_at{};
  };
  struct Pending {
    Micros at;
    int stream;  // -1: not by the stream
    int life;
    Event event;
  };

  bool Chance(uint64_t one_in) { return !calm_ && random_.Below(one_in) == 0; }
  Micros Delay() { return Millis(static_cast<int64_t>(random_.Below(calm_ ? 150 : 1500))); }
  void Later(Event event, Micros delay) { pending_.push_back({now_ + delay, -1, life_, std::move(event)}); }
  // In order within a stream.
  void OnStream(Event event) {
    if (!stream_open_) return;
    stream_at_ = std::max(stream_at_, now_) + Millis(static_cast<int64_t>(random_.Below(50)));
    pending_.push_back({stream_at_, stream_, life_, std::move(event)});
  }

  void PostJob() {
    OfferedJob job;
    StoreLe<uint32_t>(job.id.data(), ++jobs_made_);
    job.circuit[0] = static_cast<uint8_t>(random_.Below(3));
    job.domain_size = 1024;
    job.witness_bytes = 100;
    job.zkey_bytes = 1000;
    job.reward = Amount{1 + random_.Below(100)};
    if (random_.Below(3) == 0) job.lease = Seconds(60);
    job.hedged = random_.Below(2) == 0;
    job.deadline_at = kCalendar + now_ + Seconds(20 + static_cast<int64_t>(random_.Below(60)));
    jobs_[job.id] = Job{job};
    if (credit_ > 0) {
      --credit_;
      OnStream(event::Offer{++log_, job});
    }
  }

  void EndAttempt(Attempt& attempt, AttemptState state) {
    attempt.ref.state = state;
    // One event of the log may end several, which stand by their ids.
    const bool shares = !ended_log_.empty() && ended_log_.back().event == log_ &&
                        ended_log_.back().attempt.id < attempt.ref.id && random_.Below(2) == 0;
    if (!shares) ++log_;
    if (state == AttemptState::kWon) won_.insert(attempt.ref.id);
    event::AttemptEnded ended{.event = log_, .attempt = attempt.ref};
    ended_log_.push_back(ended);
    OnStream(ended);
  }

  void EndJobs() {
    for (auto& [id, job] : jobs_) {
      const bool past = kCalendar + now_ > job.job.deadline_at;
      if (!job.over && (past || random_.Below(800) == 0)) {
        job.over = true;
        OnStream(event::OfferWithdrawn{++log_, id, Reason::kJobClosed});
      }
    }
    for (auto& [id, attempt] : attempts_) {
      if (static_cast<int>(attempt.ref.state) >= static_cast<int>(AttemptState::kWon)) continue;
      const bool revealed = attempt.ref.state == AttemptState::kRevealed;
      if (revealed && now_ >= attempt.ends_at) {
        EndAttempt(attempt, random_.Below(4) == 0 ? AttemptState::kLost : AttemptState::kWon);
      } else if (jobs_[attempt.ref.job].over && !revealed) {
        EndAttempt(attempt, AttemptState::kJobEnded);
      }
    }
  }

  void DrawPlaces() {
    std::erase_if(candidacies_, [&](const auto& candidacy) {
      const auto& [job, at] = candidacy;
      if (now_ < at && !jobs_[job].over) return false;
      if (jobs_[job].over || random_.Below(3) == 0) {
        OnStream(event::NotDrawn{++log_, job, Reason::kNotDrawn});
      } else {
        OnStream(event::Admitted{++log_, Admit(job)});
      }
      return true;
    });
  }

  AttemptRef Admit(const JobId& job) {
    Attempt attempt;
    StoreLe<uint32_t>(attempt.ref.id.data(), ++attempts_made_);
    attempt.ref.job = job;
    attempt.ref.state = AttemptState::kAdmitted;
    attempts_[attempt.ref.id] = attempt;
    return attempt.ref;
  }

  void BreakStream() {
    if (!stream_open_) return;
    stream_open_ = false;
    credit_ = 0;
    Feed(event::Disconnected{});
  }

  // A crash: everything but the journal is gone; answers to the old life are lost.
  void RestartMiner() {
    stream_open_ = false;
    credit_ = 0;
    ++life_;
    devices_.clear();
    session_.emplace(options_, session_random_);
    for (const auto& [id, record] : journal_) session_->Restore(record);
    for (const JobId& job : kept_jobs_) session_->RestoreJob(job);
    if (kept_place_) session_->RestorePlace(kept_place_);
  }

  void Deliver() {
    std::vector<Pending> due;
    std::erase_if(pending_, [&](const Pending& p) {
      if (p.at > now_) return false;
      due.push_back(p);
      return true;
    });
    std::stable_sort(due.begin(), due.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    for (Pending& p : due) {
      if (p.life != life_ || (p.stream >= 0 && (p.stream != stream_ || !stream_open_))) continue;
      Feed(p.event);
    }
  }

  void Feed(const Event& event) {
    if (finished_) return;
    if (const auto* made = std::get_if<event::ProofMade>(&event)) devices_.erase(made->job);
    if (const auto* failed = std::get_if<event::ProofFailed>(&event)) devices_.erase(failed->job);
    for (const Action& action : session_->Handle(now_, event)) {
      std::visit([this](const auto& a) { Do(a); }, action);
    }
  }

  void CheckDevices() { ASSERT_LE(devices_.size(), options_.devices); }

  template <typename A>
  void Do(const A&) {}

  void Do(const action::Connect& connect) {
    if (Chance(3)) return Later(event::Disconnected{}, Millis(50));
    ++stream_;
    stream_open_ = true;
    credit_ = 0;
    stream_at_ = now_;
    OnStream(event::Connected{});
    std::vector<AttemptRef> live;
    for (const auto& [id, attempt] : attempts_) {
      if (static_cast<int>(attempt.ref.state) < static_cast<int>(AttemptState::kWon))
        live.push_back(attempt.ref);
    }
    std::vector<JobId> waiting;
    for (const auto& [job, at] : candidacies_) waiting.push_back(job);
    OnStream(event::Welcome{kCalendar + now_, Seconds(5), live, log_, waiting});
    if (!connect.resume_after) return;
    for (const auto& ended : ended_log_) {
      if (EndPlace{ended.event, ended.attempt.id} > *connect.resume_after) OnStream(ended);
    }
  }
  void Do(const action::KeepPlace& keep) { kept_place_ = keep.place; }
  void Do(const action::ReportEnded& report) {
    if (report.state != AttemptState::kWon) return;
    EXPECT_TRUE(reported_won_.insert(report.attempt).second) << "a win was told twice";
  }
  void Do(const action::Disconnect&) { BreakStreamSoon(); }
  void BreakStreamSoon() {
    stream_open_ = false;
    Later(event::Disconnected{}, Millis(10));
  }
  void Do(const action::SendHeartbeat&) { OnStream(event::HeartbeatSeen{}); }
  void Do(const action::SendCredit& credit) {
    credit_ += credit.offers;
    ASSERT_LE(credit_, options_.offers_max);
    for (const auto& [id, job] : jobs_) {
      if (!job.over && credit_ > 0 && random_.Below(3) == 0) {
        --credit_;
        OnStream(event::Offer{++log_, job.job});
      }
    }
  }

  // The coordinator's memory of requests: a repeat gets the first answer. Half of the losses happen before it
  // acts, half after.
  template <typename Make>
  void Call(const RequestId& request, Event retry, Make make) {
    const bool lost_before = Chance(6);
    const bool lost_after = Chance(6);
    if (!lost_before && !answers_.contains(request)) answers_[request] = make();
    if (lost_before || lost_after) {
      ++lost_calls_;
      return Later(std::move(retry), Delay());
    }
    Later(answers_.at(request), Delay());
  }

  void Do(const action::ForgetJob& forget) { kept_jobs_.erase(forget.job); }
  void Do(const action::Accept& accept) {
    kept_jobs_.insert(accept.job);
    const event::AcceptAnswered lost{
        .request = accept.request, .job = accept.job, .result = CallResult::kRetry};
    Call(accept.request, lost, [&]() -> Event {
      event::AcceptAnswered answer{
          .request = accept.request, .job = accept.job, .result = CallResult::kRefused};
      answer.reason = Reason::kJobClosed;
      if (jobs_[accept.job].over || random_.Below(5) == 0) return answer;
      for (const auto& [id, attempt] : attempts_) {
        if (attempt.ref.job == accept.job) return answer;
      }
      answer.result = CallResult::kOk;
      if (candidacies_.contains(accept.job) || random_.Below(2) == 0) {
        const Micros at = now_ + Millis(static_cast<int64_t>(random_.Below(500)));
        answer.draw_at = kCalendar + candidacies_.emplace(accept.job, at).first->second;
      } else {
        answer.attempt = Admit(accept.job);
      }
      return answer;
    });
  }
  void Do(const action::WithdrawCandidacy& withdraw) {
    if (!Chance(3)) candidacies_.erase(withdraw.job);  // or the call was lost
  }
  void Do(const action::Fetch& fetch) {
    if (Chance(20)) return Later(event::ArtifactsFailed{.job = fetch.job.id, .message = "network"}, Delay());
    Later(event::ArtifactsReady{fetch.job.id, Millis(10), 0}, Delay());
  }
  void Do(const action::Prove& prove) {
    ASSERT_FALSE(devices_.contains(prove.job.id));
    devices_.insert(prove.job.id);
    if (Chance(10)) {
      return Later(
          event::ProofFailed{prove.job.id,
                             Chance(50) ? event::ProofFailure::kCrashed : event::ProofFailure::kFailed,
                             "worker"},
          Delay());
    }
    Later(event::ProofMade{.job = prove.job.id, .proof = {}, .duration = Seconds(1)}, Delay());
  }
  // The answer of the proof itself is under way, sooner or later; that is allowed.
  void Do(const action::CancelProving&) {}

  void Do(const action::Commit& commit) {
    journal_[commit.record.attempt.id] = commit.record;
    const AttemptId id = commit.record.attempt.id;
    event::CommitAnswered answer{.attempt = id, .result = CallResult::kRetry};
    Call(commit.record.commit_request, answer, [&, answer]() mutable -> Event {
      Attempt& attempt = attempts_.at(id);
      EXPECT_FALSE(attempt.committed_nonce) << "two commits for one attempt";
      const bool open = attempt.ref.state == AttemptState::kAdmitted;
      answer.result = open ? CallResult::kOk : CallResult::kRefused;
      if (open) {
        const bool opened = !commit.record.reveal_request;
        attempt.ref.state = opened ? AttemptState::kRevealed : AttemptState::kCommitted;
        if (opened) attempt.ends_at = now_ + Delay();
        attempt.committed_nonce = commit.record.nonce;
      }
      return answer;
    });
  }
  void Do(const action::Reveal& reveal) {
    const AttemptId id = reveal.record.attempt.id;
    event::RevealAnswered answer{.attempt = id, .result = CallResult::kRetry};
    Call(*reveal.record.reveal_request, answer, [&, answer]() mutable -> Event {
      Attempt& attempt = attempts_.at(id);
      answer.result = CallResult::kRefused;
      if (attempt.ref.state != AttemptState::kCommitted) return answer;
      EXPECT_EQ(attempt.committed_nonce, reveal.record.nonce);
      attempt.ref.state = AttemptState::kRevealed;
      attempt.ends_at = now_ + Delay();
      answer.result = CallResult::kOk;
      return answer;
    });
  }
  void Do(const action::Release& release) {
    const AttemptId id = release.attempt.id;
    event::ReleaseAnswered answer{.attempt = id, .result = CallResult::kRetry};
    Call(release.request, answer, [&, answer]() mutable -> Event {
      Attempt& attempt = attempts_.at(id);
      const bool open = attempt.ref.state == AttemptState::kAdmitted;
      answer.result = open ? CallResult::kOk : CallResult::kRefused;
      if (open) attempt.ref.state = AttemptState::kReleased;
      return answer;
    });
  }
  void Do(const action::Forget& forget) { journal_.erase(forget.attempt); }
  void Do(const action::Finished&) { finished_ = true; }

  SimRandom random_;
  SimRandom session_random_;
  SessionOptions options_;
  std::optional<Session> session_;
  Micros now_ = Seconds(100);
  bool calm_ = false;
  bool finished_ = false;
  std::map<JobId, Job> jobs_;
  std::map<AttemptId, Attempt> attempts_;
  std::map<RequestId, Event> answers_;
  std::map<AttemptId, CommitRecord> journal_;
  std::set<JobId> kept_jobs_;
  std::set<JobId> devices_;
  std::vector<Pending> pending_;
  std::vector<event::AttemptEnded> ended_log_;
  std::map<JobId, Micros> candidacies_;  // and when the draw is
  uint64_t log_ = 0;
  uint32_t jobs_made_ = 0;
  uint32_t attempts_made_ = 0;
  uint32_t credit_ = 0;
  int stream_ = 0;
  bool stream_open_ = false;
  int life_ = 0;
  Micros stream_at_{};
  std::set<AttemptId> won_;
  std::set<AttemptId> reported_won_;
  std::optional<EndPlace> kept_place_;
  int lost_calls_ = 0;
};

TEST(SessionSimulation, RulesHoldUnderLossAndReordering) {
  size_t won = 0;
  int lost_calls = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    World world(seed);
    world.Run();
    won += world.won();
    lost_calls += world.lost_calls();
    if (testing::Test::HasFailure()) break;
  }
  EXPECT_GT(won, 500u);
  EXPECT_GT(lost_calls, 500);
}

}  // namespace
}  // namespace prooflode::miner
