// The protocol's files keep the rules that buf checks, so that generators of other languages take them as they are.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { finish, skip, test } from "./lib/harness.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const proto = path.join(here, "../../proto");

const program = ["x64", "aarch64"].map((cpu) => path.join(here, `node_modules/@bufbuild/buf-linux-${cpu}/bin/buf`)).find(fs.existsSync);

function buf(...args) {
  if (!program) skip("npm has no buf for this processor");
  const result = spawnSync(program, args, { cwd: proto, encoding: "utf8" });
  if (result.error) throw result.error;
  if (result.status !== 0) throw new Error(`buf ${args.join(" ")}: exit ${result.status}\n${result.stdout}${result.stderr}`);
}

test("buf lint is clean", () => buf("lint"));
test("buf builds the protocol", () => buf("build"));

await finish();
