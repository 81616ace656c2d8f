// Judges a whole log by the market's promises, with its own model: every commit was its miner's, every verdict is right, the earliest
// valid commit was paid, once, after every earlier one was decided, and every unit of money is somewhere.
import { Draws } from "./draw_audit.mjs";
import { Keys } from "./key_audit.mjs";
import { Stakes } from "./stake_audit.mjs";
import { Withdrawals } from "./withdrawal_audit.mjs";
import { LogError, counted, demand, hex, integer, isSignedBy, sha256, tagged } from "./log_reader.mjs";

const KIND = { deposit: 1, escrow: 2, reward: 3, fee: 4, refund: 5, checkFee: 11 };
const ATTEMPT = { valid: 4, won: 5, lost: 6, invalid: 7, timedOut: 9 };
const JOB = { won: 4, unprovable: 7, suspended: 8 };
const UNPROVABLE = 14;

const word = (value) => Buffer.from(BigInt(value).toString(16).padStart(64, "0"), "hex");
const g1 = ([x, y]) => Buffer.concat([word(x), word(y)]);
const g2 = ([x, y]) => Buffer.concat([word(x[1]), word(x[0]), word(y[1]), word(y[0])]);
const GROTH16_BN254 = Buffer.of(1);

// docs/formats/statement.md
const verifyingKeyDigest = (key) => sha256(tagged("prooflode/v1/verifying-key", Buffer.concat([GROTH16_BN254, g1(key.vk_alpha_1),
  g2(key.vk_beta_2), g2(key.vk_gamma_2), g2(key.vk_delta_2), ...key.IC.map(g1)])));

function readKey(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new LogError("a circuit's verification key is none");
  }
}

class Ledger {
  balances = new Map([["external", 0n]]);
  last = 0n;

  balance = (account) => this.balances.get(account) ?? 0n;
  apply({ id, amount, debit, credit }) {
    demand(id === this.last + 1n, `transfer ${id} follows ${this.last}`);
    demand(amount > 0n && debit !== credit, `transfer ${id} moves nothing`);
    this.last = id;
    // "external" owes what the market holds.
    const owed = debit === "external" ? amount : -amount;
    this.balances.set(debit, this.balance(debit) + owed);
    this.balances.set(credit, this.balance(credit) + (credit === "external" ? -amount : amount));
    demand(this.balance(debit) >= 0n && this.balance(credit) >= 0n, `transfer ${id} overdraws`);
  }
  check() {
    let held = 0n;
    for (const [account, balance] of this.balances) if (account !== "external") held += balance;
    demand(held === this.balance("external"), "money was made or lost");
  }
}

export class Auditor {
  // verifyProof(verificationKey, publicInputs, proof): whether a proof, 256 bytes, is right.
  constructor(verifyProof) {
    this.verifyProof = verifyProof;
    this.circuits = new Map();
    this.jobs = new Map();
    this.attempts = new Map();
    this.proven = new Map();  // statement -> when last
    this.proofRetention = 0n;
    this.proofsKeptFrom = 0n;
    this.mayDeleteProofs = false;  // a start so far keeps them for a time alone
    this.judged = 0;
    this.notJudged = 0;  // their proofs are deleted
    this.verifierVersions = new Set();
    this.ledger = new Ledger();
    this.stakes = new Stakes(this);
    this.withdrawals = new Withdrawals();
    this.suspended = new Set();  // circuits; all zeros is all of them
    this.draws = new Draws(this);
    this.keys = new Keys();
    this.market = null;
    this.time = -(2n ** 63n);
    this.noExpiryBefore = 0n;
    this.paid = 0;
    this.refunded = 0;
  }

  async apply(leaf) {
    demand(leaf.time >= this.time, "time went back");
    this.time = leaf.time;
    demand(leaf.index > 0 || leaf.type === "restart", "the first leaf is no start of the coordinator");
    await this[leaf.type]?.(leaf);
    demand(leaf.proof === undefined || leaf.fields.has(54), "a proof beside a leaf that names none");
    demand(leaf.type === "tick" || leaf.draws.length === 0, "a draw out of place");
    for (const record of leaf.attempts) this.attemptChanged(leaf, record);
    for (const transfer of leaf.transfers) this.transferMade(leaf, transfer);
    this.stakes.check(leaf);
    for (const record of leaf.jobs) this.jobChanged(leaf, record);
  }

  finish() {
    this.ledger.check();
    this.stakes.finish();
    this.withdrawals.finish(this.ledger.balances);
    for (const job of this.jobs.values()) {
      demand((this.mayDeleteProofs && job.settled) || job.attempts.every((a) => !a.revealed || a.proof !== undefined),
        "a proof is not shown, and was not to be deleted");
    }
    for (const job of this.jobs.values()) demand(job.settled || !this.isOverdue(job), "a job's time is long over, and neither was it paid nor refunded");
    const unfinished = [...this.jobs.values()].filter((job) => !job.settled).length;
    return { jobs: this.jobs.size, paid: this.paid, refunded: this.refunded, unfinished, transfers: Number(this.ledger.last),
      judged: this.judged, notJudged: this.notJudged, verifierVersions: [...this.verifierVersions], keys: this.keys.history };
  }

  // A minute after its end nothing is left to wait for but verdicts on what was revealed.
  isOverdue(job) {
    const since = (time) => this.time >= (time > this.noExpiryBefore ? time : this.noExpiryBefore) + 60_000_000n;
    const waits = (a) => a.commitLeaf !== undefined && !a.decided && (a.revealed || !since(a.revealBy));
    return job.firstValid === null && since(job.deadline) && !job.attempts.some(waits);
  }

  // What each type of leaf claims.
  restart(leaf) {
    this.market = leaf.fields.get(81).toString();
    this.keys.restart(leaf);
    this.revealWindow = integer(leaf, 82);
    // A start lets nothing expire before this time; an earlier start's longer grace still counts.
    const grace = integer(leaf, 80);
    if (grace > this.noExpiryBefore) this.noExpiryBefore = grace;
    const keptFrom = leaf.fields.get(116).readBigInt64LE();
    demand(keptFrom >= this.proofsKeptFrom && keptFrom <= (this.mayDeleteProofs ? leaf.time : 0n), "proofs were deleted that were to be kept");
    this.proofsKeptFrom = keptFrom;
    this.proofRetention = leaf.fields.get(115).readBigInt64LE();
    this.mayDeleteProofs ||= this.proofRetention > 0n;
    this.stakes.restart(leaf);
    this.draws.restart(leaf);
    this.reportsWanted = leaf.fields.get(113).readUInt32LE();
    this.checkFee = BigInt(leaf.fields.get(114).readUInt32LE());
    this.feePerMillion = BigInt(leaf.fields.get(89).readUInt32LE());
  }
  register(leaf) {
    const key = readKey(leaf.fields.get(21).toString());
    const digest = verifyingKeyDigest(key);
    const id = sha256(tagged("prooflode/v1/circuit", Buffer.concat([digest, leaf.fields.get(13), leaf.fields.get(15) ?? Buffer.alloc(32)])));
    demand(id.equals(leaf.fields.get(10)), "a circuit has another name than its files and key give it");
    this.circuits.set(hex(leaf, 10), { key, digest, checked: leaf.fields.has(15) });
  }
  post(leaf) {
    demand(leaf.jobs.length === 1 && !this.jobs.has(leaf.jobs[0].job), "a post makes one new job");
    const circuit = hex(leaf, 10);
    demand(this.circuits.has(circuit), "a job's circuit was never registered");
    demand(!this.isSuspended(circuit), "a job was posted while its circuit was suspended");
    this.jobs.set(leaf.jobs[0].job, {
      requester: hex(leaf, 1), circuit, inputs: leaf.fields.get(33), reward: integer(leaf, 35), deadline: leaf.jobs[0].deadline,
      fee: (integer(leaf, 35) * this.feePerMillion) / 1_000_000n, escrow: 0n, open: true, settled: false, refunded: false, cancelled: false, firstValid: null, attempts: [], reporters: [], checkFees: [],
      ...this.stakes.posted(leaf), ...this.draws.posted(leaf),
    });
    demand(leaf.transfers.length === 1 && leaf.transfers[0].kind === KIND.escrow, "a post takes its escrow");
    const statement = hex(leaf, 34);
    const named = sha256(tagged("prooflode/v1/statement", Buffer.concat([this.circuits.get(circuit).digest, leaf.fields.get(33)])));
    demand(named.toString("hex") === statement, "a statement has another name than its key and inputs give it");
    demand(leaf.fields.get(39)[0] === 1 || !this.isProven(leaf, statement), "a proven statement was sold again unasked");
    this.jobs.get(leaf.jobs[0].job).statement = statement;
  }
  cancel(leaf) {
    const job = this.jobOf(hex(leaf, 30));
    demand(job.requester === hex(leaf, 1), "a stranger cancelled a job");
    demand(!job.attempts.some((a) => a.commitLeaf !== undefined && !a.decided), "cancelled while a commit was undecided");
    job.cancelled = true;
  }
  admit(leaf) {
    const job = this.jobOf(hex(leaf, 30));
    demand(job.open && !this.isPast(leaf, job.deadline), "an admission to a job that was over");
    if (leaf.attempts.length === 0) return this.draws.entered(leaf, job);
    const [record] = leaf.attempts;
    demand(leaf.attempts.length === 1 && record.job === hex(leaf, 30) && record.miner === hex(leaf, 1), "an admission makes one attempt of who asked");
    this.draws.admittedAtOnce(job);
    this.admitted(leaf, job, record);
  }
  admitted(leaf, job, record) {
    const attempt = { id: record.attempt, job: record.job, miner: record.miner, fence: record.fence, state: record.state, decided: false, valid: null };
    demand(!this.attempts.has(attempt.id) && attempt.fence === BigInt(leaf.index), "an attempt or its fence is not new");
    this.attempts.set(attempt.id, attempt);
    this.stakes.admitted(leaf, job, attempt);
    job.attempts.push(attempt);
  }
  withdrawCandidacy(leaf) {
    this.draws.withdrawn(leaf, this.jobOf(hex(leaf, 30)));
  }
  tick(leaf) {
    // Places that got free in this leaf are drawn for in it.
    for (const record of leaf.attempts) if (this.attempts.has(record.attempt)) this.attemptOf(record.attempt).state = record.state;
    for (const draw of leaf.draws) this.draws.held(leaf, draw);
  }
  commit(leaf) {
    const attempt = this.own(leaf);
    const job = this.jobOf(attempt.job);
    demand(attempt.commitLeaf === undefined, "an attempt committed twice");
    demand(!this.isPast(leaf, job.deadline) && job.firstValid === null && !job.settled, "a commit came after commits had closed");
    const [miner, hash] = [leaf.fields.get(1), leaf.fields.get(52)];
    const message = Buffer.concat([counted(this.market), Buffer.from(attempt.job, "hex"), Buffer.from(attempt.id, "hex"),
      leaf.fields.get(51), miner, hash]);
    demand(isSignedBy(miner, tagged("prooflode/v1/commit", message), leaf.fields.get(53)), "a commit is not signed by its miner");
    Object.assign(attempt, { commitLeaf: leaf.index, commitHash: hash, revealBy: leaf.time + this.revealWindow });
    if (leaf.fields.has(54)) this.reveal(leaf);
  }
  reveal(leaf) {
    const attempt = this.own(leaf);
    const job = this.jobOf(attempt.job);
    demand(attempt.commitLeaf !== undefined && !attempt.revealed && !attempt.decided, "a reveal without a waiting commit");
    demand(!this.isPast(leaf, attempt.revealBy), "a reveal came after its window");
    const proofHash = leaf.fields.get(54);
    const opened = sha256(tagged("prooflode/v1/commit-hash", Buffer.concat([counted(this.market), Buffer.from(attempt.job, "hex"),
      Buffer.from(attempt.id, "hex"), leaf.fields.get(1), proofHash, leaf.fields.get(55)])));
    demand(opened.equals(attempt.commitHash), "a reveal does not open its commit");
    demand(leaf.proof === undefined || sha256(leaf.proof, job.inputs).equals(proofHash), "the proof beside a leaf is not the one it names");
    Object.assign(attempt, { revealed: true, proof: leaf.proof });
  }
  release(leaf) {
    const attempt = this.own(leaf);
    demand(attempt.commitLeaf === undefined, "an attempt was released after its commit");
    attempt.decided = true;
    if (leaf.fields.get(56)[0] === UNPROVABLE) this.jobOf(attempt.job).reporters.push(attempt);
  }
  async verdict(leaf) {
    const attempt = this.attemptOf(hex(leaf, 50));
    const job = this.jobOf(attempt.job);
    demand(attempt.revealed && attempt.valid === null && !attempt.decided, "a verdict on what awaits none");
    const version = leaf.fields.get(59);
    demand(version?.length === 4 && version.readUInt32LE() > 0, "a verdict does not say which verifier decided");
    this.verifierVersions.add(version.readUInt32LE());
    const valid = leaf.fields.get(57)[0] === 1;
    if (attempt.proof === undefined) {
      this.notJudged++;  // it is deleted: no fraud
    } else {
      demand(valid === (await this.verifyProof(this.circuits.get(job.circuit).key, job.inputs, attempt.proof)), "a verdict is wrong");
      this.judged++;
    }
    Object.assign(attempt, { valid, decided: true });
    if (valid && job.firstValid === null) job.firstValid = leaf.index;
  }
  deposit(leaf) {
    const [t] = leaf.transfers;
    demand(leaf.transfers.length === 1 && t.kind === KIND.deposit && t.debit === "external", "a deposit is one transfer from outside");
    demand(t.credit === `available:${hex(leaf, 70)}` && t.amount === integer(leaf, 71), "a deposit went elsewhere");
  }
  withdraw = (leaf) => this.withdrawals.requested(leaf);
  payWithdrawal = (leaf) => this.withdrawals.paid(leaf);
  rejectWithdrawal = (leaf) => this.withdrawals.givenBack(leaf, false);
  cancelWithdrawal = (leaf) => this.withdrawals.givenBack(leaf, true);
  suspension(leaf) {
    const circuit = hex(leaf, 10);
    const everything = /^0*$/.test(circuit);
    demand(everything || this.circuits.has(circuit), "an unknown circuit was suspended");
    const active = leaf.fields.get(74)[0] === 1;
    demand(active !== this.suspended.has(circuit), "a suspension changed nothing");
    if (!active) return this.suspended.delete(circuit);
    this.suspended.add(circuit);
    // Whatever is not delivered ends at once.
    for (const [id, job] of this.jobs) {
      if (job.settled || job.firstValid !== null || !(everything || job.circuit === circuit)) continue;
      demand(this.endsAs(leaf, id, JOB.suspended), "a job went on although its circuit was suspended");
    }
  }

  // What came of it.
  attemptChanged(leaf, record) {
    const attempt = this.attemptOf(record.attempt);
    demand(record.miner === attempt.miner && record.job === attempt.job, "an attempt changed hands");
    attempt.state = record.state;
    if (record.state === ATTEMPT.timedOut && attempt.commitLeaf !== undefined) {
      demand(!attempt.revealed && this.isPast(leaf, attempt.revealBy),
        "a commit was dropped before its reveal window had passed");
      attempt.decided = true;
    }
    if (record.state === ATTEMPT.invalid) demand(attempt.valid === false, "an attempt was called invalid without a verdict");
    this.stakes.changed(attempt, record);
    if (record.state === ATTEMPT.valid || record.state === ATTEMPT.won) demand(attempt.valid === true, "a valid attempt without a verdict");
  }
  transferMade(leaf, transfer) {
    this.ledger.apply(transfer);
    const is = (kind) => transfer.kind === kind;
    if (is(KIND.deposit)) return demand(leaf.type === "deposit", "money entered or left unasked");
    if (this.withdrawals.moved(leaf, transfer)) return;
    const job = this.jobOf(transfer.job);
    const [available, escrow] = [`available:${job.requester}`, `escrow:${job.requester}`];
    if (is(KIND.escrow)) {
      demand(leaf.type === "post" && transfer.debit === available && transfer.credit === escrow, "escrow out of place");
      demand(transfer.amount === job.reward + job.fee, "escrow is not the reward and the rule's fee");
      job.escrow = transfer.amount;
      return;
    }
    if (this.stakes.moved(leaf, job, transfer)) return;
    demand(transfer.debit === escrow && transfer.amount <= job.escrow, "a job paid more than its escrow");
    job.escrow -= transfer.amount;
    demand([KIND.reward, KIND.fee, KIND.checkFee, KIND.refund].includes(transfer.kind), "money moved for no reason that the market has");
    if (is(KIND.reward)) this.rewardPaid(leaf, job, transfer);
    if (is(KIND.fee)) demand(transfer.credit === "fees" && job.rewarded && transfer.amount === job.fee, "a fee without a reward, or another than the rule's");
    if (is(KIND.checkFee)) this.checkFeePaid(leaf, job, transfer);
    if (is(KIND.refund)) this.refundPaid(leaf, job, transfer);
  }
  rewardPaid(leaf, job, transfer) {
    const committed = job.attempts.filter((a) => a.commitLeaf !== undefined).sort((a, b) => a.commitLeaf - b.commitLeaf);
    const winner = committed.find((a) => a.valid === true);
    demand(winner !== undefined, "paid without a valid proof");
    demand(!job.rewarded && !job.settled, "paid twice");
    demand(transfer.amount === job.reward, "another reward than promised");
    demand(transfer.credit === `available:${winner.miner}`, "the earliest valid commit was not the one paid");
    demand(committed.every((a) => a.commitLeaf >= winner.commitLeaf || a.decided), "paid before an earlier commit was decided");
    Object.assign(job, { rewarded: true, winner });
    this.proven.set(job.statement, leaf.time);
    this.draws.won(job, winner.miner);
    this.paid++;
  }
  refundPaid(leaf, job, transfer) {
    demand(transfer.credit === `available:${job.requester}` && job.escrow === 0n, "a refund went elsewhere or in part");
    demand(!job.rewarded && job.firstValid === null, "refunded although proven");
    job.refunded = true;
    if (this.endsAs(leaf, transfer.job, JOB.unprovable)) {
      demand(job.reporters.length >= this.reportsWanted && !this.circuits.get(job.circuit).checked, "called unprovable without enough reports");
    } else if (this.endsAs(leaf, transfer.job, JOB.suspended)) {
      demand(leaf.type === "suspension" && this.isSuspended(job.circuit), "called suspended, and was not");
      this.refunded++;
      return;
    } else {
      demand(job.cancelled || this.isPast(leaf, job.deadline), "refunded early");
    }
    demand(job.attempts.every((a) => a.commitLeaf === undefined || a.decided), "refunded while a commit was undecided");
    this.refunded++;
  }
  endsAs = (leaf, id, state) => leaf.jobs.some((record) => record.job === id && record.state === state);
  checkFeePaid(leaf, job, transfer) {
    demand(this.endsAs(leaf, transfer.job, JOB.unprovable), "a check fee for a job that may be provable");
    const share = (job.reward * this.checkFee) / 1_000_000n / BigInt(job.reporters.length);
    const inOrder = [...job.reporters].sort((a, b) => (a.fence < b.fence || (a.fence === b.fence && a.id < b.id) ? -1 : 1));  // of admission
    const next = inOrder[job.checkFees.push(transfer) - 1]?.miner;
    demand(transfer.amount === share && transfer.credit === `available:${next}`, "a check fee went elsewhere, or is another than the rule's");
  }
  jobChanged(leaf, record) {
    const job = this.jobOf(record.job);
    demand(record.deadline === job.deadline, "a deadline moved");
    job.open = record.state === 1;
    if (!job.open) this.draws.closed(job);
    if (!/^0*$/.test(record.delivered)) demand(this.attemptOf(record.delivered).valid === true, "a proof was delivered without a verdict");
    if (record.state < 4) return;
    demand(!job.settled, "a job ended twice");
    demand(job.escrow === 0n, "a job ended with money in escrow");
    if (record.state === JOB.won) demand(job.rewarded && record.winning === job.winner.id, "won by another than was paid");
    else demand(job.refunded && job.firstValid === null, "a job ended without payment or refund");
    if (record.state === JOB.unprovable) demand(job.checkFees.length === job.reporters.length || this.checkFee * job.reward < 1_000_000n * BigInt(job.reporters.length), "a report was not paid for");
    job.settled = true;
  }

  // By a proof that must still be there.
  isProven(leaf, statement) {
    const at = this.proven.get(statement);
    if (at === undefined || at < this.proofsKeptFrom) return false;
    return this.proofRetention === 0n || at >= leaf.time - this.proofRetention;
  }
  isSuspended = (circuit) => this.suspended.has(circuit) || this.suspended.has("00".repeat(32));
  isPast = (leaf, time) => leaf.time >= time && leaf.time >= this.noExpiryBefore;
  jobOf(id) {
    demand(this.jobs.has(id), `no job ${id}`);
    return this.jobs.get(id);
  }
  attemptOf(id) {
    demand(this.attempts.has(id), `no attempt ${id}`);
    return this.attempts.get(id);
  }
  own(leaf) {
    const attempt = this.attemptOf(hex(leaf, 50));
    demand(attempt.miner === hex(leaf, 1) && attempt.fence === integer(leaf, 51), "somebody used another's attempt");
    return attempt;
  }
}
