// Who gets the places of a job: at once, or by a draw that everybody with the log can repeat; and who loses
// one again.
#include <algorithm>

#include "base/crypto.h"
#include "tests/sim/model.h"

namespace prooflode::sim {
namespace {

constexpr uint32_t kAgeingMax = 7;
constexpr uint32_t kPlacesLostMax = 16;
constexpr uint8_t kOnDisk = 2;

std::string DrawBytes(const std::string& domain, const JobModel& job, uint32_t number, const Key& miner) {
  std::string bytes = domain + '\0' + std::string(job.draw_seed.begin(), job.draw_seed.end());
  std::array<uint8_t, 4> encoded{};
  StoreLe(encoded.data(), number);
  bytes.append(encoded.begin(), encoded.end());
  return bytes + std::string(miner.begin(), miner.end());
}

Digest BestTicket(const JobModel& job, uint32_t number, const DrawnRecord& entry) {
  Digest best;
  best.fill(0xff);
  for (uint32_t i = 0; i < entry.tickets; ++i) {
    std::string bytes = DrawBytes("prooflode/v1/ticket", job, number, entry.miner);
    std::array<uint8_t, 4> encoded{};
    StoreLe(encoded.data(), i);
    bytes.append(encoded.begin(), encoded.end());
    best = std::min(best, Sha256(AsBytes(bytes)));
  }
  return best;
}

}  // namespace

uint32_t Model::PlacesOf(const JobModel& job) const {
  const bool late = std::any_of(job.attempts.begin(), job.attempts.end(), [&](const Id& id) {
    const AttemptModel& attempt = attempts_.at(id);
    return attempt.phase == kAdmitted && attempt.late;
  });
  return job.width + (job.hedged && late ? 1 : 0);
}

bool Model::WasCandidate(const Key& miner, const Id& job, uint64_t leaf) const {
  const auto it = entered_.find(leaf);
  return it != entered_.end() && it->second == std::pair(miner, job);
}

uint32_t Model::CandidaciesOf(const Key& miner) const {
  const auto it = candidacies_.find(miner);
  return it == candidacies_.end() ? 0 : it->second;
}

uint32_t Model::WorkOf(const Key& miner) const {
  uint32_t work = CandidaciesOf(miner);
  const auto live = live_of_.find(miner);
  if (live == live_of_.end()) return work;
  for (const Id& id : live->second) work += attempts_.at(id).phase == kAdmitted ? 1 : 0;
  return work;
}

uint32_t Model::DrawsLost(const Key& miner) const {
  const auto it = draws_lost_.find(miner);
  return it == draws_lost_.end() ? 0 : it->second;
}

uint32_t Model::PlacesLost(const Key& miner) const {
  const auto it = places_lost_.find(miner);
  return it == places_lost_.end() ? 0 : it->second;
}

uint32_t Model::ShownSlots(const Key& miner, uint32_t declared) const {
  const uint32_t most = declared == 0 ? rules_.live_max : std::min(declared, rules_.live_max);
  return std::max(1U, most >> PlacesLost(miner));
}

void Model::NotePlace(const Key& miner, bool lost) {
  uint32_t& count = places_lost_[miner];
  if (lost) {
    count = std::min(count + 1, kPlacesLostMax);
  } else if (count > 0) {
    --count;
  }
}

void Model::FoldAdmission(const LeafView& leaf) {
  const Id id = leaf.Bytes<Id>(30);
  const Key miner = leaf.Bytes<Key>(1);
  const auto job = jobs_.find(id);
  if (job == jobs_.end()) return Wrong(leaf, "admission", "to no job");
  if (job->second.phase != kOpen || IsPast(leaf.time, job->second.deadline)) {
    Wrong(leaf, "admission", "to a job that is closed");
  }
  const uint32_t live = LiveIn(job->second);
  if (job->second.width != 0 && live >= PlacesOf(job->second)) {
    Wrong(leaf, "width",
          std::to_string(live) + " of " + std::to_string(PlacesOf(job->second)) + " race already");
  }
  uint32_t admissions = 0;
  for (const Id& other_id : job->second.attempts) {
    const AttemptModel& other = attempts_.at(other_id);
    if (other.miner != miner) continue;
    ++admissions;
    if (other.phase == kInvalid || (other.phase == kReleased && other.reason == kReasonUnprovable) ||
        (other.phase == kTimedOut && other.reason == kReasonRevealWindow)) {
      Wrong(leaf, "admission", "of a miner that has shown that it must not have another");
    }
    if (IsLivePhase(other.phase)) Wrong(leaf, "admission", "of a miner with a live attempt at this job");
  }
  if (admissions >= rules_.admissions_max) Wrong(leaf, "admission", "more often than the rules allow");
  if (LiveOf(miner) + CandidaciesOf(miner) >= rules_.live_max ||
      WorkOf(miner) >= ShownSlots(miner, leaf.Number<uint32_t>(45))) {
    Wrong(leaf, "admission", "of a miner that has as many attempts as it can take");
  }
  if (leaf.attempts.empty()) return FoldCandidacy(leaf, id, job->second);
  if (job->second.width != 0 && rules_.draw_window != 0) Wrong(leaf, "draw", "a place was given without one");
  const AttemptRecord& record = leaf.attempts[0];
  if (leaf.attempts.size() != 1 || record.job != id || record.miner != miner) {
    return Wrong(leaf, "admission", "want one attempt of who asked");
  }
  Admit(leaf, record, job->second, {leaf.Number<int64_t>(43), leaf.Number<uint8_t>(44)});
}

void Model::Admit(const LeafView& leaf, const AttemptRecord& record, JobModel& job,
                  const CandidateModel& asked) {
  if (attempts_.contains(record.id) || record.phase != kAdmitted || record.fence != leaf.index) {
    return Wrong(leaf, "admission", "want a new attempt with a token of its own");
  }
  AttemptModel attempt{.job = record.job, .miner = record.miner, .fence = leaf.index};
  if (job.lease > 0) {
    attempt.place_until = leaf.time + job.lease;
    const int64_t expected =
        asked.predicted == 0 ? job.lease / 2 : asked.predicted * rules_.late_percent / 100;
    if (job.hedged) attempt.late_at = leaf.time + std::max<int64_t>(expected, 1);
  } else if (job.width != 0) {
    attempt.place_until = leaf.time + rules_.race_place;
  }
  attempt.phase = kAdmitted;
  attempt.admitted_at = leaf.time;
  attempt.stake = job.collateral;
  Expect({0, kMoneyCollateral, attempt.stake, AvailableOf(attempt.miner), StakeOf(attempt.miner),
          HexEncode(attempt.job)});
  live_of_[attempt.miner].insert(record.id);
  job.attempts.push_back(record.id);
  attempts_[record.id] = std::move(attempt);
}

void Model::FoldCandidacy(const LeafView& leaf, const Id& id, JobModel& job) {
  const Key miner = leaf.Bytes<Key>(1);
  if (job.width == 0 || rules_.draw_window == 0) Wrong(leaf, "draw", "a candidate where there is no draw");
  if (job.candidates.empty()) job.draw_at = leaf.time + rules_.draw_window;
  const CandidateModel candidate{leaf.Number<int64_t>(43), leaf.Number<uint8_t>(44)};
  if (!job.candidates.emplace(miner, candidate).second) Wrong(leaf, "draw", "a candidate entered twice");
  ++candidacies_[miner];
  entered_[leaf.index] = {miner, id};
}

void Model::FoldCandidacyOver(const LeafView& leaf) {
  const auto job = jobs_.find(leaf.Bytes<Id>(30));
  if (job == jobs_.end() || job->second.candidates.erase(leaf.Bytes<Key>(1)) == 0) {
    return Wrong(leaf, "draw", "a candidacy was withdrawn that was none");
  }
  --candidacies_[leaf.Bytes<Key>(1)];
}

void Model::FoldSilence(const LeafView& leaf) {
  const AttemptModel* attempt = FindAttempt(leaf.Bytes<Id>(50));
  if (attempt == nullptr || attempt->phase != kAdmitted || leaf.time < no_expiry_before_ ||
      jobs_.at(attempt->job).width == 0) {
    Wrong(leaf, "silence", "a miner lost a place that it did not hold, or had time to find back");
  }
}

uint32_t Model::TicketsOf(const JobModel& job, const Key& miner) const {
  const uint32_t tickets = 1 + DrawsLost(miner);
  const bool resident = job.lease > 0 && job.candidates.at(miner).residency >= kOnDisk &&
                        proven_by_.contains({miner, job.circuit});
  return resident ? 2 * tickets : tickets;
}

uint64_t Model::BalanceSoFar(const std::string& account) const {
  uint64_t balance = Balance(account);
  for (const MoneyRecord& money : expected_) {
    if (money.credit == account) balance += money.amount;
  }
  for (const MoneyRecord& money : expected_) {
    if (money.debit == account) balance -= std::min(balance, money.amount);
  }
  return balance;
}

// After all else that the leaf did: places that it made free are drawn for in it.
void Model::FoldDraws(const LeafView& leaf) {
  for (const JobRecord& record : leaf.jobs) {
    const auto job = jobs_.find(record.id);
    if (job == jobs_.end() || job->second.phase == kOpen) continue;
    for (const auto& [miner, candidate] : job->second.candidates) --candidacies_[miner];
    job->second.candidates.clear();
  }
  if (leaf.kind != kTick && !leaf.draws.empty()) Wrong(leaf, "draw", "out of place");
  for (const DrawRecord& draw : leaf.draws) {
    const auto job = jobs_.find(draw.job);
    if (job == jobs_.end() || job->second.phase != kOpen) {
      Wrong(leaf, "draw", "for a job that is not open");
    } else {
      FoldDraw(leaf, draw, job->second);
    }
  }
  for (const AttemptRecord& record : leaf.attempts) {
    if (!attempts_.contains(record.id)) Wrong(leaf, "admission", "an attempt out of nothing");
  }
}

void Model::FoldDraw(const LeafView& leaf, const DrawRecord& draw, JobModel& job) {
  const uint32_t live = LiveIn(job);
  const uint32_t places = PlacesOf(job) - std::min(PlacesOf(job), live);
  if (draw.number != job.draws++ || job.draw_at == 0 || leaf.time < job.draw_at)
    Wrong(leaf, "draw", "out of turn");
  if (draw.places != places) Wrong(leaf, "width", "a draw for more or fewer places than are free");
  if (draw.entries.size() != job.candidates.size()) Wrong(leaf, "draw", "not of all candidates");
  job.draw_at = 0;
  std::map<Key, uint32_t> tickets;
  for (const auto& [miner, candidate] : job.candidates) tickets[miner] = TicketsOf(job, miner);
  uint32_t taken = 0;
  std::optional<Digest> before;
  for (const DrawnRecord& entry : draw.entries) {
    const auto candidate = job.candidates.find(entry.miner);
    if (candidate == job.candidates.end()) return Wrong(leaf, "draw", "of who is no candidate");
    if (entry.tickets != tickets[entry.miner])
      Wrong(leaf, "draw", "another number of tickets than the rules give");
    const Digest best = BestTicket(job, draw.number, entry);
    if (before && best < *before) Wrong(leaf, "draw", "another order than the tickets give");
    before = best;
    const bool covered = BalanceSoFar(AvailableOf(entry.miner)) >= job.collateral;
    if (entry.admitted != (taken < places && covered)) Wrong(leaf, "draw", "a place went to another");
    taken += entry.admitted ? 1 : 0;
    --candidacies_[entry.miner];
    if (places > 0) {
      uint32_t& lost = draws_lost_[entry.miner];
      lost = entry.admitted ? 0 : std::min(lost + 1, kAgeingMax);
    }
    if (!entry.admitted) continue;
    const Digest digest =
        Sha256(AsBytes(DrawBytes("prooflode/v1/drawn-attempt", job, draw.number, entry.miner)));
    const auto record = std::find_if(leaf.attempts.begin(), leaf.attempts.end(), [&](const AttemptRecord& a) {
      return std::equal(a.id.begin(), a.id.end(), digest.begin()) && a.miner == entry.miner &&
             a.job == draw.job;
    });
    if (record == leaf.attempts.end()) return Wrong(leaf, "draw", "a place that was drawn was not given");
    Admit(leaf, *record, job, candidate->second);
  }
  job.candidates.clear();
}

}  // namespace prooflode::sim
