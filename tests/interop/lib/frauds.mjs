// What a dishonest coordinator might write into its log: each takes the decoded leaves of an honest one and gives the fraudulent
// ones, or null where there is nothing to do it with. The leaves' hashes do not matter here: a log that is consistent with its own
// root may lie all the same.
const find = (leaves, test) => leaves.find(test) ?? null;
const flip = (bytes) => Buffer.from(bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte)));
const REWARD = 3;

function change(leaf, edit, leaves) {
  if (leaf === null) return null;
  return edit(leaf) === null ? null : leaves;
}
const withField = (leaf, number, value) => leaf.fields.set(number, value);
const renumbered = (leaves) => leaves.map((leaf, index) => ({ ...leaf, index }));
const contested = (draw) => draw.candidates.some((c) => c.admitted) && draw.candidates.some((c) => !c.admitted);
const paying = (leaf) => leaf.transfers.some((t) => t.kind === REWARD);
const verdict = (value) => (leaf) => leaf.type === "verdict" && leaf.fields.get(57)[0] === value;

// The two earliest commits of a race that paid the first of them.
function racePair(leaves) {
  const byJob = new Map();
  const jobOf = new Map();
  for (const leaf of leaves) {
    for (const { attempt, job } of leaf.attempts) jobOf.set(attempt, job);
    if (leaf.type !== "commit") continue;
    const job = jobOf.get(leaf.fields.get(50).toString("hex"));
    byJob.set(job, [...(byJob.get(job) ?? []), leaf]);
    if (byJob.get(job).length < 2) continue;
    const [first, second] = byJob.get(job);
    const winner = leaves.flatMap((l) => l.jobs).find((j) => j.job === job && j.state === 4)?.winning;
    if (winner === first.fields.get(50).toString("hex")) return [first, second];
  }
  return null;
}

const laterStart = (leaf) => leaf.type === "restart" && leaf.index > 0;
const handover = (leaf) => leaf.type === "restart" && leaf.fields.has(96);

export const frauds = {
  "another key that nobody handed the log to": (leaves) => change(find(leaves, laterStart), (l) => {
    for (const number of [41, 96, 97, 98, 99]) l.fields.delete(number);
    withField(l, 95, flip(l.fields.get(95)));
  }, leaves),
  "a handover that the retired key has not signed": (leaves) =>
    change(find(leaves, handover), (l) => withField(l, 97, flip(l.fields.get(97))), leaves),
  "a handover of another log": (leaves) => change(find(leaves, handover), (l) => withField(l, 41, flip(l.fields.get(41))), leaves),
  "a valid proof called invalid": (leaves) => change(find(leaves, verdict(1)), (l) => withField(l, 57, Buffer.of(0)), leaves),
  "a verdict of an unnamed verifier": (leaves) => change(find(leaves, verdict(1)), (l) => withField(l, 59, Buffer.alloc(4)), leaves),
  "another proof paid": (leaves) => change(find(leaves, (l) => l.type === "reveal"), (l) => withField(l, 54, flip(l.fields.get(54))), leaves),
  "a proof that is not the one its leaf names": (leaves) => change(find(leaves, (l) => l.proof !== undefined), (l) => {
    l.proof = flip(l.proof);
  }, leaves),
  "a proof withheld from auditors": (leaves) => change(find(leaves, (l) => l.proof !== undefined), (l) => {
    l.proof = undefined;
  }, leaves),
  "a proof beside a leaf that names none": (leaves) => change(find(leaves, (l) => l.type === "post"), (l) => {
    l.proof = Buffer.alloc(256);
  }, leaves),
  "proofs deleted that were to be kept": (leaves) => change(find(leaves, (l) => l.type === "restart"), (l) => {
    const time = Buffer.alloc(8);
    time.writeBigInt64LE(l.time);
    withField(l, 116, time);
  }, leaves),
  "a commit that the proof in it does not open": (leaves) =>
    change(find(leaves, (l) => l.type === "commit" && l.fields.has(54)), (l) => withField(l, 55, flip(l.fields.get(55))), leaves),
  "paid to another": (leaves) => change(find(leaves, paying), (l) => {
    l.transfers.find((t) => t.kind === REWARD).credit = `available:${"00".repeat(32)}`;
  }, leaves),
  "a reward that is called something else, to another": (leaves) => change(find(leaves, paying), (l) => {
    Object.assign(l.transfers.find((t) => t.kind === REWARD), { kind: 0, credit: `available:${"00".repeat(32)}` });
    for (const job of l.jobs) job.state = 5;
  }, leaves),
  "a reward that is called a check fee, to another": (leaves) => change(find(leaves, paying), (l) => {
    Object.assign(l.transfers.find((t) => t.kind === REWARD), { kind: 11, credit: `available:${"00".repeat(32)}` });
    for (const job of l.jobs) job.state = 5;
  }, leaves),
  "more escrow than reward and fee": (leaves) => change(find(leaves, (l) => l.type === "post"), (l) => {
    l.transfers[0].amount += 7n;
  }, leaves),
  "a key that nobody can read": (leaves) => change(find(leaves, (l) => l.type === "register"), (l) =>
    withField(l, 21, Buffer.concat([l.fields.get(21), Buffer.from("x")])), leaves),
  "a job that is left to itself": (leaves) => {
    const at = leaves.findIndex((l) => l.type === "post");
    if (at < 0) return null;
    const later = leaves[at].time + 400n * 24n * 3600n * 1_000_000n;
    const tick = { type: "tick", time: later, fields: new Map(), jobs: [], attempts: [], transfers: [], draws: [] };
    return renumbered([...leaves.slice(0, at + 1), tick]);
  },
  "paid twice": (leaves) => change(find(leaves, paying), (l) => {
    const again = { ...l.transfers.find((t) => t.kind === REWARD) };
    again.id = l.transfers.at(-1).id + 1n;
    l.transfers.push(again);
  }, leaves),
  "paid without a verdict": (leaves) => {
    const at = leaves.findIndex(paying);
    if (at < 0) return null;
    const { transfers } = leaves[at];
    const earlier = leaves.slice(0, at).findLastIndex((l) => l.type === "commit");
    leaves[earlier].transfers = transfers;
    leaves[at].transfers = [];
    return leaves;
  },
  "less paid than promised": (leaves) => change(find(leaves, paying), (l) => {
    l.transfers.find((t) => t.kind === REWARD).amount -= 1n;
  }, leaves),
  "refunded although proven": (leaves) => change(find(leaves, paying), (l) => {
    const reward = l.transfers.find((t) => t.kind === REWARD);
    Object.assign(reward, { kind: 5, credit: reward.debit.replace("escrow", "available") });
  }, leaves),
  "a draw changed": (leaves) => change(find(leaves, (l) => l.draws.some(contested)), (l) => {
    const { candidates } = l.draws.find(contested);
    const [won, lost] = [candidates.findIndex((c) => c.admitted), candidates.findIndex((c) => !c.admitted)];
    [candidates[won].miner, candidates[lost].miner] = [candidates[lost].miner, candidates[won].miner];
    l.attempts.find((a) => a.miner === candidates[lost].miner && a.state === 1).miner = candidates[won].miner;
  }, leaves),
  "a candidate left out of a draw": (leaves) => change(find(leaves, (l) => l.draws.some(contested)), (l) => {
    l.draws.find(contested).candidates.pop();
  }, leaves),
  "tickets made up": (leaves) => change(find(leaves, (l) => l.draws.some((d) => d.candidates.length > 0)), (l) => {
    l.draws.find((d) => d.candidates.length > 0).candidates[0].tickets += 1;
  }, leaves),
  "draws of another root": (leaves) => change(find(leaves, (l) => l.type === "post"), (l) => withField(l, 41, flip(l.fields.get(41))), leaves),
  "draws of another nonce": (leaves) => change(find(leaves, (l) => l.type === "post" && leaves.some((o) => o.draws.some((d) => d.job === l.jobs[0].job && d.candidates.some((c) => c.admitted)))), (l) => withField(l, 40, flip(l.fields.get(40))), leaves),
  "admitted without a draw": (leaves) => {
    const at = leaves.findIndex((l) => l.draws.some((d) => d.candidates.some((c) => c.admitted)));
    if (at < 0) return null;
    const draw = leaves[at].draws.find((d) => d.candidates.some((c) => c.admitted));
    const { miner } = draw.candidates.find((c) => c.admitted);
    const asked = leaves.find((l) => l.index < at && l.type === "admit" && l.fields.get(30).toString("hex") === draw.job && l.fields.get(1).toString("hex") === miner);
    asked.attempts = leaves[at].attempts.filter((a) => a.miner === miner && a.job === draw.job).map((a) => ({ ...a, fence: BigInt(asked.index) }));
    return leaves;
  },
  "a deposit out of nothing": (leaves) => change(find(leaves, (l) => l.type === "deposit"), (l) => {
    l.transfers[0].amount += 1n;
  }, leaves),
  "time moved back": (leaves) => change(leaves.at(-1), (l) => {
    l.time = leaves[0].time - 1n;
  }, leaves),
  "a commit forged for a miner": (leaves) => change(find(leaves, (l) => l.type === "commit"), (l) => withField(l, 52, flip(l.fields.get(52))), leaves),
  "a commit dropped": (leaves) => {
    const at = leaves.findIndex((l) => l.type === "commit");
    return at < 0 ? null : renumbered(leaves.toSpliced?.(at, 1) ?? [...leaves.slice(0, at), ...leaves.slice(at + 1)]);
  },
  "two commits swapped": (leaves) => {
    const pair = racePair(leaves);
    if (pair === null) return null;
    const [a, b] = pair.map((leaf) => leaf.index);
    [leaves[a], leaves[b]] = [{ ...pair[1], time: pair[0].time }, { ...pair[0], time: pair[1].time }];
    return renumbered(leaves);
  },
  "another statement than was proven": (leaves) => change(find(leaves, (l) => l.type === "post"), (l) => withField(l, 34, flip(l.fields.get(34))), leaves),
  "a key swapped under a circuit's name": (leaves) => change(find(leaves, (l) => l.type === "register"), (l) => withField(l, 13, flip(l.fields.get(13))), leaves),
  "a reveal taken too late": (leaves) => {
    const at = leaves.findIndex((l) => l.type === "reveal");
    const later = 3600n * 1_000_000n;
    return at < 0 ? null : leaves.map((l, i) => (i < at ? l : { ...l, time: l.time + later }));
  },
  "a commit dropped before its time": (leaves) => change(find(leaves, (l) => l.type === "reveal"), (l) => {
    l.attempts.push({ ...l.attempts[0], state: 9 });
  }, leaves),
  "a proof delivered without a verdict": (leaves) => change(find(leaves, (l) => l.type === "commit" && l.jobs.length === 1), (l) => {
    l.jobs[0].delivered = l.fields.get(50).toString("hex");
  }, leaves),
};
