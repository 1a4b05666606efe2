// Proves the table: the markers of the sources against an independent engine, @jridgewell/trace-mapping.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { file } from "./build.mjs";

/** The frames of a trace as printed: { line, column } 1-based, { native } or { outside }, each with the line's text. */
export function printedFrames(engine, trace) {
  const v8 = /^\s+at (?:.* \()?(?:async )?(.*?)\)?(?: \{)?$/; // Node ends an error's last frame with `{` where fields follow
  const firefox = /^[^@]*@(.*)$/;
  return trace.split("\n").flatMap((text) => {
    const place = (engine === "firefox" ? firefox : v8).exec(text)?.[1];
    if (place === undefined) return [];
    if (place === "<anonymous>" || /^index \d+$/.test(place)) return [{ text, native: true }];
    if (place.startsWith("node:")) return [{ text, outside: true }];
    const [, url, line, column] = /^(.*):(\d+):(\d+)$/.exec(place);
    assert(url.endsWith(`/${file}`), text);
    return [{ text, line: Number(line), column: Number(column) }];
  });
}

/** The frame's answer by its map, with the generated column moved by `shift`. */
function lookUp(map, { line, column }, shift = 0) {
  const found = originalPositionFor(map, { line, column: column - 1 + shift });
  return { file: found.source?.replace(/^(\.\.\/)+/, ""), line: found.line, column: found.column + 1 };
}

const same = (a, b) => a.file === b.file && a.line === b.line && a.column === b.column;

/** All frames of a case must agree with the map; common mistakes must show in at least one of them. */
export function checkCase({ engine, trace, frames }, text, code, map) {
  const printed = printedFrames(engine, text);
  assert.equal(printed.length, frames.length, `${trace}: number of frames`);
  const ours = [];
  printed.forEach((frame, i) => {
    const expected = frames[i];
    assert.equal(frame.native, expected.native, `${trace}: ${frame.text}`);
    assert.equal(frame.outside, expected.outside, `${trace}: ${frame.text}`);
    if (expected.file === undefined) return;
    const { file, line, column } = expected;
    assert.deepEqual(lookUp(map, frame), { file, line, column }, `${trace}: ${frame.text}`);
    const original = map.sourcesContent[map.sources.findIndex((source) => source.endsWith(`/${file}`))];
    assert.equal(original.split("\n")[line - 1], expected.code, `${trace}: ${frame.text}`);
    ours.push({ frame, expected });
  });
  // A column in bytes of UTF-8 or in code points, taken for one in UTF-16 units, differs behind the shop's texts.
  const before = ({ line, column }) => code.split("\n")[line - 1].slice(0, column - 1);
  const mistakes = {
    "1-based columns taken as 0-based": (frame) => lookUp(map, frame, +1),
    "0-based columns taken as 1-based": (frame) => lookUp(map, frame, -1),
    "columns taken as bytes": (frame) => lookUp(map, frame, before(frame).length - Buffer.byteLength(before(frame))),
    "columns taken as code points": (frame) => lookUp(map, frame, before(frame).length - [...before(frame)].length),
  };
  for (const [mistake, wrong] of Object.entries(mistakes)) {
    assert(ours.some(({ frame, expected }) => !same(wrong(frame), expected)), `${trace}: ${mistake} would not show`);
  }
}

/** Checks what is written in the folder; gives the numbers. */
export function checkAll(root) {
  const read = (path) => readFileSync(join(root, path), "utf8");
  const { cases } = JSON.parse(read("expected.json"));
  for (const { build } of cases) {
    const code = read(`dist/${build}/${file}`);
    const map = JSON.parse(read(`dist/${build}/${file}.map`));
    assert(code.endsWith(`\n//# sourceMappingURL=${file}.map\n`));
    assert.equal(code.split("\n").length, 3, "the shop stands on one line");
    assert.equal(map.names.length > 0, build.endsWith("-names"));
    assert(map.sourcesContent.every((text, i) => text === read(map.sources[i].replace("../../", ""))));
  }
  for (const expected of cases) {
    const code = read(`dist/${expected.build}/${file}`);
    const map = new TraceMap(read(`dist/${expected.build}/${file}.map`));
    checkCase(expected, read(expected.trace), code, map);
  }
  const frames = cases.flatMap((c) => c.frames).filter((frame) => frame.file);
  return { cases: cases.length, frames: frames.length, exceptions: frames.filter((frame) => frame.why).length };
}

/** The names of the table against those V8 prints for the shop before it is minified; both without the class. */
export function checkNames({ trace, engine, frames }, text) {
  printedFrames(engine, text).forEach((frame, i) => {
    if (frames[i].file === undefined) return;
    const printed = /^\s+at (.*) \(/.exec(frame.text)?.[1] ?? "";
    const v8 = printed
      .replace("<instance_members_initializer>", "new Wishlist") // one function in the source: the constructor
      .replace("Timeout._onTimeout", "") // the property Node keeps a timer's callback in, for a function without a name
      .replace("Object.<anonymous>", "") // Node's wrapper around a script
      .replace(/^async /, "")
      .replace(/ \[as [^\]]*\]$/, "");
    const bare = (name) => name.replace(/^((?:get |set )?)(?!new )[\w$]+(?:\.|(?=\[))/, "$1");
    assert.equal(bare(v8), bare(frames[i].function), `${trace}: ${frame.text}`);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(checkAll(dirname(process.argv[1])));
}
