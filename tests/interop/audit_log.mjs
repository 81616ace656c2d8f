// Judges a log that `prooflode-coordinator export-log` wrote, with code of its own and snarkjs for the proofs.
//
//   node audit_log.mjs LOG.jsonl [--root HEX]   the log's root must be this one
//   node audit_log.mjs LOG.jsonl --money-frauds   the same with those of lib/money_frauds.mjs
//   node audit_log.mjs LOG.jsonl --frauds       plants every fraud of lib/frauds.mjs in it, one at a time: each must be found
//
// One JSON line: what was found. Exit 1 when the log breaks a promise, or a fraud goes unseen.
import fs from "node:fs";
import * as snarkjs from "snarkjs";
import { frauds } from "./lib/frauds.mjs";
import { Auditor } from "./lib/log_audit.mjs";
import { moneyFrauds } from "./lib/money_frauds.mjs";
import { LogError, readLog, rootOf } from "./lib/log_reader.mjs";

const numbers = (bytes) => Array.from({ length: bytes.length / 32 }, (_, i) => BigInt(`0x${bytes.toString("hex", 32 * i, 32 * i + 32)}`).toString());
const known = new Map();  // the same proof is judged once: planting frauds reads the log many times

// snarkjs reduces coordinates; the market takes only the one spelling below q.
const Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;

async function verifyProof(key, inputs, proof) {
  if (proof.length !== 256 || numbers(proof).some((coordinate) => BigInt(coordinate) >= Q)) return false;
  const name = `${key.vk_alpha_1[0]} ${inputs.toString("hex")} ${proof.toString("hex")}`;
  if (!known.has(name)) {
    const [ax, ay, bx1, bx0, by1, by0, cx, cy] = numbers(proof);
    const theirs = { pi_a: [ax, ay, "1"], pi_b: [[bx0, bx1], [by0, by1], ["1", "0"]], pi_c: [cx, cy, "1"], protocol: "groth16", curve: "bn128" };
    known.set(name, await snarkjs.groth16.verify(key, numbers(inputs), theirs).catch(() => false));
  }
  return known.get(name);
}

async function audit(leaves) {
  const auditor = new Auditor(verifyProof);
  for (const leaf of leaves) {
    try {
      await auditor.apply(leaf);
    } catch (error) {
      if (error instanceof LogError) throw new LogError(`leaf ${leaf.index} (${leaf.type}): ${error.message}`);
      throw error;
    }
  }
  return auditor.finish();
}

async function main([path, ...options]) {
  const leaves = readLog(fs.readFileSync(path, "utf8"));
  const root = rootOf(leaves.map((leaf) => leaf.hash)).toString("hex");
  const at = options.indexOf("--root");
  if (at >= 0 && options[at + 1] !== root) throw new LogError(`the root is ${root}, not ${options[at + 1]}`);
  const report = { leaves: leaves.length, root, ...(await audit(leaves)) };
  const planted = options.includes("--frauds") ? frauds : options.includes("--money-frauds") ? moneyFrauds : null;
  if (planted !== null) {
    report.frauds = {};
    report.notPlanted = [];
    for (const [name, plant] of Object.entries(planted)) {
      const fraudulent = plant(readLog(fs.readFileSync(path, "utf8")));
      if (fraudulent === null) {
        report.notPlanted.push(name);  // two commits in one race, say, are a matter of chance
        continue;
      }
      const finding = await audit(fraudulent).then(() => null, (error) => error);
      if (!(finding instanceof LogError)) throw finding ?? new LogError(`fraud "${name}" went unseen`);
      report.frauds[name] = finding.message;
    }
  }
  return report;
}

let status = 0;
try {
  console.log(JSON.stringify(await main(process.argv.slice(2))));
} catch (error) {
  if (!(error instanceof LogError)) throw error;
  console.log(JSON.stringify({ error: error.message }));
  status = 1;
}
process.exit(status);  // snarkjs keeps worker threads alive
