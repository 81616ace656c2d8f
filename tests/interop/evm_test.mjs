// The exported Solidity verifier, compiled and run in an EVM: accepts our proof, refuses every tampered one.
import assert from "node:assert/strict";
import fs from "node:fs";
import { EVM } from "@ethereumjs/evm";
import * as snarkjs from "snarkjs";
import solc from "solc";
import * as circuits from "./lib/circuits.mjs";
import { file, finish, prooflode, readJson, test, writeJson } from "./lib/harness.mjs";

const kGas = 30_000_000n;
const kFieldPrime = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
const kGroupOrder = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

function compileContract(source) {
  const input = {
    language: "Solidity",
    sources: { "verifier.sol": { content: source } },
    settings: { optimizer: { enabled: true, runs: 200 }, outputSelection: { "*": { "*": ["evm.bytecode.object", "evm.methodIdentifiers"] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const problems = (output.errors ?? []).filter((error) => error.severity === "error");
  assert.deepEqual(problems.map((error) => error.formattedMessage), []);
  const [contract] = Object.values(output.contracts["verifier.sol"]);
  const [[, selector]] = Object.entries(contract.evm.methodIdentifiers).filter(([name]) => name.startsWith("verifyProof("));
  return { bytecode: fromHex(contract.evm.bytecode.object), selector };
}

const word = (value) => BigInt(value).toString(16).padStart(64, "0");
const fromHex = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));

// verifyProof(uint[2] a, uint[2][2] b, uint[2] c, uint[n] inputs), B with the imaginary parts first.
function callData(selector, proof, inputs) {
  const [a, b, c] = [proof.pi_a, proof.pi_b, proof.pi_c];
  const words = [a[0], a[1], b[0][1], b[0][0], b[1][1], b[1][0], c[0], c[1], ...inputs];
  return fromHex(selector + words.map(word).join(""));
}

async function deploy(circuit, name) {
  const [vkey, sol] = [file(`${name}.vkey.json`), file(`${name}.sol`)];
  prooflode("export", "verificationkey", circuit.zkey, vkey);
  prooflode("export", "solidity", vkey, sol);
  const { bytecode, selector } = compileContract(fs.readFileSync(sol, "utf8"));
  const evm = await EVM.create();
  const made = await evm.runCall({ data: bytecode, gasLimit: kGas });
  assert.equal(made.execResult.exceptionError, undefined, "the contract was not created");
  return async (proof, inputs) => {
    const call = await evm.runCall({ to: made.createdAddress, data: callData(selector, proof, inputs), gasLimit: kGas });
    const returned = Buffer.from(call.execResult.returnValue).toString("hex");
    const accepted = call.execResult.exceptionError === undefined && returned === word(1);
    return { accepted, gas: call.execResult.executionGasUsed };
  };
}

const cases = {
  "public input and output": circuits.oneOfEach,
  semaphore20: circuits.semaphore20,
  "no public inputs": circuits.noPublicInputs,
};

for (const [name, make] of Object.entries(cases)) {
  const slug = name.replaceAll(/[^a-z0-9]+/g, "-");
  test(`${name}: Solidity verifier in an EVM`, async () => {
    const circuit = await make();
    const verify = await deploy(circuit, slug);
    const [proofFile, publicFile] = [file(`${slug}.proof.json`), file(`${slug}.public.json`)];
    prooflode("prove", circuit.zkey, circuit.wtns, proofFile, publicFile);
    const [proof, inputs] = [readJson(proofFile), readJson(publicFile)];
    const { accepted, gas } = await verify(proof, inputs);
    assert.ok(accepted, "our proof is refused");

    const tampered = (change) => {
      const copy = { proof: structuredClone(proof), inputs: [...inputs] };
      change(copy);
      return copy;
    };
    const negated = (y) => String(kFieldPrime - BigInt(y));
    const bad = [
      tampered((t) => (t.proof.pi_a[1] = negated(t.proof.pi_a[1]))),
      tampered((t) => (t.proof.pi_c[1] = negated(t.proof.pi_c[1]))),
      tampered((t) => (t.proof.pi_a[0] = String(BigInt(t.proof.pi_a[0]) + 1n))),
      tampered((t) => (t.proof.pi_b[0] = [...t.proof.pi_b[0]].reverse())),
      tampered((t) => (t.proof.pi_c = t.proof.pi_a)),
      tampered((t) => (t.proof.pi_a = ["0", "0", "1"])),
      ...inputs.flatMap((_, i) => [
        tampered((t) => (t.inputs[i] = String(BigInt(t.inputs[i]) ^ 1n))),
        tampered((t) => (t.inputs[i] = String(BigInt(t.inputs[i]) + kGroupOrder))),
      ]),
    ];
    for (const [i, t] of bad.entries()) {
      assert.equal((await verify(t.proof, t.inputs)).accepted, false, `tampered proof ${i} was accepted`);
    }
    return `accepted for ${gas} gas, ${bad.length} tampered ones refused`;
  });

  test(`${name}: call data as snarkjs makes it`, async () => {
    const [proofFile, publicFile] = [file(`${slug}.proof.json`), file(`${slug}.public.json`)];
    const ours = prooflode("export", "calldata", publicFile, proofFile);
    const theirs = await snarkjs.groth16.exportSolidityCallData(readJson(proofFile), readJson(publicFile));
    const numbers = (text) => text.match(/0x[0-9a-fA-F]+/g).map(BigInt);
    assert.deepEqual(numbers(ours), numbers(theirs));
  });
}

await finish();
