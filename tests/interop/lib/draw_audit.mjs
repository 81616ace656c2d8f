// Places as the rules have them: who was a candidate, with how many tickets, and whether the places went to the lowest of them.
import { demand, hex, integer, sha256, tagged } from "./log_reader.mjs";

const AGEING_MAX = 7;
const DISK = 2;
const LIVE_MAX = 4;  // states admitted to valid
const ADMITTED = 1;

const u32 = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const number = (leaf, field) => leaf.fields.get(field).readUInt32LE();

export class Draws {
  // auditor: has jobOf(id), attempts and admitted(leaf, job, record).
  constructor(auditor) {
    this.auditor = auditor;
    this.lost = new Map();    // miner -> draws lost since it was last drawn
    this.wonBy = new Set();   // "miner circuit"
  }

  restart(leaf) {
    this.window = integer(leaf, 91);
  }
  posted(leaf) {
    demand(leaf.fields.get(41).equals(leaf.rootBefore), "a job's draws have another root than the log had");
    const nonce = leaf.fields.get(40);
    const seed = sha256(tagged("prooflode/v1/draw", Buffer.concat([Buffer.from(leaf.jobs[0].job, "hex"), u32(nonce.length), nonce,
      leaf.fields.get(41)])));
    const lease = leaf.fields.has(38);
    return { seed, lease, hedged: lease && leaf.fields.get(42)[0] === 1, width: lease ? 1 : number(leaf, 37), draws: 0, drawAt: null,
      candidates: new Map() };
  }
  // An admission without a draw.
  admittedAtOnce(job) {
    demand(job.width === 0 || this.window === 0n, "admitted without a draw");
    demand(job.width === 0 || this.liveOf(job) < job.width + (job.hedged ? 1 : 0), "admitted beyond the width");
  }
  entered(leaf, job) {
    demand(job.width !== 0 && this.window !== 0n, "a candidacy where there is no draw");
    const miner = hex(leaf, 1);
    demand(!job.candidates.has(miner), "a candidate entered twice");
    if (job.candidates.size === 0) job.drawAt = leaf.time + this.window;
    job.candidates.set(miner, { residency: leaf.fields.get(44)[0] });
  }
  withdrawn(leaf, job) {
    demand(job.candidates.delete(hex(leaf, 1)), "a withdrawal by who is no candidate");
  }
  closed(job) {
    job.candidates.clear();
  }
  won(job, miner) {
    this.wonBy.add(`${miner} ${job.circuit}`);
  }

  liveOf = (job) => job.attempts.filter((a) => a.state <= LIVE_MAX).length;
  ticketsOf(job, miner) {
    const resident = job.lease && job.candidates.get(miner).residency >= DISK && this.wonBy.has(`${miner} ${job.circuit}`);
    return (1 + Math.min(this.lost.get(miner) ?? 0, AGEING_MAX)) * (resident ? 2 : 1);
  }
  best(job, draw, miner, tickets) {
    const of = (i) => sha256(tagged("prooflode/v1/ticket", Buffer.concat([job.seed, u32(draw.number), Buffer.from(miner, "hex"), u32(i)])));
    return Array.from({ length: tickets }, (_, i) => of(i)).sort(Buffer.compare)[0];
  }
  held(leaf, draw) {
    const job = this.auditor.jobOf(draw.job);
    demand(draw.number === job.draws++ && job.drawAt !== null && leaf.time >= job.drawAt, "a draw out of turn or before its time");
    job.drawAt = null;
    demand(draw.candidates.length === job.candidates.size && draw.candidates.every((c) => job.candidates.has(c.miner)),
      "a draw among others than its candidates");
    this.checkPlaces(job, draw);
    let before = null;
    for (const candidate of draw.candidates) {
      demand(candidate.tickets === this.ticketsOf(job, candidate.miner), "a candidate had another number of tickets");
      const best = this.best(job, draw, candidate.miner, candidate.tickets);
      demand(before === null || Buffer.compare(before, best) < 0, "a draw had another order than its tickets give");
      before = best;
    }
    for (const { miner, admitted } of draw.candidates) this.settle(leaf, job, draw, miner, admitted);
    job.candidates.clear();
  }
  checkPlaces(job, draw) {
    // The second place of a hedged lease depends on what its holder said it would take.
    const free = Math.max(0, job.width - this.liveOf(job));
    demand(draw.places === free || (job.hedged && draw.places <= free + 1), "a draw for another number of places than were free");
    const admitted = draw.candidates.filter((c) => c.admitted).length;
    demand(admitted <= draw.places, "a draw admitted more than it had places for");
    // Whoever cannot pay its collateral is passed over.
    if (job.collateral > 0n) return;
    demand(draw.candidates.every((c, i) => c.admitted === (i < draw.places)), "a place did not go to the lowest ticket");
  }
  settle(leaf, job, draw, miner, admitted) {
    if (draw.places > 0) this.lost.set(miner, admitted ? 0 : Math.min((this.lost.get(miner) ?? 0) + 1, AGEING_MAX));
    if (!admitted) return;
    const id = sha256(tagged("prooflode/v1/drawn-attempt", Buffer.concat([job.seed, u32(draw.number), Buffer.from(miner, "hex")])));
    const record = leaf.attempts.find((a) => a.attempt === id.toString("hex", 0, 16));
    demand(record !== undefined && record.miner === miner && record.job === draw.job && record.state === ADMITTED,
      "a place that was drawn was not given");
    this.auditor.admitted(leaf, job, record);
  }
}
