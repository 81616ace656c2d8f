// Circuits to prove: circom sources written here over circomlib's gadgets, a published ceremony key, and prooflode's own.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as snarkjs from "snarkjs";
import { file, prooflode, testDir } from "./harness.mjs";

const modules = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "node_modules");

// circom runs as WebAssembly and sees its working folder alone, so circomlib's gadgets are copied there.
function compile(name, source) {
  if (!fs.existsSync(file("circomlib"))) {
    fs.cpSync(path.join(modules, "circomlib", "circuits"), file("circomlib"), { recursive: true });
  }
  fs.writeFileSync(file(`${name}.circom`), `pragma circom 2.1.0;\n${source}`);
  const result = spawnSync(
    process.execPath,
    [path.join(modules, "circom2", "cli.js"), `${name}.circom`, "--r1cs", "--wasm", "--O2"],
    { cwd: testDir, encoding: "utf8" },
  );
  if (result.status !== 0 || !fs.existsSync(file(`${name}.r1cs`))) {
    throw new Error(`circom ${name}: ${result.stdout}${result.stderr}`);
  }
}

// A circom circuit with a test key of ours: {zkey, wtns}.
export async function circomCircuit(name, source, input) {
  compile(name, source);
  await snarkjs.wtns.calculate(input, file(`${name}_js/${name}.wasm`), file(`${name}.wtns`));
  prooflode("setup", "--insecure", file(`${name}.r1cs`), file(`${name}.zkey`));
  return { zkey: file(`${name}.zkey`), wtns: file(`${name}.wtns`), r1cs: file(`${name}.r1cs`) };
}

export function ownWorkload(kind, size) {
  const name = `own-${kind}-${size}`;
  const [r1cs, wtns, zkey] = ["r1cs", "wtns", "zkey"].map((extension) => file(`${name}.${extension}`));
  prooflode("workload", kind, "--size", String(size), "--r1cs", r1cs, "--wtns", wtns);
  prooflode("setup", "--insecure", r1cs, zkey);
  return { zkey, wtns, r1cs };
}

// Semaphore's circuit for trees of depth 20 with the key of its public ceremony. Any siblings give some root, which is
// an output, so any numbers make a witness.
export async function semaphore20() {
  const at = (extension) => path.join(modules, "@zk-kit", "semaphore-artifacts", `semaphore-20.${extension}`);
  const siblings = Array.from({ length: 20 }, (_, i) => String(7n ** BigInt(60 + i)));
  const input = {
    secret: "1369935995664867296110821964949029095275935245130005965508940713731642661233",
    merkleProofLength: 20,
    merkleProofIndex: 3777,
    merkleProofSiblings: siblings,
    message: "42",
    scope: "1234567",
  };
  const wtns = file("semaphore20.wtns");
  await snarkjs.wtns.calculate(input, at("wasm"), wtns);
  return { zkey: at("zkey"), wtns };
}

export const poseidonChain = (length) =>
  circomCircuit(
    `chain${length}`,
    `include "circomlib/poseidon.circom";
template HashChain(length) {
  signal input start;
  signal input message[length];
  signal output end;
  component hashers[length];
  signal state[length + 1];
  state[0] <== start;
  for (var step = 0; step < length; step++) {
    hashers[step] = Poseidon(2);
    hashers[step].inputs[0] <== state[step];
    hashers[step].inputs[1] <== message[step];
    state[step + 1] <== hashers[step].out;
  }
  end <== state[length];
}
component main = HashChain(${length});`,
    { start: "5", message: Array.from({ length }, (_, i) => String(3n ** BigInt(100 + i) % (1n << 250n))) },
  );

export const sha256Preimage = (bytes) =>
  circomCircuit(
    `sha${bytes}`,
    `include "circomlib/sha256/sha256.circom";
template Preimage(bits) {
  signal input message[bits];
  signal output digest[2];
  component hash = Sha256(bits);
  for (var i = 0; i < bits; i++) { message[i] * (message[i] - 1) === 0; hash.in[i] <== message[i]; }
  for (var half = 0; half < 2; half++) {
    var sum = 0;
    for (var i = 0; i < 128; i++) { sum = 2 * sum + hash.out[128 * half + i]; }
    digest[half] <== sum;
  }
}
component main = Preimage(${8 * bytes});`,
    { message: Array.from({ length: 8 * bytes }, (_, i) => ((i * i + 3 * i) >> 2) & 1) },
  );

export const noPublicInputs = () =>
  circomCircuit(
    "cube",
    `template CubeRoot() { signal input root; signal square; square <== root * root; square * root === 27000; }
component main = CubeRoot();`,
    { root: 30 },
  );

export const oneOfEach = () =>
  circomCircuit(
    "product",
    `template Product() { signal input a; signal input b; signal input known; signal output out;
  signal t; t <== a * b; out <== t * known + a; }
component main {public [known]} = Product();`,
    { a: 3, b: 11, known: 1000 },
  );
