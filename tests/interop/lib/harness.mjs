// A list of tests run one after another; what each did is printed, and the counts go where run.sh reads them.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

const buildDir = process.env.PROOFLODE_BUILD_DIR;
export const testDir = process.env.PROOFLODE_TEST_DIR;
export const full = process.env.FULL === "1";
if (!buildDir || !testDir) throw new Error("run me through run.sh");
fs.mkdirSync(testDir, { recursive: true });

export const file = (name) => path.join(testDir, name);
export const readJson = (name) => JSON.parse(fs.readFileSync(name, "utf8"));
export const writeJson = (name, value) => fs.writeFileSync(name, JSON.stringify(value, null, 1));

// Runs a program of the build; `code` is the exit code that is wanted.
export function run(program, args, { code = 0 } = {}) {
  const result = spawnSync(path.join(buildDir, "bin", program), args, { encoding: "utf8", maxBuffer: 1 << 28 });
  if (result.error) throw result.error;
  if (result.status !== code) {
    throw new Error(`${program} ${args.join(" ")}: exit ${result.status ?? result.signal}, wanted ${code}\n${result.stderr}`);
  }
  return result.stdout;
}
export const prooflode = (...args) => run("prooflode", args);

class Skip extends Error {}
export const skip = (why) => {
  throw new Skip(why);
};

const tests = [];
// `body` may return a few words on what it did.
export const test = (name, body) => tests.push({ name, body });

export async function finish() {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { name, body } of tests) {
    const start = performance.now();
    try {
      const said = await body();
      counts.passed++;
      console.log(`ok   ${name}${said ? `: ${said}` : ""} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
    } catch (error) {
      if (error instanceof Skip) {
        counts.skipped++;
        console.log(`skip ${name}: ${error.message}`);
      } else {
        counts.failed++;
        console.log(`FAIL ${name}: ${error.stack ?? error}`);
      }
    }
  }
  fs.writeFileSync(process.env.PROOFLODE_TEST_COUNTS, `${counts.passed} ${counts.failed} ${counts.skipped}\n`);
  // snarkjs keeps worker threads alive.
  process.exit(counts.failed === 0 ? 0 : 1);
}
