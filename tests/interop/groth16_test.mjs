// Proofs and keys against snarkjs: ours verify there, its verify here, and with the same blinding they are the same bytes.
import assert from "node:assert/strict";
import fs from "node:fs";
import * as snarkjs from "snarkjs";
import * as circuits from "./lib/circuits.mjs";
import { file, finish, full, prooflode, readJson, run, skip, test, writeJson } from "./lib/harness.mjs";

async function proofsBothWays(name, { zkey, wtns }) {
  const [vkey, proof, inputs] = ["vkey", "proof", "public"].map((what) => file(`${name}.${what}.json`));
  const result = JSON.parse(prooflode("prove", zkey, wtns, proof, inputs, "--json"));
  const theirKey = await snarkjs.zKey.exportVerificationKey(zkey);
  assert.ok(await snarkjs.groth16.verify(theirKey, readJson(inputs), readJson(proof)), "snarkjs refuses our proof");

  prooflode("export", "verificationkey", zkey, vkey);
  assert.deepEqual(readJson(vkey), JSON.parse(JSON.stringify(theirKey)), "verification keys differ");
  const theirs = await snarkjs.groth16.prove(zkey, wtns);
  const [theirProof, theirPublic] = [file(`${name}.theirs.json`), file(`${name}.theirs.public.json`)];
  writeJson(theirProof, theirs.proof);
  writeJson(theirPublic, theirs.publicSignals);
  assert.equal(fs.readFileSync(theirPublic, "utf8"), fs.readFileSync(inputs, "utf8").trimEnd(), "public files differ");
  prooflode("verify", vkey, theirPublic, theirProof);
  prooflode("verify", vkey, inputs, proof);
  if (theirs.publicSignals.length > 0) {
    writeJson(theirPublic, theirs.publicSignals.map((value, i) => (i === 0 ? String(BigInt(value) ^ 1n) : value)));
    run("prooflode", ["verify", vkey, theirPublic, theirProof], { code: 5 });
  }
  return `${result.circuit.constraints} constraints, proved in ${result.prove_ms[0]} ms, both verify both`;
}

// snarkjs draws r, then s, from its curve object: here it draws what it is given.
async function sameBytes(name, { zkey, wtns }) {
  const [r, s] = [0x1234567890abcdef1234567890abcdefn, 0xfedcba0987654321fedcba0987654321fedcban];
  const curve = await snarkjs.curves.getCurveFromName("bn128");
  const random = curve.Fr.random;
  const queue = [r, s];
  curve.Fr.random = () => curve.Fr.e(queue.shift());
  let theirs;
  try {
    theirs = await snarkjs.groth16.prove(zkey, wtns);
  } finally {
    curve.Fr.random = random;
  }
  assert.equal(queue.length, 0, "snarkjs did not draw its blinding here");
  const ours = run("pl_fixed_blinding_prove", [zkey, wtns, String(r), String(s)]);
  assert.equal(ours.trimEnd(), JSON.stringify(theirs.proof, null, 1), "proofs differ");
  return "equal to the byte";
}

const cases = {
  semaphore20: circuits.semaphore20,
  "poseidon chain of 68": () => circuits.poseidonChain(68),
  "sha-256 preimage": () => circuits.sha256Preimage(32),
  "no public inputs": circuits.noPublicInputs,
  "public input and output": circuits.oneOfEach,
  "our rollup": () => circuits.ownWorkload("rollup", 1),
  "our poseidon": () => circuits.ownWorkload("poseidon", 16),
  "our sha256": () => circuits.ownWorkload("sha256", 32),
  "poseidon chain of 272": () => (full ? circuits.poseidonChain(272) : skip("FULL=1 runs it")),
};

for (const [name, make] of Object.entries(cases)) {
  const slug = name.replaceAll(/[^a-z0-9]+/g, "-");
  let circuit;
  test(`${name}: proofs both ways`, async () => proofsBothWays(slug, (circuit = await make())));
  test(`${name}: fixed blinding`, async () => (circuit ? sameBytes(slug, circuit) : skip("no circuit")));
}

// An independent reading of a key that we made.
test("our keys as snarkjs reads them", async () => {
  const { zkey, r1cs } = await circuits.oneOfEach();
  const json = await snarkjs.zKey.exportJson(zkey);
  const system = await snarkjs.r1cs.exportJson(r1cs);
  assert.equal(json.protocol, "groth16");
  assert.equal(json.nPublic, system.nOutputs + system.nPubInputs);
  assert.equal(json.nVars, system.nVars);
  assert.equal(json.hExps.length, json.domainSize);
  return `${json.ccoefs?.length ?? "no"} coefficients`;
});

await finish();
