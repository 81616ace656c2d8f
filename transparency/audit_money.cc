// Where money goes: conservation, escrow, rewards, refunds, collateral.
#include <algorithm>

#include "transparency/audit_market.h"
#include "transparency/audit_values.h"

namespace prooflode::transparency {
namespace {

// The text behind "stake:", or nullopt for another account.
std::optional<std::string> StakeOwner(const std::string& account) {
  constexpr std::string_view kPrefix = "stake:";
  if (!account.starts_with(kPrefix)) return std::nullopt;
  return account.substr(kPrefix.size());
}

}  // namespace

void MarketAudit::OnMoney() {
  const bool in = leaf_->type == LeafType::kDeposit;
  const std::string account = Available(in ? Bytes(70) : Bytes(1));
  const uint64_t amount = Integer(71);
  const auto right = [&](const TransferRecord& t) {
    return t.amount == amount &&
           (in ? t.kind == kDeposit && t.debit == kOutside && t.credit == account
               : t.kind == kWithdrawalRequest && t.debit == account && t.credit == Withdrawing(Bytes(1)));
  };
  if (!in) withdrawals_[index_] = {Bytes(1), amount, true};
  Demand(transfers_.size() == 1 && right(transfers_[0]), in ? "deposit-elsewhere" : "withdrawal-elsewhere",
         "its money went elsewhere, or another amount, or more moved");
}

// Paid outside, or given back: once, and in whole.
void MarketAudit::OnWithdrawalEnd() {
  const auto it = withdrawals_.find(Integer(60));
  if (!Demand(it != withdrawals_.end() && it->second.waiting, "withdrawal-elsewhere",
              "a withdrawal ended twice, or was never asked for")) {
    return;
  }
  it->second.waiting = false;
  const bool paid = leaf_->type == LeafType::kPayWithdrawal;
  const std::string to = paid ? kOutside : Available(it->second.owner);
  const auto right = [&](const TransferRecord& t) {
    return t.kind == (paid ? kWithdrawal : kWithdrawalReturn) && t.amount == it->second.amount &&
           t.debit == Withdrawing(it->second.owner) && t.credit == to;
  };
  Demand(transfers_.size() == 1 && right(transfers_[0]), "withdrawal-elsewhere",
         "a withdrawal moved other money than it says");
  Demand(leaf_->type != LeafType::kCancelWithdrawal || it->second.owner == Bytes(1), "withdrawal-elsewhere",
         "a stranger cancelled a withdrawal");
}

void MarketAudit::MoveMoney(const TransferRecord& transfer) {
  const std::string name = absl::StrCat("transfer ", transfer.id);
  Demand(transfer.id == last_transfer_ + 1, "transfer-missing",
         absl::StrCat(name, " follows ", last_transfer_));
  Demand(transfer.amount > 0 && transfer.debit != transfer.credit, "transfer-of-nothing", name);
  last_transfer_ = transfer.id;
  // "external" owes what the market holds: a debit of it makes it owe more.
  const auto take = [&](const std::string& account) {
    uint64_t& balance = balances_[account];
    if (!Demand(balance >= transfer.amount, "overdrawn", absl::StrCat(name, " overdraws ", account))) {
      balance = transfer.amount;
    }
    balance -= transfer.amount;
  };
  const auto give = [&](const std::string& account) {
    uint64_t& balance = balances_[account];
    Demand(balance + transfer.amount >= balance, "overflow", absl::StrCat(name, " overflows ", account));
    balance += transfer.amount;
  };
  if (transfer.debit == kOutside) {
    give(kOutside);
  } else {
    take(transfer.debit);
  }
  if (transfer.credit == kOutside) {
    take(kOutside);
  } else {
    give(transfer.credit);
  }
}

bool MarketAudit::Ends(uint8_t state) const {
  return std::any_of(job_records_.begin(), job_records_.end(), [this, state](const JobRecord& record) {
    return record.job == about_ && record.state == state;
  });
}

void MarketAudit::TransferMade(const TransferRecord& transfer) {
  MoveMoney(transfer);
  if (transfer.kind == kDeposit || transfer.kind == kWithdrawal || transfer.kind == kWithdrawalRequest ||
      transfer.kind == kWithdrawalReturn) {
    const LeafType type = leaf_->type;
    Demand(type == LeafType::kDeposit || type == LeafType::kWithdraw || type == LeafType::kPayWithdrawal ||
               type == LeafType::kRejectWithdrawal || type == LeafType::kCancelWithdrawal,
           "money-unasked", "money entered or left the market unasked");
    return;
  }
  const bool known = transfer.kind >= kDeposit && transfer.kind <= kWithdrawalReturn;
  if (!Demand(known, "money-unasked", "money moved for no reason that the market has")) return;
  const std::optional<std::string> id = HexDecode(transfer.job);
  Job* job = FindJob(id.value_or(""));
  if (job == nullptr) return;
  if (transfer.kind == kEscrow) return EscrowTaken(*job, transfer);
  if (transfer.kind == kCollateral || transfer.kind == kCollateralReturn || StakeOwner(transfer.debit)) {
    return CollateralMoved(*job, transfer);
  }
  EscrowSpent(*job, transfer);
}

void MarketAudit::EscrowTaken(Job& job, const TransferRecord& transfer) {
  const bool right = leaf_->type == LeafType::kPostJob && transfers_.size() == 1 &&
                     transfer.debit == Available(job.requester) && transfer.credit == Escrow(job.requester);
  Demand(right && transfer.amount == job.reward + job.fee, "no-escrow",
         absl::StrCat("escrow out of place, or not the reward of ", job.reward, " and the fee of ", job.fee));
  job.escrow = transfer.amount;
}

void MarketAudit::EscrowSpent(Job& job, const TransferRecord& transfer) {
  if (!Demand(transfer.debit == Escrow(job.requester) && transfer.amount <= job.escrow,
              "paid-more-than-escrow", "a job paid more than its escrow, or out of another account")) {
    return;
  }
  job.escrow -= transfer.amount;
  switch (transfer.kind) {
    case kReward:
      return RewardPaid(job, transfer);
    case kRefund:
      return RefundPaid(job, transfer);
    case kCheckFee:
      return CheckFeePaid(job, transfer);
    case kFee:
      Demand(transfer.credit == "fees" && job.rewarded && transfer.amount == job.fee, "fee-without-reward",
             "a fee without a reward, or another than was set");
      return;
    case kBounty: {
      const auto winner = attempts_.find(job.winner);
      const bool right = job.rewarded && winner != attempts_.end() && transfer.amount == job.bounty &&
                         transfer.credit == Available(winner->second.miner);
      Demand(right, "bounty-elsewhere", "a bounty went to another than the winner, or not in whole");
      return;
    }
    default:
      Demand(transfer.kind == kPenalty && !job.rewarded && transfer.amount == job.bounty &&
                 transfer.credit == Available(job.requester),
             "bounty-elsewhere", "forfeited collateral of a job without a winner went to another");
  }
}

// Reporters of an impossible job share it, each once.
void MarketAudit::CheckFeePaid(Job& job, const TransferRecord& transfer) {
  const bool reporter =
      std::any_of(job.reporters.begin(), job.reporters.end(),
                  [&](const std::string& miner) { return transfer.credit == Available(miner); });
  const bool first = job.checkers.insert(transfer.credit).second;
  const uint64_t share =
      PartOf(job.reward, check_fee_per_million_) / std::max<uint64_t>(1, job.reporters.size());
  Demand(Ends(kJobUnprovable) && reporter && first && transfer.amount == share, "check-fee-elsewhere",
         "a check fee to who did not report the job, or that was not due");
}

// How much of it is lost, and when, is the rules' matter; here it must stay between its miner and the job.
void MarketAudit::CollateralMoved(Job& job, const TransferRecord& transfer) {
  const bool taken = transfer.kind == kCollateral;
  const std::optional<std::string> owner = StakeOwner(taken ? transfer.credit : transfer.debit);
  const bool races =
      owner && std::any_of(job.attempts.begin(), job.attempts.end(),
                           [&](const std::string& id) { return Hex(attempts_.at(id).miner) == *owner; });
  if (!Demand(races, "collateral-of-another", "collateral of who is no miner of this job moved")) return;
  const std::string miner = "available:" + *owner;
  switch (transfer.kind) {
    case kCollateral:
      Demand(transfer.debit == miner, "collateral-of-another", "collateral came from another");
      break;
    case kCollateralReturn:
      Demand(transfer.credit == miner, "collateral-elsewhere", "collateral went back to another");
      break;
    case kBounty:
      Demand(transfer.credit == Escrow(job.requester), "collateral-elsewhere", "a bounty went elsewhere");
      job.escrow += transfer.amount;
      job.bounty += transfer.amount;
      break;
    default:
      Demand(transfer.kind == kPenalty && transfer.credit == Available(job.requester), "collateral-elsewhere",
             "a penalty went elsewhere");
  }
}

const MarketAudit::Attempt* MarketAudit::Earliest(const Job& job, std::string* id, bool* undecided) const {
  const Attempt* best = nullptr;
  std::optional<uint64_t> first_undecided;
  for (const std::string& name : job.attempts) {
    const Attempt& attempt = attempts_.at(name);
    if (!attempt.commit_leaf) continue;
    if (attempt.valid == true && (best == nullptr || *attempt.commit_leaf < *best->commit_leaf)) {
      best = &attempt;
      *id = name;
    }
    if (!attempt.decided)
      first_undecided = std::min(first_undecided.value_or(UINT64_MAX), *attempt.commit_leaf);
  }
  *undecided = best != nullptr && first_undecided && *first_undecided < *best->commit_leaf;
  return best;
}

void MarketAudit::RewardPaid(Job& job, const TransferRecord& transfer) {
  std::string id;
  bool undecided = false;
  const Attempt* winner = Earliest(job, &id, &undecided);
  Demand(!job.rewarded && !job.settled, "paid-twice", "a job paid its reward twice, or after its end");
  Demand(transfer.amount == job.reward, "paid-another-amount", "another reward than promised");
  if (Demand(winner != nullptr, "paid-without-proof", "a reward was paid without a valid proof")) {
    Demand(transfer.credit == Available(winner->miner), "paid-to-another",
           "the earliest valid commit was not the one paid");
    Demand(!undecided, "paid-too-early", "a reward was paid before every earlier commit was decided");
  }
  job.rewarded = true;
  job.winner = id;
  proven_[job.statement] = leaf_->time;
  if (options_.job.empty() || options_.job == Hex(about_)) ++paid_;
}

void MarketAudit::RefundPaid(Job& job, const TransferRecord& transfer) {
  job.refunded = true;
  Demand(transfer.credit == Available(job.requester) && job.escrow == 0, "refund-elsewhere",
         "a refund went elsewhere, or in part");
  Demand(!job.rewarded && !job.first_valid, "refunded-although-proven", "a job was refunded although proven");
  Demand(job.cancelled || IsPast(job.deadline) || Ends(kJobUnprovable) || Ends(kJobSuspended),
         "refunded-early", "a job was refunded before its deadline");
  Demand(!Ends(kJobUnprovable) || job.reporters.size() >= reports_wanted_, "refunded-early",
         "a job was called unprovable without enough reports");
  const bool decided = std::all_of(job.attempts.begin(), job.attempts.end(), [this](const std::string& id) {
    return !attempts_.at(id).commit_leaf || attempts_.at(id).decided;
  });
  Demand(!Ends(kJobSuspended) || leaf_->type == LeafType::kSuspension, "refunded-early",
         "a job was called suspended without a suspension");
  Demand(decided || Ends(kJobSuspended), "refunded-early", "a job was refunded while a commit was undecided");
  if (options_.job.empty() || options_.job == Hex(about_)) ++refunded_;
}

}  // namespace prooflode::transparency
