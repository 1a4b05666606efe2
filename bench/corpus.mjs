// Fetches the corpus of real source maps that benchmarks and differential tests run on.
//
//   node bench/corpus.mjs [DIR]          DIR: .cache/corpus at the root of the repository
//
// What to fetch is pinned in corpus.json. Afterwards DIR holds
//
//   <id>/<name>.js  <id>/<name>.js.map   the minified file and its map, byte for byte as published
//   <id>/stamp.json                      which corpus.json entry they came from, sizes and sha256
//   manifest.json                        [{id, package, version, js, map, jsBytes, bytes}]: js and map are paths
//                                        relative to DIR, jsBytes and bytes the sizes of the two files
//
// A folder <id> appears by one rename, with its stamp inside, so it is whole or absent. manifest.json is there only
// while every package of corpus.json is. A second run hashes the files, compares them with the stamps and uses no network.
//
// Exit code: 0 all there, 1 failure (one sentence on stderr), 128 + signal number when interrupted.
// Needs node >= 20 and npm, nothing else.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createGunzip } from "node:zlib";

const here = path.dirname(fileURLToPath(import.meta.url));
const parallel = 2; // packages in work at once

const args = process.argv.slice(2);
if (args.length > 1 || args[0]?.startsWith("-")) {
  console.error("usage: node bench/corpus.mjs [DIR]");
  process.exit(args[0] === "-h" || args[0] === "--help" ? 0 : 1);
}
const dir = path.resolve(args[0] ?? path.join(here, "..", ".cache", "corpus"));
const manifestPath = path.join(dir, "manifest.json");

let scratch = null; // our own folder inside DIR; everything unfinished lives there
let leaving = false; // set once, by whoever ends the run first
const children = new Map(); // running npm process → promise of its end

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => leave(128 + constants.signals[signal], "interrupted; run it again to go on"));
}
try {
  await main();
  await leave(0);
} catch (error) {
  await leave(1, error.message);
}

async function main() {
  const { packages } = JSON.parse(fs.readFileSync(path.join(here, "corpus.json"), "utf8"));
  fs.mkdirSync(dir, { recursive: true });
  sweep();

  const stamps = new Map(packages.map((entry) => [entry.id, readStamp(entry)]));
  const missing = packages.filter((entry) => !stamps.get(entry.id));
  for (const entry of packages) if (stamps.get(entry.id)) report(entry, stamps.get(entry.id), "present");

  if (missing.length > 0) {
    fs.rmSync(manifestPath, { force: true });
    scratch = fs.mkdtempSync(path.join(dir, `.tmp-${process.pid}-`));
    const queue = missing.values(); // shared: each worker takes the next entry
    const worker = async () => {
      for (const entry of queue) {
        if (leaving) await leave(); // the other worker failed: start nothing new
        stamps.set(entry.id, await fetchEntry(entry));
      }
    };
    await Promise.all(Array.from({ length: parallel }, worker));
  }

  const manifest = packages.map((entry) => {
    const { js, map } = stamps.get(entry.id).files;
    return {
      id: entry.id,
      package: entry.package,
      version: entry.version,
      js: `${entry.id}/${js.name}`,
      map: `${entry.id}/${map.name}`,
      jsBytes: js.bytes,
      bytes: map.bytes,
    };
  });
  const text = JSON.stringify(manifest, null, 2) + "\n";
  if (!fs.existsSync(manifestPath) || fs.readFileSync(manifestPath, "utf8") !== text) {
    const temporary = path.join(dir, `.tmp-${process.pid}-manifest`);
    fs.writeFileSync(temporary, text);
    fs.renameSync(temporary, manifestPath);
  }
}

// ---- one package -------------------------------------------------------------------------------------------------

// Fetches, checks and unpacks one entry, puts its folder in place and returns the stamp.
async function fetchEntry(entry) {
  const started = performance.now();
  const what = `${entry.package}@${entry.version}`;
  const work = path.join(scratch, entry.id);
  fs.mkdirSync(work);

  await npmPack(what, work);
  const tarball = fs.readdirSync(work).find((name) => name.endsWith(".tgz"));
  if (!tarball) throw new Error(`npm pack ${what} left no tarball`);
  const tgz = fs.readFileSync(path.join(work, tarball));
  const integrity = "sha512-" + createHash("sha512").update(tgz).digest("base64");
  if (integrity !== entry.integrity) {
    throw new Error(`integrity mismatch for ${what}: corpus.json pins ${entry.integrity}, npm delivered ${integrity}`);
  }

  const { js, map } = entry.chunks ? await buildIndexed(entry, tgz) : await pickPair(entry, tgz);
  const files = {
    js: { name: path.posix.basename(entry.js), bytes: js.length, sha256: sha256(js) },
    map: { name: path.posix.basename(entry.map), bytes: map.length, sha256: sha256(map) },
  };
  if (entry.mapSha256 !== undefined && entry.mapSha256 !== files.map.sha256) {
    throw new Error(`the map built for ${entry.id} is not the pinned one: corpus.json has mapSha256 ` +
      `${entry.mapSha256 || "(empty)"}, this is ${files.map.sha256}`);
  }
  const stamp = { entry, files };

  // From here on no await: a signal finds either nothing in place or the whole folder.
  const ready = path.join(work, "ready");
  fs.mkdirSync(ready);
  fs.writeFileSync(path.join(ready, files.js.name), js);
  fs.writeFileSync(path.join(ready, files.map.name), map);
  fs.writeFileSync(path.join(ready, "stamp.json"), JSON.stringify(stamp, null, 2) + "\n");
  const home = path.join(dir, entry.id);
  if (fs.existsSync(home)) fs.renameSync(home, path.join(work, "old"));
  fs.renameSync(ready, home);
  fs.rmSync(work, { recursive: true, force: true });
  report(entry, stamp, `fetched in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return stamp;
}

// npm's own client does the download: it knows the user's registry, proxy, credentials and cache.
async function npmPack(what, cwd) {
  const child = spawn("npm", ["pack", what, "--ignore-scripts", "--loglevel=error"], {
    cwd,
    // Its own process group: Ctrl-C reaches only us, and we stop npm in leave().
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  const end = new Promise((resolve) => {
    child.on("error", (error) => resolve(error.code === "ENOENT" ? "npm was not found on PATH" : error.message));
    child.on("close", (code) => resolve(code === 0 ? null : npmReason(stderr) ?? `exit code ${code}`));
  });
  children.set(child, end);
  const failure = await end;
  children.delete(child);
  if (failure) throw new Error(`npm pack ${what} failed: ${failure}`);
}

// The first line of npm's complaint that is a sentence rather than a code or the path of a log.
function npmReason(stderr) {
  const lines = [...stderr.matchAll(/^npm (?:error|ERR!) (.+)$/gm)].map((match) => match[1]);
  return lines.find((line) => !/^(code|errno|syscall|A complete log)\b/.test(line)) ?? lines[0];
}

async function pickPair(entry, tgz) {
  const files = await untar(tgz, (name) => name === entry.js || name === entry.map);
  for (const name of [entry.js, entry.map]) {
    if (!files.has(name)) throw new Error(`${entry.package}@${entry.version} has no file ${name}`);
  }
  return { js: files.get(entry.js), map: files.get(entry.map) };
}

// Builds an indexed map from a folder of chunks: all chunks that have a map, ordered by file name (code units), one
// section each; their JavaScript is put together the same way, so that generated positions are real ones.
// Every fifth chunk goes on behind the last column of the one before it, the others start a fresh line.
// The text of each chunk's map goes in unchanged. Chunks without mappings get a section too.
async function buildIndexed(entry, tgz) {
  const files = await untar(tgz, (name) => name.startsWith(entry.chunks));
  const names = [...files.keys()].filter((name) => files.has(name + ".map")).sort();
  if (names.length !== entry.sections) {
    throw new Error(`${entry.id} should have ${entry.sections} sections, the package has ${names.length} chunks with a map`);
  }
  let js = "";
  let line = 0; // 0-based line where js ends
  let column = 0; // 0-based, in UTF-16 units, as String.length counts
  const sections = names.map((name, i) => {
    if (i > 0 && i % 5 !== 4) {
      js += "\n";
      line++;
      column = 0;
    }
    const section = `{"offset":{"line":${line},"column":${column}},"map":${files.get(name + ".map").toString("utf8").trim()}}`;
    const code = files.get(name).toString("utf8").replace(/\n+$/, "");
    // A comment would swallow the chunk that follows on its line; a rarer terminator would make "line" ambiguous.
    if (/sourceMappingURL=|[\r\u2028\u2029]/.test(code)) throw new Error(`${entry.id}: cannot join ${name}`);
    const lines = code.split("\n");
    js += code;
    line += lines.length - 1;
    column = (lines.length === 1 ? column : 0) + lines.at(-1).length;
    return section;
  });
  js += `\n//# sourceMappingURL=${entry.map}\n`;
  const map = `{"version":3,"file":${JSON.stringify(entry.js)},"sections":[\n${sections.join(",\n")}\n]}\n`;
  return { js: Buffer.from(js), map: Buffer.from(map) };
}

// Reads a .tgz held in memory; returns name → bytes of the regular files for which want(name) holds. Names are without
// the folder that npm puts around a package. Streams, so that only the wanted files are held unpacked.
async function untar(tgz, want) {
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  gunzip.end(tgz);
  const chunks = gunzip[Symbol.asyncIterator]();
  let buffer = Buffer.alloc(0);
  // The next n bytes: returned, or skipped when keep is false.
  async function take(n, keep = true) {
    const parts = [];
    while (n > 0) {
      if (buffer.length === 0) {
        const { value, done } = await chunks.next();
        if (done) throw new Error("a tarball ends early");
        buffer = value;
      }
      const k = Math.min(n, buffer.length);
      if (keep) parts.push(buffer.subarray(0, k));
      buffer = buffer.subarray(k);
      n -= k;
    }
    return Buffer.concat(parts);
  }
  const field = (header, from, to) => header.toString("utf8", from, to).split("\0", 1)[0];

  const files = new Map();
  let longName = null; // from a pax or GNU header, for the entry after it
  for (;;) {
    const header = await take(512);
    if (header[0] === 0) break; // the zero block behind the last entry
    const size = parseInt(field(header, 124, 136), 8);
    const padding = (512 - (size % 512)) % 512;
    const type = String.fromCharCode(header[156] || 0x30);
    const prefix = field(header, 345, 500);
    const full = longName ?? (prefix ? prefix + "/" : "") + field(header, 0, 100);
    const name = full.slice(full.indexOf("/") + 1);
    const meta = type === "x" || type === "L";
    const keep = meta || (type === "0" && want(name));
    const data = await take(size, keep);
    await take(padding, false);
    if (type === "x") longName = /\d+ path=([^\n]*)\n/.exec(data.toString("utf8"))?.[1] ?? null;
    else if (type === "L") longName = field(data, 0, size);
    else longName = null;
    if (keep && !meta) files.set(name, data);
  }
  gunzip.destroy();
  return files;
}

// ---- stamps, tidying, leaving ------------------------------------------------------------------------------------

// The stamp of an entry that is in place, made from the same corpus.json entry and with unchanged files; otherwise null.
function readStamp(entry) {
  try {
    const stamp = JSON.parse(fs.readFileSync(path.join(dir, entry.id, "stamp.json"), "utf8"));
    if (JSON.stringify(stamp.entry) !== JSON.stringify(entry)) return null;
    for (const file of Object.values(stamp.files)) {
      const at = path.join(dir, entry.id, file.name);
      if (fs.statSync(at).size !== file.bytes || sha256(fs.readFileSync(at)) !== file.sha256) return null;
    }
    return stamp;
  } catch {
    return null; // absent or unreadable: fetched anew
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

function report(entry, stamp, how) {
  const bytes = (n) => n.toLocaleString("en-US").padStart(10);
  const { js, map } = stamp.files;
  console.log(`${entry.id.padEnd(16)}  ${`${entry.package}@${entry.version}`.padEnd(26)}` +
    `  js ${bytes(js.bytes)} B  map ${bytes(map.bytes)} B  ${how}`);
}

// Ends the run: stops npm, removes the scratch folder, says why, exits. The first caller wins, later ones wait until
// process.exit ends them.
async function leave(code, message) {
  if (leaving) return new Promise(() => {});
  leaving = true;
  for (const child of children.keys()) {
    try {
      process.kill(-child.pid, "SIGTERM"); // the whole group
    } catch {} // already gone
  }
  await Promise.all(children.values());
  if (scratch) fs.rmSync(scratch, { recursive: true, force: true });
  if (message) console.error(`corpus: ${message}`);
  process.exit(code);
}
