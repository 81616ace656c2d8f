// What a dishonest coordinator might do with money other than rewards; as in frauds.mjs.
const KIND = { refund: 5, collateral: 7, collateralReturn: 8, penalty: 9, checkFee: 11 };
const UNPROVABLE = 14;
const find = (leaves, test) => leaves.find(test) ?? null;
const moves = (kind) => (leaf) => leaf.transfers.some((t) => t.kind === kind);
const of = (leaf, kind) => leaf.transfers.find((t) => t.kind === kind);
const isType = (type) => (leaf) => leaf.type === type;

function change(leaf, edit, leaves) {
  if (leaf === null) return null;
  edit(leaf);
  return leaves;
}
const reindexed = (leaves) => leaves.map((leaf, index) => ({ ...leaf, index }));

export const moneyFrauds = {
  "a penalty that nobody deserved": (leaves) => change(find(leaves, moves(KIND.collateralReturn)), (l) => {
    const back = of(l, KIND.collateralReturn);
    const requester = leaves.flatMap((leaf) => leaf.transfers).find((t) => t.kind === 2 && t.job === back.job).debit;
    Object.assign(back, { kind: KIND.penalty, credit: requester });
  }, leaves),
  "collateral given to another": (leaves) => change(find(leaves, moves(KIND.collateralReturn)), (l) => {
    of(l, KIND.collateralReturn).credit = `available:${"00".repeat(32)}`;
  }, leaves),
  "collateral not taken": (leaves) => change(find(leaves, moves(KIND.collateral)), (l) => {
    l.transfers = [];
  }, leaves),
  "called unprovable after one report": (leaves) => change(find(leaves, (l) => l.type === "release" && l.fields.get(56)[0] === UNPROVABLE), (l) => {
    l.fields.set(56, Buffer.of(11));
  }, leaves),
  "a check fee for a friend": (leaves) => change(find(leaves, moves(KIND.checkFee)), (l) => {
    of(l, KIND.checkFee).credit = `available:${"00".repeat(32)}`;
  }, leaves),
  "a larger check fee": (leaves) => change(find(leaves, moves(KIND.checkFee)), (l) => {
    of(l, KIND.checkFee).amount += 1n;
    of(l, KIND.refund).amount -= 1n;
  }, leaves),
  "a withdrawal paid that was cancelled": (leaves) => {
    const [paid, cancelled] = [find(leaves, isType("payWithdrawal")), find(leaves, isType("cancelWithdrawal"))];
    if (paid === null || cancelled === null) return null;
    cancelled.fields.set(60, paid.fields.get(60));
    return leaves;
  },
  "less paid out than was asked for": (leaves) => change(find(leaves, isType("payWithdrawal")), (l) => {
    l.transfers[0].amount -= 1n;
  }, leaves),
  "a rejected withdrawal kept": (leaves) => {
    const at = leaves.findIndex(isType("rejectWithdrawal"));
    return at < 0 ? null : reindexed([...leaves.slice(0, at), ...leaves.slice(at + 1)]);
  },
  "a stranger's withdrawal cancelled": (leaves) => change(find(leaves, isType("cancelWithdrawal")), (l) => {
    l.fields.set(1, Buffer.alloc(32, 7));
  }, leaves),
  "a job that ran on although it was suspended": (leaves) => change(find(leaves, (l) => l.type === "suspension" && l.jobs.length > 0), (l) => {
    l.jobs = [];
    l.transfers = [];
  }, leaves),
  "a job posted while its circuit was suspended": (leaves) => change(find(leaves, (l) => l.type === "suspension" && l.fields.get(74)[0] === 0), (l) => {
    l.type = "tick";
  }, leaves),
};
