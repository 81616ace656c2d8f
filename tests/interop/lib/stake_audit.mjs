// Collateral as the rules have it: what an admission takes, and what each end of an attempt gives back or costs.
import { demand, integer } from "./log_reader.mjs";

const KIND = { collateral: 7, collateralReturn: 8, penalty: 9, bounty: 10 };
const STATE = { committed: 2, valid: 4, invalid: 7, released: 8, timedOut: 9, jobEnded: 10 };
const REASON = { deadlinePassed: 9, unprovable: 14 };
const MILLION = 1_000_000n;

const u32 = (leaf, number) => BigInt(leaf.fields.get(number).readUInt32LE());
const min = (a, b) => (a < b ? a : b);

export class Stakes {
  // auditor: has jobOf(id), and attempts with commitLeaf and decided.
  constructor(auditor) {
    this.auditor = auditor;
    this.lastRestart = 0;
    this.held = 0n;
    this.ended = [];  // in the leaf at hand
    this.admissions = [];  // in the leaf at hand, with collateral to come
  }

  restart(leaf) {
    this.lastRestart = leaf.index;
    this.perMillion = u32(leaf, 110);
    this.grace = integer(leaf, 111);
    this.releaseFee = u32(leaf, 112);
    this.place = integer(leaf, 90);
  }
  posted(leaf) {
    const lease = leaf.fields.has(38) ? integer(leaf, 38) : null;
    const own = lease ?? (leaf.fields.get(37).readUInt32LE() === 0 ? null : this.place);
    return { collateral: (integer(leaf, 35) * this.perMillion) / MILLION, bounty: 0n, ownTime: own };
  }
  admitted(leaf, job, attempt) {
    Object.assign(attempt, { held: 0n, admittedAt: leaf.time, admittedBy: leaf.index });
    const own = job.ownTime === null ? job.deadline : leaf.time + job.ownTime;
    attempt.endsAt = min(own, job.deadline);
    if (job.collateral > 0n) this.admissions.push(attempt);
  }
  changed(attempt, record) {
    if (record.state > STATE.valid && attempt.held > 0n) this.ended.push({ attempt, record, paid: 0n, returned: 0n });
  }

  // Whether this transfer is of a kind that is judged here.
  moved(leaf, job, transfer) {
    const requester = [`available:${job.requester}`, `escrow:${job.requester}`];
    if (transfer.kind === KIND.collateral) return this.take(job, transfer);
    if (transfer.kind === KIND.collateralReturn) {
      const end = this.endOf(job, transfer);
      demand(transfer.credit === `available:${end.attempt.miner}`, "collateral went to another");
      end.returned += transfer.amount;
      return true;
    }
    if (transfer.kind !== KIND.penalty && transfer.kind !== KIND.bounty) return false;
    if (transfer.debit.startsWith("stake:")) {
      demand(transfer.credit === requester[transfer.kind - KIND.penalty], "a penalty went elsewhere");
      this.endOf(job, transfer).paid += transfer.amount;
      if (transfer.kind === KIND.bounty) {
        job.bounty += transfer.amount;
        job.escrow += transfer.amount;
      }
      return true;
    }
    demand(transfer.debit === requester[1] && transfer.amount === job.bounty, "a bounty came from elsewhere or in part");
    const to = transfer.kind === KIND.bounty ? job.rewarded && `available:${job.winner.miner}` : !job.rewarded && requester[0];
    demand(transfer.credit === to, "a bounty went elsewhere");
    job.escrow -= job.bounty;
    job.bounty = 0n;
    return true;
  }
  take(job, transfer) {
    const at = this.admissions.findIndex((a) => a.job === transfer.job && transfer.debit === `available:${a.miner}`);
    demand(at >= 0 && transfer.amount === job.collateral, "collateral out of place, of another, or another than the rule's");
    const [attempt] = this.admissions.splice(at, 1);
    demand(transfer.credit === `stake:${attempt.miner}`, "collateral to another");
    attempt.held = transfer.amount;
    this.held += transfer.amount;
    return true;
  }
  endOf(job, transfer) {
    const end = this.ended.find(({ attempt }) => transfer.debit === `stake:${attempt.miner}` && this.auditor.jobOf(attempt.job) === job);
    demand(end !== undefined, "collateral of an attempt that goes on moved");
    return end;
  }

  // At the end of a leaf: everything that ended in it got and paid what it should.
  check(leaf) {
    demand(this.admissions.length === 0, "an admission took no collateral");
    for (const { attempt, record, paid, returned } of this.ended) {
      const penalty = this.penalty(leaf, attempt, record);
      demand(paid === penalty, `an attempt paid ${paid} of its collateral, want ${penalty}`);
      demand(returned === attempt.held - penalty, "collateral was kept");
      this.held -= attempt.held;
      attempt.held = 0n;
    }
    this.ended = [];
  }
  finish() {
    let held = 0n;
    for (const [account, balance] of this.auditor.ledger.balances) if (account.startsWith("stake:")) held += balance;
    demand(held === this.held, "stakes hold another amount than live attempts");
  }

  penalty(leaf, attempt, record) {
    const restarted = attempt.admittedBy < this.lastRestart;
    if (record.state === STATE.invalid) return attempt.held;
    // Silence is the coordinator's word alone: it costs what giving back would.
    if (leaf.type === "holderSilent") return restarted ? 0n : this.feeOf(leaf, attempt);
    if (record.state === STATE.timedOut) {
      const silent = attempt.commitLeaf !== undefined && attempt.commitLeaf > this.lastRestart;
      return silent || !restarted ? attempt.held : 0n;
    }
    if (record.state === STATE.released) return record.reason === REASON.unprovable || restarted ? 0n : this.feeOf(leaf, attempt);
    if (record.state !== STATE.jobEnded || record.reason !== REASON.deadlinePassed || restarted) return 0n;
    const others = this.auditor.jobOf(attempt.job).attempts.some((a) => a.commitLeaf !== undefined && !a.decided);
    const missed = attempt.commitLeaf === undefined && !others && leaf.time >= attempt.admittedAt + this.grace;
    return missed ? attempt.held : 0n;
  }
  feeOf(leaf, attempt) {
    const freeUntil = attempt.admittedAt + this.grace;
    const whole = (attempt.held * this.releaseFee) / MILLION;
    if (leaf.time < freeUntil) return 0n;
    return leaf.time >= attempt.endsAt ? whole : (whole * (leaf.time - freeUntil)) / (attempt.endsAt - freeUntil);
  }
}
