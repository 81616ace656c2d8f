// Who signs for the log: every start names its key, and another key than before was handed the log, as it is then, by the one before.
import { counted, demand, hex, isSignedBy, tagged } from "./log_reader.mjs";

const FIELD = { root: 41, market: 81, key: 95, retired: 96, byRetired: 97, byKey: 98, treeSize: 99 };

function u64(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

export class Keys {
  history = [];  // hexadecimal, the first one first

  get current() {
    return this.history.at(-1);
  }

  restart(leaf) {
    const key = hex(leaf, FIELD.key);
    demand(key?.length === 64, "a start without a key");
    const handover = [FIELD.retired, FIELD.root, FIELD.byRetired, FIELD.byKey, FIELD.treeSize].map((number) => leaf.fields.get(number));
    if (this.current === undefined || this.current === key) {
      demand(handover.every((part) => part === undefined), "a start took over from nobody");
      if (this.current === undefined) this.history.push(key);
      return;
    }
    const [retired, root, byRetired, byKey, treeSize] = handover;
    demand(handover.every((part) => part !== undefined), "another key signs and no handover says so");
    demand(retired.toString("hex") === this.current, "the log was handed over by a key that it was not signed with");
    demand(treeSize.equals(u64(leaf.index)) && root.equals(leaf.rootBefore), "another log was handed over");
    demand(!this.history.includes(key), "a retired key came back");
    const message = tagged("prooflode/v1/key-handover",
      Buffer.concat([counted(leaf.fields.get(FIELD.market)), treeSize, root, retired, leaf.fields.get(FIELD.key)]));
    demand(isSignedBy(retired, message, byRetired), "the retired key has not signed the handover");
    demand(isSignedBy(leaf.fields.get(FIELD.key), message, byKey), "the key that took over has not signed the handover");
    this.history.push(key);
  }
}
