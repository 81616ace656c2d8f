// Our circuits, hashes and signatures against snarkjs, circomlibjs and Node's SHA-256.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { buildBabyjub, buildEddsa, buildPoseidon } from "circomlibjs";
import * as snarkjs from "snarkjs";
import { file, finish, run, test } from "./lib/harness.mjs";

const dump = (...args) => run("pl_workload_dump", args);
const [poseidon, eddsa, babyjub] = await Promise.all([buildPoseidon(), buildEddsa(), buildBabyjub()]);
const F = poseidon.F;
dump("circuits", file("."));

const hash = (inputs) => F.toObject(poseidon(inputs));
const load = async (name) => {
  const [r1cs, wtns] = [file(`${name}.r1cs`), file(`${name}.wtns`)];
  return { r1cs, wtns, info: await snarkjs.r1cs.info(r1cs), values: await snarkjs.wtns.exportJson(wtns) };
};
const privateInputs = ({ info, values }) => {
  const begin = 1 + info.nOutputs + info.nPubInputs;
  return values.slice(begin, begin + info.nPrvInputs);
};

test("Poseidon of 1 to 16 elements equals circomlibjs's", () => {
  const cases = JSON.parse(dump("hashes"));
  assert.equal(cases.length, 16);
  for (const { inputs, hash: ours } of cases) assert.equal(BigInt(ours), hash(inputs.map(BigInt)), `${inputs.length}`);
});

test("circomlibjs accepts our EdDSA signatures, and only for their message", () => {
  const cases = JSON.parse(dump("signatures"));
  assert.equal(cases.length, 8);
  for (const { key, message, r, s } of cases) {
    const element = (text) => F.e(BigInt(text));
    const signature = { R8: r.map(element), S: BigInt(s) };
    assert.ok(eddsa.verifyPoseidon(element(message), signature, key.map(element)));
    assert.ok(!eddsa.verifyPoseidon(element(BigInt(message) + 1n), signature, key.map(element)));
  }
});

test("our circuit accepts circomlibjs's EdDSA signatures, and only for their message", () => {
  for (let i = 0; i < 4; ++i) {
    const seed = createHash("sha256").update(`key ${i}`).digest();
    const message = F.e(BigInt(1000 + i));
    const key = eddsa.prv2pub(seed);
    const { R8, S } = eddsa.signPoseidon(seed, message);
    const array = [...key, message, ...R8].map((x) => F.toObject(x).toString()).concat(S.toString());
    assert.equal(dump("verify", JSON.stringify(array)), "valid\n");
    array[2] = "1";
    assert.equal(dump("verify", JSON.stringify(array)), "invalid\n");
  }
});

test("the base point is circomlib's", () => {
  assert.ok(babyjub.inCurve(babyjub.Base8));
  const [first] = JSON.parse(dump("signatures"));
  assert.ok(babyjub.inSubgroup(first.key.map((x) => F.e(BigInt(x)))));
});

const sizes = { poseidon: [1, 5], sha256: [0, 55, 64], rollup: [1, 2] };
for (const [kind, list] of Object.entries(sizes)) {
  for (const size of list) {
    test(`snarkjs reads ${kind} of size ${size} and its witness satisfies it`, async () => {
      const { r1cs, wtns, info, values } = await load(`${kind}-${size}`);
      assert.equal(values.length, info.nVars);
      assert.equal(info.nPubInputs, kind === "rollup" ? 2 : 0);
      assert.equal(info.nOutputs, { rollup: 0, poseidon: 1, sha256: 2 }[kind]);
      assert.equal(await snarkjs.wtns.check(r1cs, wtns), true);
      return `${info.nConstraints} constraints`;
    });
  }
}

test("the Poseidon chain's output is circomlibjs's for its inputs", async () => {
  const circuit = await load("poseidon-5");
  const [seed, ...data] = privateInputs(circuit);
  assert.equal(data.length, 5);
  assert.equal(circuit.values[1], data.reduce((chain, x) => hash([chain, x]), seed));
});

test("the SHA-256 digest is Node's for the message in the witness", async () => {
  for (const size of sizes.sha256) {
    const circuit = await load(`sha256-${size}`);
    const bits = privateInputs(circuit).map(Number);
    assert.equal(bits.length, 8 * size);
    const message = Buffer.alloc(size);
    bits.forEach((bit, i) => (message[i >> 3] |= bit << (7 - (i & 7))));
    const digest = createHash("sha256").update(message).digest("hex");
    assert.equal(circuit.values[1], BigInt(`0x${digest.slice(0, 32)}`));
    assert.equal(circuit.values[2], BigInt(`0x${digest.slice(32)}`));
  }
});

await finish();
