"""Bugs that the simulation must find, each a change of the coordinator's sources that a careless hand could make.

BUGS: name -> list of (file, text that stands there exactly once, what stands there instead). See plant_bugs.py.
"""

MARKET = "coordinator/market/"
ENGINE = "coordinator/engine/"
REWARD_PAID = """  PL_CHECK(Transfer(in, ledger::TransferKind::kReward, escrow, ledger::Available(Hex(best.miner)), job.reward,
                    Hex(job.id)));
"""
REFUND_PAID = """  PL_CHECK(Transfer(in, ledger::TransferKind::kRefund, ledger::Escrow(owner), ledger::Available(owner), total,
                    Hex(job.id)));
"""
FIRST_LEAF = """  Work work;
  work.next_leaf = tree_.size();
  // At the very first start"""
COMMIT_BATCH = "  if (status.ok()) status = Commit(work);\n  if (!status.ok()) {"

BUGS = {
    "pay unverified": [(MARKET + "settle.cc", "  if (!command.valid) {", "  if (false) {")],
    "pay a later proof": [(MARKET + "settle.cc", "leaf < best->commit_leaf", "leaf > best->commit_leaf")],
    "skip a pending earlier commit": [
        (MARKET + "settle.cc", "if (!first_unjudged || *first_unjudged > best->commit_leaf) PayWinner",
         "PayWinner")],
    "pay twice": [
        (MARKET + "settle.cc", REWARD_PAID, REWARD_PAID + """
  Transfer(in, ledger::TransferKind::kReward, ledger::kExternal, ledger::Available(Hex(best.miner)), job.reward,
           Hex(job.id));
""")],
    "refund and pay": [
        (MARKET + "settle.cc", REWARD_PAID, REWARD_PAID + """
  Transfer(in, ledger::TransferKind::kRefund, ledger::kExternal, ledger::Available(Hex(job.requester)),
           job.reward, Hex(job.id));
""")],
    "refund twice": [
        (MARKET + "settle.cc", REFUND_PAID, REFUND_PAID + """
  Transfer(in, ledger::TransferKind::kRefund, ledger::kExternal, ledger::Available(owner), total, Hex(job.id));
""")],
    "refund a cancelled job again": [
        (MARKET + "jobs.cc", "if (job->state != JobState::kOpen) {\n    return Refuse(RefusalCode::kFailedPrecondition, "
         "\"job_id: no longer open\"", "if (job->state == JobState::kWon) {\n    return Refuse("
         "RefusalCode::kFailedPrecondition, \"job_id: no longer open\"")],
    "refund early": [
        (MARKET + "settle.cc", "while (!job_timers_.empty() && IsPast(in.now, job_timers_.begin()->first)) {",
         "while (!job_timers_.empty() && IsPast(in.now + Seconds(2), job_timers_.begin()->first)) {")],
    "late win": [
        (MARKET + "attempts.cc",
         "if (job.state != JobState::kOpen || IsPast(in.now, job.deadline_at)) {\n    return Refuse("
         "RefusalCode::kFailedPrecondition, \"attempt_id: commits",
         "if (IsFinal(job.state)) {\n    return Refuse(RefusalCode::kFailedPrecondition, \"attempt_id: commits")],
    "take a commit that its proof does not open": [
        (MARKET + "attempts.cc",
         "  if (command.opening && command.opening->commit_hash != command.commit_hash) return DoesNotOpen();\n", "")],
    "delete proofs that are to be kept": [
        ("coordinator/engine/expired_proofs.cc", "    if (job.settled_at >= expired.kept_from) continue;\n", "")],
    "forget what was proven too early": [
        (MARKET + "state.cc", "return std::max(proofs_kept_from_, now - rules_.proof_retention);",
         "return std::max(proofs_kept_from_, now - rules_.proof_retention + Seconds(2));")],
    "pay the wrong miner": [
        (MARKET + "settle.cc", "escrow, ledger::Available(Hex(best.miner)), job.reward",
         "escrow, ledger::Available(Hex(attempts_.at(OfJob(job.id).by_fence.begin()->second).miner)), job.reward")],
    "lose a fee": [(MARKET + "settle.cc", "escrow, ledger::kFees, job.fee", "escrow, ledger::kExternal, job.fee")],
    "overdraw": [
        ("coordinator/ledger/ledger.cc", "                                                       : CheckedSub(debit_before, transfer.amount);",
         "                                                       : std::optional<Amount>(Amount{Count(debit_before) - "
         "std::min(Count(debit_before), Count(transfer.amount))});"),
        ("coordinator/ledger/ledger.cc", "#include <limits>\n", "#include <algorithm>\n#include <limits>\n"),
        (MARKET + "state.cc", "  PL_CHECK(ledger_.IsConserved());\n", ""),
    ],
    "lose an acknowledged command": [
        (ENGINE + "engine.cc", "PL_RETURN_IF_ERROR(parts_.store.Write(work.batch));",
         "(void)parts_.store.Write(work.batch);")],
    "forget rows that changed": [
        (ENGINE + "engine.cc",
         "for (const auto& id : work.changes.attempts) batch.attempts.push_back(*market_.FindAttempt(id));",
         "if (!work.changes.attempts.empty()) batch.attempts.push_back(*market_.FindAttempt(*work.changes.attempts.begin()));")],
    "apply a retry twice": [
        (ENGINE + "engine.cc", "return parts_.store.FindAnswer(origin.identity, origin.request_id);",
         "return std::nullopt;")],
    "acknowledge before sync": [
        (ENGINE + "engine.cc", COMMIT_BATCH,
         "  for (Work::Pending& early : work.pending) early.callback(std::move(early.answer));\n"
         "  work.pending.clear();\n" + COMMIT_BATCH)],
    "read before sync": [
        (ENGINE + "engine.cc", COMMIT_BATCH,
         "  for (QueryFunction& query : work.queries) query(market_);\n  work.queries.clear();\n" + COMMIT_BATCH)],
    "gap after a torn tail": [
        (ENGINE + "engine.cc", FIRST_LEAF, FIRST_LEAF.replace("tree_.size()", "tree_.size() + (tree_.size() > 0 ? 1 : 0)"))],
    "rewrite history": [
        (ENGINE + "engine.cc", FIRST_LEAF, FIRST_LEAF.replace("tree_.size()", "tree_.size() - (tree_.size() > 0 ? 1 : 0)"))],
    "receipt over another log": [
        (ENGINE + "engine.cc", "tree_.HeadAt(receipt.tree_size)", "tree_.HeadAt(tree_.size())")],
    "log time going back": [
        (ENGINE + "market_clock.cc", "last_ = std::max(last, clock_.WallNow());", "last_ = clock_.WallNow();")],
    "two verdicts": [
        (ENGINE + "engine.cc", "    Apply(work, {}, verdict);\n", "    Apply(work, {}, verdict);\n    Apply(work, {}, verdict);\n"),
        (MARKET + "settle.cc", "if (attempt.state != AttemptState::kRevealed) {",
         "if (attempt.state != AttemptState::kRevealed && attempt.state != AttemptState::kInvalid) {")],
    "phantom refusal": [
        (MARKET + "admission.cc", "OfJob(job.id).live < PlacesOf(job)", "OfJob(job.id).live + (Width(job.policy) > 1 ? 1 : 0) < PlacesOf(job)")],
    "cancel with a valid commit": [
        (MARKET + "jobs.cc", "if (OfJob(job->id).unjudged > 0) {", "if (OfJob(job->id).unjudged > 1000) {")],
    "resell a proven statement": [(MARKET + "jobs.cc", "  if (!command.again) {", "  if (false) {")],
    "admit beyond the width": [(MARKET + "admission.cc", "OfJob(job.id).live < PlacesOf(job)", "OfJob(job.id).live <= PlacesOf(job)")],
    "resume with a stale token": [(MARKET + "attempts.cc", "if (it->second.fence != fence) {", "if (false) {")],
    "resume a fenced attempt": [
        (MARKET + "attempts.cc", "return attempt.state == AttemptState::kTimedOut && attempt.reason == Reason::kLeaseExpired;",
         "return attempt.state == AttemptState::kTimedOut || attempt.state == AttemptState::kReleased;")],
    "deliver without verification": [
        (MARKET + "attempts.cc", "  effects_.push_back(NeedsVerdict{attempt.id});\n  PutAttempt(std::move(attempt));\n",
         "  effects_.push_back(NeedsVerdict{attempt.id});\n  PutAttempt(attempt);\n"
         "  if (jobs_.at(attempt.job).state == JobState::kOpen) Deliver(in, jobs_.at(attempt.job), attempt);\n")],
    "never settle": [
        (MARKET + "settle.cc", "while (!job_timers_.empty() && IsPast(in.now, job_timers_.begin()->first)) {",
         "while (false) {")],
    "never pay": [
        (MARKET + "settle.cc", "if (!first_unjudged || *first_unjudged > best->commit_leaf) PayWinner",
         "if (first_unjudged && *first_unjudged > best->commit_leaf) PayWinner")],
    "forfeit what others did": [(MARKET + "stake.cc", "    default:\n      return {};", "    default:\n      return attempt.collateral;")],
    "keep a bounty": [
        (MARKET + "stake.cc", "ledger::Escrow(Hex(job.requester)), to, job.bounty", "ledger::Escrow(Hex(job.requester)), ledger::kFees, job.bounty")],
    "believe one report": [(MARKET + "unprovable.cc", "if (reporters.size() < rules_.unprovable_reports) return;", "if (reporters.empty()) return;")],
    "charge after a restart": [(MARKET + "stake.cc", "const bool restarted = attempt.fence < last_restart_;", "const bool restarted = false;")],
    "settle two withdrawals with one payment": [
        (MARKET + "withdrawals.cc", 'absl::StrCat("payment:", command.external_reference)',
         'absl::StrCat("payment:", command.external_reference, ":", command.withdrawal)')],
    "post while suspended": [(MARKET + "jobs.cc", "  if (IsSuspended(circuit->second)) {", "  if (false) {")],
    "take the log over unsaid": [
        (ENGINE + "engine.cc", "    batch.handover = restart.handover;\n",
         "    batch.handover = restart.handover;\n    restart.handover.reset();\n")],
    "leave closing jobs to a broken proof system": [
        (MARKET + "suspend.cc", "if (job.state != JobState::kDelivered && IsSuspended", "if (job.state == JobState::kOpen && IsSuspended")],
    "tickets that do not age": [
        (MARKET + "draw.cc", "return (1 + std::min(draws_lost, kAgeingMax)) * (resident ? 2 : 1);", "return resident ? 2 : 1;")],
    "draw in another order": [
        (MARKET + "draw.cc", "return std::pair(a.first, a.second.miner) < std::pair(b.first, b.second.miner);",
         "return std::pair(a.first, a.second.miner) > std::pair(b.first, b.second.miner);")],
    "draw too many": [(MARKET + "admission.cc", "if (taken < places) {", "if (taken <= places) {")],
    "hedge without a late holder": [(MARKET + "admission.cc", "job.policy.lease->hedged && OfJob(job.id).late > 0;", "job.policy.lease->hedged;")],
    "lose a place in the grace": [(MARKET + "admission.cc", " || in.now < no_expiry_before_) {", ") {")],
    "forget candidates": [(ENGINE + "engine.cc", "batch.candidacies.push_back(*candidacy);", "")],
}
