// Reads an exported log from the bytes of its leaves alone, as docs/formats/log.md has them: what export-log says beside them
// is not trusted. Shares no code with the programs.
import { createHash, createPublicKey, verify } from "node:crypto";

export const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
export const leafHash = (bytes) => sha256(Buffer.of(0), bytes);
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);

// RFC 9162, section 2.1.1.
export function rootOf(hashes) {
  if (hashes.length === 0) return sha256();
  if (hashes.length === 1) return hashes[0];
  let left = 1;
  while (left * 2 < hashes.length) left *= 2;
  return nodeHash(rootOf(hashes.slice(0, left)), rootOf(hashes.slice(left)));
}

export const TYPES = [null, "register", "post", "cancel", "admit", "commit", "reveal", "release", "verdict", "deposit", "withdraw", "tick",
  "restart", "payWithdrawal", "rejectWithdrawal", "cancelWithdrawal", "suspension", "withdrawCandidacy", "holderSilent"];
const MAGIC = Buffer.from("plleaf1\0", "latin1");

export class LogError extends Error {}
export function demand(condition, what) {
  if (!condition) throw new LogError(what);
}

class Cursor {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  get done() {
    return this.at === this.bytes.length;
  }
  take(size) {
    demand(this.at + size <= this.bytes.length, "a record is cut");
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }
  hex = (size) => this.take(size).toString("hex");
  u8 = () => this.take(1)[0];
  u16 = () => this.take(2).readUInt16LE();
  u32 = () => this.take(4).readUInt32LE();
  u64 = () => this.take(8).readBigUInt64LE();
  i64 = () => this.take(8).readBigInt64LE();
  text = () => this.take(this.u16()).toString("utf8");
}

function records(bytes, read) {
  const cursor = new Cursor(bytes ?? Buffer.alloc(0));
  const found = [];
  while (!cursor.done) found.push(read(cursor));
  return found;
}

const readJob = (c) => ({ job: c.hex(16), state: c.u8(), deadline: c.i64(), delivered: c.hex(16), winning: c.hex(16) });
const readAttempt = (c) => ({
  attempt: c.hex(16), job: c.hex(16), miner: c.hex(32), state: c.u8(), reason: c.u8(), fence: c.u64(), revealBy: c.i64(),
});
const readTransfer = (c) => ({ id: c.u64(), kind: c.u8(), amount: c.u64(), debit: c.text(), credit: c.text(), job: c.text() });

function readDraw(c) {
  const draw = { job: c.hex(16), number: c.u32(), places: c.u32(), candidates: [] };
  for (let left = c.u32(); left > 0; left--) draw.candidates.push({ miner: c.hex(32), tickets: c.u32(), admitted: c.u8() === 1 });
  return draw;
}

export function decodeLeaf(bytes) {
  const cursor = new Cursor(bytes);
  demand(cursor.take(8).equals(MAGIC), "no leaf's first bytes");
  const leaf = { type: TYPES[cursor.u16()], time: cursor.i64(), fields: new Map() };
  demand(leaf.type, "unknown type");
  let last = -1;
  while (!cursor.done) {
    const number = cursor.u16();
    demand(number > last, `field ${number} out of order`);
    last = number;
    leaf.fields.set(number, cursor.take(cursor.take(4).readUInt32LE()));
  }
  leaf.jobs = records(leaf.fields.get(101), readJob);
  leaf.attempts = records(leaf.fields.get(102), readAttempt);
  leaf.transfers = records(leaf.fields.get(103), readTransfer);
  leaf.draws = records(leaf.fields.get(104), readDraw);
  return leaf;
}

export const hex = (leaf, number) => leaf.fields.get(number)?.toString("hex");
export const integer = (leaf, number) => {
  const bytes = leaf.fields.get(number);
  demand(bytes?.length === 8, `field ${number} is not 8 bytes`);
  return bytes.readBigUInt64LE();
};

// The root of a growing tree: one hash a complete subtree, the largest first.
class Frontier {
  peaks = [];
  size = 0;
  append(hash) {
    let node = hash;
    for (let rest = this.size; rest % 2 === 1; rest = (rest - 1) / 2) node = nodeHash(this.peaks.pop(), node);
    this.peaks.push(node);
    this.size++;
  }
  root = () => (this.size === 0 ? sha256() : this.peaks.reduceRight((right, left) => nodeHash(left, right)));
}

// The lines of `text` as leaves, each with its index, bytes and hash, the proof beside it (undefined without one), and the log's root
// before it.
export function readLog(text) {
  const frontier = new Frontier();
  return text.split("\n").filter((line) => line !== "").map((line, index) => {
    const said = JSON.parse(line);
    const bytes = Buffer.from(said.leaf, "base64");
    demand(said.leaf_index === index, `line ${index + 1} is leaf ${said.leaf_index}`);
    demand(said.leaf_hash === leafHash(bytes).toString("hex"), `leaf ${index}: its hash is another`);
    const proof = said.proof === undefined ? undefined : Buffer.from(said.proof, "hex");
    const leaf = { index, bytes, hash: leafHash(bytes), proof, rootBefore: frontier.root(), ...decodeLeaf(bytes) };
    frontier.append(leaf.hash);
    return leaf;
  });
}

const SPKI = Buffer.from("302a300506032b6570032100", "hex");
export function isSignedBy(key, message, signature) {
  return verify(null, message, createPublicKey({ key: Buffer.concat([SPKI, key]), format: "der", type: "spki" }), signature);
}
export const tagged = (domain, message) => Buffer.concat([Buffer.from(domain), Buffer.of(0), message]);
export const counted = (text) => {
  const bytes = Buffer.from(text);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length);
  return Buffer.concat([size, bytes]);
};
