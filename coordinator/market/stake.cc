// Collateral: held from a miner when it is admitted, given back when its attempt ends honestly, and lost,
// half to the requester and half to whoever completes the job, when it misses its time, reveals rubbish or
// does not reveal at all. Nothing is lost by what others did, nor by an attempt that a restart of the
// coordinator fell into.
#include <algorithm>

#include "base/check.h"
#include "coordinator/market/state.h"

namespace prooflode::market {

std::optional<Refusal> State::HoldCollateral(const Stamped& in, const Job& job, Attempt& attempt) {
  const std::string miner = Hex(attempt.miner);
  if (!Transfer(in, ledger::TransferKind::kCollateral, ledger::Available(miner), ledger::Stake(miner),
                job.collateral, Hex(job.id))) {
    return Refuse(
        RefusalCode::kFailedPrecondition,
        absl::StrCat("collateral: the balance is ", Count(ledger_.Balance(ledger::Available(miner))),
                     ", want at least ", Count(job.collateral)),
        Reason::kCollateralTooLow);
  }
  attempt.collateral = job.collateral;
  return std::nullopt;
}

Amount State::PenaltyFor(const Stamped& in, const Attempt& attempt, AttemptState end, Reason reason) const {
  const bool restarted = attempt.fence < last_restart_;  // since its admission
  switch (end) {
    case AttemptState::kInvalid:
      return attempt.collateral;
    case AttemptState::kTimedOut:
      // Silence cannot be proven, so it costs no more than giving back at that moment; not less either.
      if (std::holds_alternative<HolderSilent>(in.command))
        return restarted ? Amount{} : ReleaseFee(in, attempt);
      if (attempt.state == AttemptState::kCommitted && attempt.commit_leaf > last_restart_) {
        return attempt.collateral;
      }
      return restarted ? Amount{} : attempt.collateral;
    case AttemptState::kReleased:
      return reason == Reason::kUnprovable || restarted ? Amount{} : ReleaseFee(in, attempt);
    case AttemptState::kJobEnded: {
      // It had the time up to the deadline, or as much of its own as there was. Where somebody has committed,
      // the proof may be there in a moment, and this one would have been told to stop.
      const bool missed = reason == Reason::kDeadlinePassed && attempt.state == AttemptState::kAdmitted &&
                          OfJob(attempt.job).unjudged == 0;
      return missed && !restarted && in.now >= attempt.admitted_at + rules_.release_grace ? attempt.collateral
                                                                                          : Amount{};
    }
    default:
      return {};
  }
}

Amount State::ReleaseFee(const Stamped& in, const Attempt& attempt) const {
  const Micros free_until = attempt.admitted_at + rules_.release_grace;
  if (in.now < free_until) return {};
  Micros end = jobs_.at(attempt.job).deadline_at;
  if (Count(attempt.expires_at) != 0) end = std::min(end, attempt.expires_at);
  const Amount whole = PartOf(attempt.collateral, rules_.release_fee_per_million);
  if (in.now >= end) return whole;
  const auto elapsed = static_cast<unsigned __int128>(Count(in.now - free_until));
  const auto span = static_cast<unsigned __int128>(Count(end - free_until));
  return Amount{static_cast<uint64_t>(Count(whole) * elapsed / span)};
}

void State::CloseStake(const Stamped& in, Attempt& attempt, Amount penalty) {
  const uint64_t held = Count(attempt.collateral);
  if (held == 0) return;
  PL_CHECK(Count(penalty) <= held);
  Job job = jobs_.at(attempt.job);
  PL_CHECK(!IsFinal(job.state));
  const ledger::AccountName stake = ledger::Stake(Hex(attempt.miner));
  const std::string requester = Hex(job.requester);
  const Amount bounty{Count(penalty) / 2};
  const auto pay = [&](ledger::TransferKind kind, const ledger::AccountName& to, uint64_t amount) {
    PL_CHECK(Transfer(in, kind, stake, to, Amount{amount}, Hex(job.id)));
  };
  pay(ledger::TransferKind::kPenalty, ledger::Available(requester), Count(penalty) - Count(bounty));
  pay(ledger::TransferKind::kBounty, ledger::Escrow(requester), Count(bounty));
  pay(ledger::TransferKind::kCollateralReturn, ledger::Available(Hex(attempt.miner)), held - Count(penalty));
  attempt.collateral = {};
  attempt.forfeited = Amount{Count(attempt.forfeited) + Count(penalty)};
  if (Count(bounty) == 0) return;
  job.bounty = Amount{Count(job.bounty) + Count(bounty)};
  ChangeJob(in, std::move(job));
}

void State::PayBounty(const Stamped& in, Job& job, ledger::TransferKind kind, const ledger::AccountName& to) {
  PL_CHECK(Transfer(in, kind, ledger::Escrow(Hex(job.requester)), to, job.bounty, Hex(job.id)));
  job.bounty = {};
}

}  // namespace prooflode::market
