#include "tests/sim/miner.h"

#include "tests/sim/oracle.h"
#include "transparency/signing.h"

namespace prooflode::sim {

Character DrawCharacter(Draw& draw, const MinerMix& mix) {
  const std::vector<std::pair<uint32_t, Character>> weights = {
      {mix.honest, Character::kHonest},     {mix.slow, Character::kSlow},
      {mix.crashing, Character::kCrashing}, {mix.flooding, Character::kFlooding},
      {mix.copying, Character::kCopying},   {mix.silent, Character::kSilent},
      {mix.lying, Character::kLying}};
  uint64_t sum = 0;
  for (const auto& [weight, character] : weights) sum += weight;
  uint64_t at = draw.Below(sum);
  for (const auto& [weight, character] : weights) {
    if (at < weight) return character;
    at -= weight;
  }
  return Character::kHonest;
}

Miner::Miner(Stage& stage, uint32_t number, Character character)
    : Client(stage, 2, number), character_(character) {
  capacity_ = character == Character::kFlooding ? 64 : static_cast<uint32_t>(stage.draw.Between(1, 4));
}

void Miner::OnOffer(const Offer& offer) {
  if (down_ || races_.contains(offer.job) || races_.size() >= capacity_) return;
  if (stage_.draw.Chance(100)) return;  // not interested
  races_[offer.job].inputs = offer.inputs;
  races_[offer.job].deadline = offer.deadline;
  races_[offer.job].alone = offer.alone;
  Accept(offer.job);
}

void Miner::Accept(const Id& job) {
  Draw& draw = stage_.draw;
  market::AcceptOffer accept{{job}};
  if (draw.Chance(500)) accept.predicted = draw.Time(Millis(1), stage_.plan.prove_time);
  accept.residency = static_cast<market::Residency>(draw.Below(4));
  if (draw.Chance(500)) accept.slots = capacity_;
  Ask(accept, [this, job](const engine::Answered& answered) {
    if (!races_.contains(job) || races_.at(job).answered) return;
    if (const auto* admitted = std::get_if<market::AttemptAnswer>(&answered.answer)) {
      return OnAdmitted(job, admitted->attempt.id.bytes, admitted->attempt.fence);
    }
    if (!std::holds_alternative<market::CandidacyAnswer>(answered.answer)) {
      races_.erase(job);
      return;
    }
    if (stage_.draw.Chance(100)) {
      Ask(market::WithdrawCandidacy{{job}}, [](const engine::Answered&) {});
    }
    // The word of the draw may be lost: asks again.
    Later(stage_.draw.Time(Seconds(2), Seconds(8)), [this, job] {
      if (races_.contains(job) && !races_.at(job).answered) Accept(job);
    });
  });
}

void Miner::OnAdmitted(const Id& job, const Id& attempt, uint64_t fence) {
  const auto race = races_.find(job);
  if (down_ || race == races_.end() || race->second.answered) return;
  race->second.attempt = attempt;
  race->second.fence = fence;
  race->second.answered = true;
  Prove(job);
}

void Miner::OnNotDrawn(const Id& job) {
  const auto race = races_.find(job);
  if (race != races_.end() && !race->second.answered) races_.erase(race);
}

void Miner::Prove(const Id& job) {
  Draw& draw = stage_.draw;
  const Race& race = races_.at(job);
  const bool reports = draw.Chance(stage_.plan.reports);
  if (reports || draw.Chance(50)) {  // changed its mind, or found that nobody can prove it
    Reason reason = reports ? Reason::kUnprovable : draw.Pick(AllReasons());
    if (!reports && reason == Reason::kUnprovable) reason = Reason::kReleasedByMiner;
    const auto release = [this, reason, attempt = race.attempt, fence = race.fence] {
      Ask(market::ReleaseAttempt{{attempt}, fence, reason}, [](const engine::Answered&) {});
    };
    Later(draw.Time(Millis(1), stage_.plan.prove_time), release);
    if (character_ != Character::kLying && character_ != Character::kFlooding) {
      races_.erase(job);
      return;
    }
  }
  if (character_ == Character::kFlooding) Flood(job, race);
  if (character_ == Character::kCopying) return;  // waits for others' proofs
  Micros time = draw.Time(Millis(1), stage_.plan.prove_time);
  if (character_ == Character::kSlow) time = Micros{Count(time) * 8};
  const bool may_dawdle = character_ != Character::kHonest && character_ != Character::kCrashing;
  if (may_dawdle && draw.Chance(300)) {  // aims at the last moment, and misses it as often as not
    time = race.deadline - stage_.events.now() + Micros{draw.Between(-1'000'000, 1'000'000)};
  }
  Later(time, [this, job] { Proven(job); });
}

void Miner::Proven(const Id& job) {
  const auto found = races_.find(job);
  if (found == races_.end()) return;
  Race& race = found->second;
  race.proof =
      MakeProof(race.inputs, character_ != Character::kLying || stage_.draw.Chance(300), stage_.draw);
  stage_.draw.Fill(race.nonce);
  race.opened = race.alone || (character_ == Character::kLying && stage_.draw.Chance(200));
  if (character_ == Character::kLying) Lie(job, race);
  Commit(job, false);
}

market::CommitProof Miner::CommitFor(const Id& job, const Race& race) const {
  market::CommitProof commit{.attempt = {race.attempt}, .fence = race.fence};
  commit.commit_hash =
      transparency::CommitHash({.market = "sim",
                                .job = job,
                                .attempt = race.attempt,
                                .miner = key(),
                                .proof_hash = transparency::ProofHash(race.proof, race.inputs),
                                .nonce = race.nonce});
  return commit;
}

market::RevealProof Miner::RevealFor(const Id& job, const Race& race, const std::string& proof) const {
  Race revealed = race;
  revealed.proof = proof;
  return {{race.attempt}, race.fence, {proof, race.nonce, {}, CommitFor(job, revealed).commit_hash}};
}

void Miner::Commit(const Id& job, bool again) {
  Race& race = races_.at(job);
  if (!again) race.commit_request = NewRequestId();  // on disk, with the secret, before it is sent
  market::CommitProof commit = CommitFor(job, race);
  if (race.opened) {
    const bool other_proof = character_ == Character::kLying && stage_.draw.Chance(200);
    const std::string proof = other_proof ? MakeProof(race.inputs, true, stage_.draw) : race.proof;
    commit.opening = RevealFor(job, race, proof).opening;
  }
  AskAs(race.commit_request, commit, commit.commit_hash, [this, job](const engine::Answered& answered) {
    if (!races_.contains(job)) return;
    if (!std::holds_alternative<market::CommitAnswer>(answered.answer)) {
      races_.erase(job);
      return;
    }
    if (races_.at(job).opened) return;
    if (character_ == Character::kSilent && stage_.draw.Chance(800)) return;
    Reveal(job);
  });
}

void Miner::Reveal(const Id& job) {
  const Race& race = races_.at(job);
  const bool other_proof = character_ == Character::kLying && stage_.draw.Chance(200);
  const std::string proof = other_proof ? MakeProof(race.inputs, true, stage_.draw) : race.proof;
  Ask(RevealFor(job, race, proof), [this, job](const engine::Answered& answered) {
    if (std::holds_alternative<market::Refusal>(answered.answer)) races_.erase(job);
  });
}

// What a miner may try that means to cheat; most of it must be refused.
void Miner::Lie(const Id& job, const Race& race) {
  const auto ignore = [](const engine::Answered&) {};
  Race forged = race;
  switch (stage_.draw.Below(6)) {
    case 0:
      Ask(RevealFor(job, race, race.proof), ignore);
      break;  // before its commit
    case 1:
      forged.fence = stage_.draw.Below(race.fence + 2);
      Ask(CommitFor(job, forged), ignore);
      break;
    case 2:
      stage_.draw.Fill(forged.nonce);
      Ask(CommitFor(job, forged), ignore);  // two commits, one attempt
      break;
    case 3:
      if (!foreign_) break;
      forged.attempt = foreign_->first;
      forged.fence = foreign_->second;
      Ask(CommitFor(job, forged), ignore);
      Ask(RevealFor(job, forged, forged.proof), ignore);
      break;
    case 4:
      Ask(market::ReleaseAttempt{{race.attempt}, race.fence}, ignore);
      break;  // and commits nevertheless
    default:
      break;
  }
}

void Miner::Flood(const Id& job, const Race& race) {
  const auto ignore = [](const engine::Answered&) {};
  Draw& draw = stage_.draw;
  for (int64_t i = draw.Between(1, 8); i > 0; --i) {
    switch (draw.Below(5)) {
      case 0:
        Ask(market::AcceptOffer{{job}}, ignore);
        break;
      case 1: {
        Id nobody{};
        draw.Fill(nobody);
        Ask(market::CommitProof{.attempt = {nobody}, .fence = draw.Below(100)}, ignore);
        break;
      }
      case 2:
        Ask(RevealFor(job, race, MakeProof(race.inputs, false, draw)), ignore);
        break;
      case 3: {  // one id for two requests
        const std::string id = NewRequestId();
        AskAs(id, market::AcceptOffer{{job}}, Sha256(AsBytes("one")), ignore);
        AskAs(id, market::Withdraw{Amount{draw.Below(100)}, "flood"}, Sha256(AsBytes("other")), ignore);
        break;
      }
      default:
        Ask(market::Withdraw{Amount{draw.Below(1000)}, "w" + std::to_string(draw.Below(4))}, ignore);
    }
  }
}

void Miner::OnEnded(const Id& job, const Id& attempt) {
  const auto race = races_.find(job);
  if (race == races_.end() || race->second.attempt != attempt) return;
  // A slow one whose place is over may still be in time.
  if (character_ == Character::kSlow && race->second.commit_request.empty() && stage_.draw.Chance(800))
    return;
  if (character_ == Character::kLying && stage_.draw.Chance(500)) return;  // goes on with a dead attempt
  races_.erase(race);
}

void Miner::OnSeen(const Id& job, const std::string& proof) {
  const auto race = races_.find(job);
  if (character_ != Character::kCopying || down_ || race == races_.end() || !race->second.answered) return;
  if (!race->second.commit_request.empty()) return;
  race->second.proof = proof;
  if (stage_.draw.Chance(500))
    stage_.draw.Fill({reinterpret_cast<uint8_t*>(race->second.proof.data()) + 96, 8});
  stage_.draw.Fill(race->second.nonce);
  Commit(job, false);
}

void Miner::OnAttempt(const Id& attempt, uint64_t fence) {
  if (character_ == Character::kLying) foreign_ = {attempt, fence};
}

void Miner::PassSecond() {
  if (stage_.healed || down_) return;
  if (character_ == Character::kCrashing && stage_.draw.Chance(150)) Crash();
}

void Miner::Crash() {
  Forget();
  down_ = true;
  Later(stage_.draw.Time(Millis(50), Seconds(10)), [this] { Return(); });
}

void Miner::Return() {
  down_ = false;
  for (auto it = races_.begin(); it != races_.end();) {
    const Id job = it->first;
    if (!it->second.commit_request.empty()) {
      ++it;
      Commit(job, true);
    } else if (stage_.draw.Chance(500)) {
      ++it;
      Accept(job);  // finds its attempt again, if it has one
    } else {
      it = races_.erase(it);
    }
  }
}

void Miner::Heal() {
  if (down_) {
    Forget();
    Return();
  }
}

}  // namespace prooflode::sim
