// The driver for engines in JavaScript: node --expose-gc driver.mjs trace-mapping | source-map
//
// ../../PROTOCOL.md says what is spoken. Both engines take the map as a string, which is made before the clock starts;
// both decode mappings no later than at the first lookup, which the clock includes, and JSON.parse, so source texts too.
// Both count lines from 1 in originalPositionFor, columns from 0. CPU time is node's process.cpuUsage(), in microseconds:
// all threads, so the collector's and the compiler's too.
//
// trace-mapping: FlattenMap, which takes regular and indexed maps; mappings are decoded at the first lookup.
// source-map:    SourceMapConsumer; mappings are decoded in WebAssembly, its memory is given back by destroy().

import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

const engines = {
  "trace-mapping": async () => {
    const { FlattenMap, originalPositionFor } = await import("@jridgewell/trace-mapping");
    return {
      version: `trace-mapping ${versionOf("@jridgewell/trace-mapping")}`,
      build: (text) => new FlattenMap(text),
      lookup: (map, line, column) => originalPositionFor(map, { line, column }),
      drop: () => {},
    };
  },
  "source-map": async () => {
    const { SourceMapConsumer } = (await import("source-map")).default; // CommonJS
    return {
      version: `source-map ${versionOf("source-map")}`,
      build: (text) => new SourceMapConsumer(text), // a promise
      lookup: (consumer, line, column) => consumer.originalPositionFor({ line, column }),
      drop: (consumer) => consumer.destroy(),
    };
  },
};

const name = process.argv[2];
if (!Object.hasOwn(engines, name ?? "")) {
  console.error(`usage: node --expose-gc driver.mjs ${Object.keys(engines).join(" | ")}`);
  process.exit(2);
}
const engine = await engines[name]();
let text = null; // the map
let object = null;
let positions = {}; // by order: Int32Array of pairs
let base = 0; // VmRSS before the map was read, bytes

for await (const line of createInterface({ input: process.stdin })) {
  const [request, ...args] = line.split("\t");
  if (request === "quit") break;
  let reply;
  try {
    reply = ["ok", ...Object.entries(await answer(request, args)).map(([key, value]) => `${key}=${value}`)].join("\t");
  } catch (error) {
    reply = `no\t${String(error.message).replace(/\s+/g, " ")}`;
  }
  process.stdout.write(reply + "\n");
}

async function answer(request, args) {
  switch (request) {
    case "hello":
      return { version: engine.version };
    case "load":
      return load(args[0], args[2]);
    case "ready":
      return ready();
    case "lookup": {
      const list = first(args[0], args[1]);
      const started = clock();
      const sum = checksum(list);
      return { ...since(started), sum };
    }
    case "answers":
      return answers(first(args[0], args[1]), args[2]);
    case "peak":
      return { base, peak: statusBytes("VmHWM") };
    case "save":
    case "open":
      throw new Error("has no saved form");
    default:
      throw new Error(`no such request: ${request}`);
  }
}

function load(mapPath, dir) {
  drop();
  text = null;
  positions = {};
  for (const order of ["spread", "random", "sorted"]) {
    const bytes = readFileSync(`${dir}/${order}.i32`);
    positions[order] = new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  }
  collect();
  base = statusBytes("VmRSS");
  text = readFileSync(mapPath, "utf8");
  collect();
  writeFileSync("/proc/self/clear_refs", "5"); // VmHWM from here on
  return {};
}

async function ready() {
  if (text === null) throw new Error("load comes first");
  drop();
  collect();
  const started = clock();
  object = await engine.build(text);
  const sum = checksum(positions.spread);
  return { ...since(started), sum };
}

function drop() {
  if (object !== null) engine.drop(object);
  object = null;
}

// Twice: the first collection may only run what frees the rest.
function collect() {
  globalThis.gc();
  globalThis.gc();
}

function first(order, n) {
  if (object === null) throw new Error("ready comes first");
  if (order.startsWith("many-")) throw new Error("has no batch function");
  const list = positions[order];
  if (!list || !(Number(n) * 2 <= list.length)) throw new Error(`not that many positions: ${order} ${n}`);
  return list.subarray(0, Number(n) * 2);
}

// FNV-1a over lines and columns; see PROTOCOL.md. The engines' lines count from 1.
function checksum(list) {
  let sum = 0x811c9dc5;
  for (let i = 0; i < list.length; i += 2) {
    const { line, column } = engine.lookup(object, list[i] + 1, list[i + 1]);
    sum = Math.imul(sum ^ (line === null ? -1 : line - 1), 0x01000193);
    sum = Math.imul(sum ^ (line === null ? -1 : column), 0x01000193);
  }
  return (sum >>> 0).toString(16).padStart(8, "0");
}

function answers(list, file) {
  const found = new Int32Array(list.length);
  for (let i = 0; i < list.length; i += 2) {
    const { line, column } = engine.lookup(object, list[i] + 1, list[i + 1]);
    found[i] = line === null ? -1 : line - 1;
    found[i + 1] = line === null ? -1 : column;
  }
  writeFileSync(file, Buffer.from(found.buffer));
  return {};
}

// CPU time first, so that reading it is not in the wall time.
function clock() {
  return { cpu: process.cpuUsage(), wall: process.hrtime.bigint() };
}

function since(started) {
  const wall = process.hrtime.bigint() - started.wall;
  const { user, system } = process.cpuUsage(started.cpu);
  return { cpu: (user + system) * 1000, wall };
}

// A line of /proc/self/status in bytes.
function statusBytes(key) {
  const match = new RegExp(`^${key}:\\s*(\\d+) kB`, "m").exec(readFileSync("/proc/self/status", "utf8"));
  return match ? Number(match[1]) * 1024 : 0;
}

function versionOf(name) {
  return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), "utf8")).version;
}
