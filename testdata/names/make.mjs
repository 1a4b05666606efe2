// The recipe of the truth set of function names: README.md beside it says what comes out.
//
//   node testdata/names/make.mjs [ID …]      only these packages
//
// Exit code: 0 all there, 1 failure. A package that is there, from the same recipe, is not made again.
import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { cache, install, layOut, packages, tool } from "./sources.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const parallel = 2; // packages in work at once

// Packages whose programs Node can run, for the proof by V8: they need no page.
const runs = new Set(["rxjs", "ix", "query-core", "immer", "preact", "mobx", "zod", "markdown-it", "ethers", "three"]);

async function all(only) {
  install();
  const queue = packages()
    .filter(({ id }) => only.length === 0 || only.includes(id))
    .values();
  let failed = false;
  const worker = async () => {
    for (const { id } of queue) {
      if ([bundlesOf, truthOf, probesOf].every((of) => isMade(of(id)))) continue;
      const code = await new Promise((done) => fork(fileURLToPath(import.meta.url), ["--one", id]).on("exit", done));
      failed ||= code !== 0;
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  process.exitCode = failed ? 1 : 0;
}

// What is made: a folder, and the files of the recipe that it depends on.
const bundlesOf = (id) => ({ folder: path.join(cache, "bundles", id), recipe: ["package-lock.json", "packages.json", "sources.mjs", "bundle.mjs", "loader.cjs"] });
const truthOf = (id) => ({ folder: path.join(cache, "truth", id), recipe: [...bundlesOf(id).recipe, "functions.mjs", "truth.mjs", "make.mjs"] });

const probesOf = (id) => ({ folder: path.join(cache, "probes", id), recipe: [...bundlesOf(id).recipe, "probes.mjs", "drive.mjs", "make.mjs"] });

function hashOf({ recipe }) {
  const sum = createHash("sha256");
  for (const name of recipe) sum.update(fs.readFileSync(path.join(here, name)));
  return sum.digest("hex");
}

function isMade(made) {
  const stamp = path.join(made.folder, "made");
  return fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === hashOf(made);
}

/** Makes a folder anew, with a stamp in it when it is whole. */
async function make(made, fill) {
  if (isMade(made)) return;
  fs.rmSync(made.folder, { recursive: true, force: true });
  fs.mkdirSync(made.folder, { recursive: true });
  await fill((name, text) => fs.writeFileSync(path.join(made.folder, name), text));
  fs.writeFileSync(path.join(made.folder, "made"), hashOf(made));
}

async function one(id) {
  const { tools } = await import("./bundle.mjs");
  const { draw } = await import("./truth.mjs");
  const { half, ...recipe } = packages().find((one) => one.id === id);
  await make(bundlesOf(id), async (write) => {
    const entry = layOut(recipe);
    for (const [name, bundle] of Object.entries(tools)) {
      const { code, map } = await bundle(entry);
      write(`${name}.js`, code);
      write(`${name}.names.map`, JSON.stringify(map));
      write(`${name}.nonames.map`, JSON.stringify(withoutNames(map)));
      write(`${name}.nosources.map`, JSON.stringify({ ...map, sourcesContent: undefined }));
    }
  });
  await make(truthOf(id), async (write) => {
    for (const name of Object.keys(tools)) {
      const map = JSON.parse(fs.readFileSync(path.join(bundlesOf(id).folder, `${name}.names.map`), "utf8"));
      const { positions, without, unread } = draw(map, `${id} ${name}`);
      for (const message of unread) console.error(`${id} ${name}: not read: ${message}`);
      const head = { package: id, half, bundler: name, without, unread: unread.length };
      write(`${name}.jsonl`, [head, ...positions].map((line) => JSON.stringify(line) + "\n").join(""));
      console.log(`${id} ${name}: ${positions.length} positions; ${without} drawn have no source`);
    }
  });
  await make(probesOf(id), async (write) => {
    if (!runs.has(id)) return;
    const { addProbes, plainly, run } = await import("./probes.mjs");
    const entry = layOut({ ...recipe, id: `${id}.probes` });
    addProbes(path.dirname(entry));
    const names = new Map(); // by probe: what V8 calls the function around it
    for (const { id: probe, name, own } of run(await plainly(entry), id, "plain")) if (!names.has(probe)) names.set(probe, [name, own]);
    for (const [name, bundle] of Object.entries(tools)) {
      const { code, map } = await bundle(entry);
      const places = new Map(); // each once
      for (const { id: probe, line, column } of run(code, id, name)) {
        if (names.has(probe)) places.set(`${line} ${column} ${probe}`, [line - 1, column - 1, ...names.get(probe)]);
      }
      write(`${name}.names.map`, JSON.stringify(map));
      const head = { package: id, half, bundler: name };
      write(`${name}.jsonl`, [head, ...places.values()].map((line) => JSON.stringify(line) + "\n").join(""));
      console.log(`${id} ${name}: ${places.size} places of ${names.size} probes`);
    }
  });
  process.exit(); // esbuild's service goes on
}

/** The same map as a tool without `names` would have written it: segments of four fields, an empty list. */
function withoutNames(map) {
  const { decode, encode } = tool("@jridgewell/sourcemap-codec");
  const lines = decode(map.mappings).map((line) => line.map((segment) => segment.slice(0, 4)));
  return { ...map, names: [], mappings: encode(lines) };
}

if (process.argv[2] === "--one") await one(process.argv[3]);
else await all(process.argv.slice(2));
