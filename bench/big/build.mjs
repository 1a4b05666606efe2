// Builds the corpus entry `big`: about thirty of the largest npm packages in one bundle, with a map of over 200 MB.
//
//   node bench/big/build.mjs [DIR]          DIR: .cache/corpus at the root of the repository
//
// The packages are pinned in package.json and package-lock.json; esbuild, one of them, bundles and minifies. esbuild
// follows the maps that packages ship, so many sources are the TypeScript they were written in. Afterwards DIR holds
//
//   big/big.js  big/big.js.map   the bundle and its map, with sourcesContent
//   big/stamp.json               the hash of the lock file they came from, and for each file name, bytes and sha256
//
// The map's sha256 is pinned below, so that the recipe can't drift unseen. The folder big appears by one rename, so it
// is whole or absent; a second run hashes the files and ends. What is unfinished lies in DIR/.tmp-<pid>-…, which is
// removed when the run ends, also by Ctrl-C; what a killed run left is swept by the next one (and by corpus.mjs).
//
// Needs node >= 20, npm, 2 GB of disk and about 3 GB of memory. Takes 2 to 5 minutes, most of it npm's.
// Exit code: 0 all there, 1 failure (one sentence on stderr), 128 + signal number when interrupted.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const pinned = {
  mapSha256: "7e57d2128661e42d7863e2e383b9271565ea70e2e378f9ce51f4f416e0fa49e8",
  mapBytes: 223_813_661,
  segments: 9_078_492,
};

// The modules to import from a package, where that is not the package itself.
const modules = {
  "plotly.js": ["plotly.js/lib/index"], // the package's main is an unminified bundle of the same
  prettier: ["prettier", "prettier/standalone"],
  three: ["three", "three/webgpu"],
};
// Tools, and what others need beside them: not imported by the entry.
const notImported = new Set(["esbuild", "@emotion/react", "@emotion/styled", "buffer"]);

const here = path.dirname(fileURLToPath(import.meta.url));
const args = process.argv.slice(2);
if (args.length > 1 || args[0]?.startsWith("-")) {
  console.error("usage: node bench/big/build.mjs [DIR]");
  process.exit(args[0] === "-h" || args[0] === "--help" ? 0 : 1);
}
const dir = path.resolve(args[0] ?? path.join(here, "..", "..", ".cache", "corpus"));
const home = path.join(dir, "big");

let scratch = null; // our own folder inside DIR
let leaving = false; // set once, by whoever ends the run first
let npm = null; // {child, end} while npm runs

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => leave(128 + constants.signals[signal], "interrupted; run it again"));
}
try {
  await main();
  await leave(0);
} catch (error) {
  await leave(1, error.message);
}

async function main() {
  const lock = sha256(fs.readFileSync(path.join(here, "package-lock.json")));
  fs.mkdirSync(dir, { recursive: true });
  sweep();
  const present = readStamp(lock);
  if (present) return report(present, "present");

  const started = performance.now();
  scratch = fs.mkdtempSync(path.join(dir, `.tmp-${process.pid}-`));
  for (const name of ["package.json", "package-lock.json", ".npmrc"]) {
    fs.copyFileSync(path.join(here, name), path.join(scratch, name));
  }
  console.log("npm ci: about 950 packages, 1.8 GB on disk for the time of the build");
  await npmCi(scratch);
  console.log("esbuild");
  await bundle(scratch);

  const js = fs.readFileSync(path.join(scratch, "big.js"));
  const map = fs.readFileSync(path.join(scratch, "big.js.map"));
  const files = {
    js: { name: "big.js", bytes: js.length, sha256: sha256(js) },
    map: { name: "big.js.map", bytes: map.length, sha256: sha256(map) },
  };
  const segments = countSegments(map);
  if (pinned.mapSha256 !== files.map.sha256 || pinned.segments !== segments) {
    throw new Error(`the map built is not the pinned one: build.mjs has ${JSON.stringify(pinned)}, this is ` +
      JSON.stringify({ mapSha256: files.map.sha256, mapBytes: map.length, segments }));
  }

  // From here on no await: a signal finds either nothing in place or the whole folder.
  const stamp = { lock, files, segments };
  const ready = path.join(scratch, "ready");
  fs.mkdirSync(ready);
  for (const { name } of Object.values(files)) fs.renameSync(path.join(scratch, name), path.join(ready, name));
  fs.writeFileSync(path.join(ready, "stamp.json"), JSON.stringify(stamp, null, 2) + "\n");
  if (fs.existsSync(home)) fs.renameSync(home, path.join(scratch, "old"));
  fs.renameSync(ready, home);
  report(stamp, `built in ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

// npm's own client does the download: it knows the user's registry, proxy, credentials and cache. No package's scripts
// are run: esbuild's program comes as an optional dependency of its own.
async function npmCi(cwd) {
  const child = spawn("npm", ["ci", "--ignore-scripts", "--loglevel=error"], {
    cwd,
    detached: true, // its own process group: Ctrl-C reaches only us, and we stop npm in leave()
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  const end = new Promise((resolve) => {
    child.on("error", (error) => resolve(error.code === "ENOENT" ? "npm was not found on PATH" : error.message));
    child.on("close", (code) => resolve(code === 0 ? null : stderr.trim().split("\n")[0] || `exit code ${code}`));
  });
  npm = { child, end };
  const failure = await end;
  npm = null;
  if (leaving) await leave();
  if (failure) throw new Error(`npm ci failed: ${failure}`);
}

// Writes big.js and big.js.map into cwd. Every export of every package is kept: the entry holds on to all of them.
async function bundle(cwd) {
  const { dependencies } = JSON.parse(fs.readFileSync(path.join(cwd, "package.json"), "utf8"));
  const imports = Object.keys(dependencies)
    .filter((name) => !notImported.has(name))
    .flatMap((name) => modules[name] ?? [name]);
  const lines = imports.map((name, i) => `import * as m${i} from ${JSON.stringify(name)};`);
  lines.push(`globalThis.big = [${imports.map((_, i) => `m${i}`)}];`);

  const esbuild = await import(pathToFileURL(path.join(cwd, "node_modules", "esbuild", "lib", "main.js")));
  const build = esbuild.default ?? esbuild;
  try {
    await build.build({
      stdin: { contents: lines.join("\n") + "\n", resolveDir: cwd, sourcefile: "entry.mjs" },
      absWorkingDir: cwd,
      outfile: path.join(cwd, "big.js"),
      bundle: true,
      minify: true,
      sourcemap: true,
      format: "esm",
      // Code for browsers where a package has it; what node brings along stays an import.
      platform: "node",
      mainFields: ["browser", "module", "main"],
      conditions: ["browser", "import"],
      loader: Object.fromEntries(
        [".css", ".ttf", ".woff", ".woff2", ".wasm", ".svg", ".png", ".node"].map((ending) => [ending, "empty"]),
      ),
      logLevel: "silent",
    });
  } catch (error) {
    if (leaving) await leave();
    throw new Error(`esbuild: ${error.errors?.[0]?.text ?? error.message}`);
  } finally {
    build.stop();
  }
}

// The number of segments in the mappings of a map held in memory: pieces between ',' and ';' that aren't empty.
function countSegments(map) {
  const key = Buffer.from('"mappings": "');
  const from = map.indexOf(key) + key.length;
  const to = map.indexOf('"', from);
  let count = 0;
  let open = false;
  for (let i = from; i < to; i++) {
    const separator = map[i] === 0x2c || map[i] === 0x3b;
    if (!separator && !open) count++;
    open = !separator;
  }
  return count;
}

// ---- stamp, tidying, leaving -------------------------------------------------------------------------------------

// The stamp of what is in place, made from the same lock file and with unchanged files; otherwise null.
function readStamp(lock) {
  try {
    const stamp = JSON.parse(fs.readFileSync(path.join(home, "stamp.json"), "utf8"));
    if (stamp.lock !== lock || stamp.files.map.sha256 !== pinned.mapSha256) return null;
    for (const file of Object.values(stamp.files)) {
      const bytes = fs.readFileSync(path.join(home, file.name));
      if (bytes.length !== file.bytes || sha256(bytes) !== file.sha256) return null;
    }
    return stamp;
  } catch {
    return null; // absent or unreadable: built anew
  }
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

// Removes what a killed run (kill -9, power) left: scratch folders of processes that are gone.
function sweep() {
  for (const name of fs.readdirSync(dir)) {
    const pid = /^\.tmp-(\d+)-/.exec(name)?.[1];
    if (!pid) continue;
    try {
      process.kill(Number(pid), 0); // signal 0 only asks whether the process exists
    } catch (error) {
      if (error.code === "ESRCH") fs.rmSync(path.join(dir, name), { recursive: true, force: true });
    }
  }
}

function report({ files, segments }, how) {
  const n = (x) => x.toLocaleString("en-US");
  console.log(`big  js ${n(files.js.bytes)} B  map ${n(files.map.bytes)} B  ${n(segments)} segments  ${how}`);
}

// Ends the run: stops npm, removes the scratch folder, says why, exits. The first caller wins, later ones wait until
// process.exit ends them.
async function leave(code, message) {
  if (leaving) return new Promise(() => {});
  leaving = true;
  if (npm) {
    try {
      process.kill(-npm.child.pid, "SIGTERM"); // the whole group
    } catch {} // already gone
    await npm.end;
  }
  if (scratch) fs.rmSync(scratch, { recursive: true, force: true });
  if (message) console.error(`big: ${message}`);
  process.exit(code);
}
