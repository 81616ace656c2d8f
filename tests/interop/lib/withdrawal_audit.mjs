// Withdrawals: each is asked for by its owner, and paid or given back once, in whole.
import { demand, hex, integer } from "./log_reader.mjs";

const KIND = { withdrawal: 6, request: 12, giveBack: 13 };

export class Withdrawals {
  constructor() {
    this.byId = new Map();
    this.references = new Set();
    this.payments = new Set();
  }

  requested(leaf) {
    const [owner, amount] = [hex(leaf, 1), integer(leaf, 71)];
    const reference = `${owner} ${leaf.fields.get(72).toString()}`;
    demand(!this.references.has(reference), "a withdrawal's reference was used twice");
    this.references.add(reference);
    this.byId.set(BigInt(leaf.index), { owner, amount, waiting: true });
    this.one(leaf, KIND.request, `available:${owner}`, `withdrawing:${owner}`, amount);
  }
  paid(leaf) {
    const reference = leaf.fields.get(72).toString();
    demand(!this.payments.has(reference), "one payment outside paid two withdrawals");
    this.payments.add(reference);
    const { owner, amount } = this.end(leaf);
    this.one(leaf, KIND.withdrawal, `withdrawing:${owner}`, "external", amount);
  }
  givenBack(leaf, byOwner) {
    const { owner, amount } = this.end(leaf);
    demand(!byOwner || owner === hex(leaf, 1), "a stranger cancelled a withdrawal");
    this.one(leaf, KIND.giveBack, `withdrawing:${owner}`, `available:${owner}`, amount);
  }
  end(leaf) {
    const withdrawal = this.byId.get(integer(leaf, 60));
    demand(withdrawal?.waiting, "a withdrawal ended twice, or was never asked for");
    withdrawal.waiting = false;
    return withdrawal;
  }
  one(leaf, kind, debit, credit, amount) {
    const [t] = leaf.transfers;
    demand(leaf.transfers.length === 1 && t.kind === kind && t.debit === debit && t.credit === credit && t.amount === amount,
      "a withdrawal moved other money than it says");
  }
  // All that moves such money is judged above, when its leaf begins.
  moved(leaf, { kind }) {
    if (!Object.values(KIND).includes(kind)) return false;
    demand(["withdraw", "payWithdrawal", "rejectWithdrawal", "cancelWithdrawal"].includes(leaf.type), "money entered or left unasked");
    return true;
  }

  finish(balances) {
    let [waiting, held] = [0n, 0n];
    for (const withdrawal of this.byId.values()) if (withdrawal.waiting) waiting += withdrawal.amount;
    for (const [account, balance] of balances) if (account.startsWith("withdrawing:")) held += balance;
    demand(waiting === held, "another amount waits to be withdrawn than was asked for");
  }
}
