// Runs a program that has probes in it: node drive.mjs PROGRAM LOG. It calls whatever the program exports, with what it gets back, in
// an order that is the same each time. For each probe LOG gets lines [id, line of the stack, name of the
// function itself], for the first few hits.
import * as fs from "node:fs";
import { pathToFileURL } from "node:url";

const [program, log] = process.argv.slice(2);
const out = fs.openSync(log, "w");
const calls = 12_000;
const seen = new Map();
let budget = 2_000_000; // hits of probes: what goes on for ever ends there
let perCall = 0;

globalThis.__DEV__ = true;
globalThis.__probe = (id) => {
  if (--budget < 0 || --perCall < 0) throw new RangeError("enough");
  const hits = seen.get(id) ?? 0;
  if (hits === 3) return;
  seen.set(id, hits + 1);
  const was = Error.prepareStackTrace;
  Error.prepareStackTrace = (_, sites) => sites[1];
  try {
    throw new Error("probe");
  } catch ({ stack: site }) {
    fs.writeSync(out, JSON.stringify([id, String(site), site.getFunctionName() ?? ""]) + "\n"); // the text is that of a line of a stack
  } finally {
    Error.prepareStackTrace = was;
  }
};
Error.stackTraceLimit = 5;
for (const name of ["apply", "call", "bind"]) Object.defineProperty(Function.prototype, name, { writable: false, configurable: false }); // zod would change them
for (const event of ["uncaughtException", "unhandledRejection"]) process.on(event, () => {});
process.exitCode = 0;
for (const name of ["log", "info", "warn", "error", "debug", "group", "groupEnd", "trace", "dir"]) console[name] = () => {};

let state = 1;
const random = (n) => {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return (state >>> 8) % n;
};

perCall = 1e6;
const module = await import(pathToFileURL(program));
const roots = Object.values(module).flatMap((namespace) => {
  try {
    return Object.values(namespace);
  } catch {
    return [];
  }
});
const things = [...roots]; // and what calls have given
const text = "# A *b* `c`\n\n> - [d](/e 'f') ![g](h)\n\n1. i\n\n```js\nj\n```\n\n| k | l |\n|---|---|\n| m | <n> |\n\n***\n\n[o]: p\nhttp://q.r &amp; ~~s~~\n";
const plain = () =>
  [0, 1, 3, -1, 10, "", "a", "key", "a b", text, true, false, null, undefined, [], [1, 2, 3], ["a"], {}, { a: 1, key: "b" }, (x) => x, () => true, (a, b) => a - b, () => [1, 2], async () => 1,
    new Map([["a", 1]]), new Set([1]), new Date(0), /a/, new Uint8Array(32), 10n, Symbol.iterator, new AbortController().signal, Promise.resolve(1), new Error("x"),
    { next() {}, error() {}, complete() {} }, { get: () => 1, set() {} }, class {}][random(37)];
const argument = () => (random(3) > 0 ? plain() : things[random(things.length)]);

function keep(value) {
  if ((typeof value === "object" && value !== null) || typeof value === "function") {
    if (things.length < 3000) things.push(value);
    else things[roots.length + random(3000 - roots.length)] = value;
  }
}

function keysOf(thing) {
  const keys = [];
  for (let at = thing; at && at !== Object.prototype && at !== Function.prototype && keys.length < 200; at = Object.getPrototypeOf(at)) keys.push(...Reflect.ownKeys(at));
  return keys.filter((key) => key !== "constructor" && key !== "caller" && key !== "arguments" && key !== "callee");
}

function setterOf(thing, key) {
  for (let at = thing; at; at = Object.getPrototypeOf(at)) {
    const own = Reflect.getOwnPropertyDescriptor(at, key);
    if (own) return own.set !== undefined && !isNative(own.set);
  }
  return false;
}

const isNative = (f) => /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(f));

async function once(turn) {
  const thing = turn < 3 * roots.length ? roots[turn % roots.length] : things[random(things.length)];
  const args = Array.from({ length: random(4) }, argument);
  try {
    if (typeof thing === "function" && random(2) === 0) {
      if (isNative(thing)) return;
      const construct = /^class\b|^function [A-Z]/.test(Function.prototype.toString.call(thing));
      keep(construct ? Reflect.construct(thing, args) : thing(...args));
      return;
    }
    const on = typeof thing === "function" && thing.prototype && random(3) === 0 ? thing.prototype : thing;
    const keys = keysOf(on);
    if (keys.length === 0) return;
    const key = keys[random(keys.length)];
    if (setterOf(on, key)) on[key] = argument();
    const value = on[key]; // getters
    if (typeof value !== "function" || isNative(value)) return keep(value);
    const result = value.apply(on, args);
    keep(result);
    if (typeof result?.[Symbol.iterator] === "function" && typeof result !== "string") {
      let n = 0;
      for (const item of result) if ((keep(item), ++n === 5)) break;
    }
    if (typeof result?.[Symbol.asyncIterator] === "function") {
      const items = result[Symbol.asyncIterator]();
      for (let n = 0; n < 3; n++) await Promise.race([items.next().then(({ value }) => keep(value)), pause()]);
    }
    if (typeof result?.then === "function") await Promise.race([Promise.resolve(result).then(keep), pause()]);
  } catch {}
}

const pause = () => new Promise((done) => setTimeout(done, 2));

const end = Date.now() + 20_000;
for (let turn = 0; turn < calls && budget > 0 && Date.now() < end; turn++) {
  perCall = 5_000;
  await once(turn);
  if (turn % 50 === 0) await pause();
}
fs.closeSync(out);
process.kill(process.pid, "SIGKILL"); // whatever still runs
