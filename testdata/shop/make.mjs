// The recipe of this folder: builds the shop, lets it crash in every engine, writes the table of right answers, proves it.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildAll, builds, bundlePlainly, write } from "./build.mjs";
import { captureInBrowser, captureInNode, versions } from "./capture.mjs";
import { checkAll, checkNames } from "./check.mjs";
import { scenarios } from "./scenarios.mjs";
import { engines, makeCases, printTable } from "./table.mjs";

const root = dirname(fileURLToPath(import.meta.url));

/** All captures of these builds in one engine, by "<build> <scenario>": { text, stack } as in the table's scenarios. */
async function capture(engine, dist, builds) {
  const runs = builds.flatMap((build) => Object.entries(scenarios).map(([name, scenario]) => ({ build, name, scenario })));
  const captures =
    engine === "node" ? captureInNode(root, dist, runs) : await captureInBrowser(root, dist, engine, runs);
  const all = new Map();
  runs.forEach(({ build, name }, i) => {
    const { cause, stderr, ...own } = captures[i];
    all.set(`${build} ${name}`, own);
    if (cause) all.set(`${build} ${name}-cause`, cause);
    if (stderr) all.set(`${build} ${name}-uncaught`, { text: /^.* \[\w+\]: .*$/m.exec(stderr)[0], stack: stderr });
  });
  return all;
}

/** The case with the message the engine gave, which must be the one the scenario is about. */
function withMessage(expected, { text }) {
  assert.match(text, expected.message, expected.trace);
  return { ...expected, message: text };
}

/** Before minifying, V8 itself says what each function is called: that proves the names (and once more the places). */
async function checkPlainly() {
  const dist = mkdtempSync(join(tmpdir(), "shop-plain-"));
  try {
    const { code, map } = await bundlePlainly(root);
    write(join(dist, "plain"), code, map);
    const captures = await capture("node", dist, ["plain"]);
    const cases = makeCases(root, ["plain"]).filter(({ engine }) => engine === "node");
    for (const expected of cases) {
      checkNames(expected, captures.get(`plain ${expected.scenario}`).stack);
    }
  } finally {
    rmSync(dist, { recursive: true });
  }
}

await checkPlainly();

for (const made of ["dist", "traces"]) rmSync(join(root, made), { recursive: true, force: true });
const dist = join(root, "dist");
await buildAll(root, dist);

const captures = {};
for (const engine of Object.keys(engines)) captures[engine] = await capture(engine, dist, builds);

const cases = makeCases(root, builds).map((expected) => {
  const captured = captures[expected.engine].get(`${expected.build} ${expected.scenario}`);
  const path = join(root, expected.trace);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, captured.stack);
  return withMessage(expected, captured);
});
writeFileSync(join(root, "expected.json"), printTable(versions(), cases));

console.log(checkAll(root));
