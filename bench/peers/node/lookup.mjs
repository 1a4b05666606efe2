// Looks up positions in a source map with another engine, so that answers can be compared.
//
//   node lookup.mjs trace-mapping MAP          @jridgewell/trace-mapping
//   node lookup.mjs source-map    MAP          Mozilla's source-map 0.8 (wasm)
//   node lookup.mjs trace-mapping MAP --raw    answers by index into sources and names
//
// stdin:  generated positions [line, column], both 0-based, column in UTF-16 code units:
//         one JSON array [[0,17],[0,40]] or JSON lines, one position a line.
// stdout: one JSON array, one answer for each position, in order:
//         null                             nothing found, or a 1-field segment
//         [source, line, column, name]     0-based; source and name null where the engine has none
//         [source, line, column, name]     with --raw: four integers, name -1 where the segment has 4 fields
// Exit code: 0, or 1 with one sentence on stderr (bad input; a map the engine refuses).
//
// What is called, always with the bias GREATEST_LOWER_BOUND, both packages' default: the last segment at or before the
// column, on the same line, never on an earlier one. No map URL is given, so `source` is what the engine makes of
// sourceRoot and sources alone: paths are normalised ("a/../b" → "b"), sourceRoot is put in front.
//
// trace-mapping: FlattenMap(text), which is AnyMap's other name in 0.3.31, for regular and indexed maps; then
//   originalPositionFor, or traceSegment for --raw.
//   * Several segments at one column: an exact hit gives the first of them, an inexact one the last (so do both calls).
//   * A null source comes out as "", or as sourceRoot with a slash: the engine resolves null like "".
//   * Bad base64 digits in mappings are not refused.
//   * Indexed maps are flattened: sources and names of all sections one after another, without merging equal ones;
//     --raw counts in these lists. A position behind the start of a section, but before its first segment on that line,
//     gets the segment of the section before, if that one reaches into the line.
// source-map: new SourceMapConsumer(text), which makes an IndexedSourceMapConsumer of an indexed map; then
//   originalPositionFor.
//   * Several segments at one column: not specified by the package; a binary search takes whichever it meets.
//   * A null source comes out as "null", with sourceRoot in front.
//   * Indexed maps: the section that covers the position is asked, and no other.

import { readFileSync } from "node:fs";

const [engine, mapPath, ...flags] = process.argv.slice(2);
const raw = flags[0] === "--raw";
try {
  if (!["trace-mapping", "source-map"].includes(engine) || !mapPath || flags.length > (raw ? 1 : 0)) {
    throw new Error("usage: node lookup.mjs trace-mapping|source-map MAP [--raw]");
  }
  if (raw && engine !== "trace-mapping") throw new Error("--raw needs trace-mapping: source-map does not tell indices");
  const positions = naming("stdin", () => readPositions(readFileSync(0, "utf8")));
  const text = readFileSync(mapPath, "utf8");
  // A map is refused on opening or, as mappings are decoded late, at the first position.
  const answers = await naming(`${engine} refuses ${mapPath}`, async () => positions.map(await open(engine, text, raw)));
  process.stdout.write(JSON.stringify(answers) + "\n");
} catch (error) {
  console.error(`lookup: ${error.message}`);
  process.exitCode = 1;
}

// Runs f, sync or async; puts `where` in front of the message of what it throws.
function naming(where, f) {
  const rename = (error) => {
    throw new Error(`${where}: ${error.message.replaceAll("\n", " ")}`);
  };
  try {
    const result = f();
    return result instanceof Promise ? result.catch(rename) : result;
  } catch (error) {
    return rename(error);
  }
}

// Both packages count original and generated lines from 1 in originalPositionFor, columns from 0; traceSegment counts
// both from 0. The two converters below are the only places that add or take away 1.
async function open(engine, text, raw) {
  const toEngine = ([line, column]) => ({ line: line + 1, column });
  const toAnswer = ({ source, line, column, name }) => (line === null ? null : [source ?? null, line - 1, column, name ?? null]);

  if (engine === "trace-mapping") {
    const { FlattenMap, originalPositionFor, traceSegment, GREATEST_LOWER_BOUND } = await import("@jridgewell/trace-mapping");
    const map = new FlattenMap(text);
    if (!raw) return (position) => toAnswer(originalPositionFor(map, { ...toEngine(position), bias: GREATEST_LOWER_BOUND }));
    return ([line, column]) => {
      const segment = traceSegment(map, line, column); // [column, source, line, column, name], the last 1 or 4 may be absent
      return segment === null || segment.length === 1 ? null : [segment[1], segment[2], segment[3], segment[4] ?? -1];
    };
  }

  const { SourceMapConsumer } = (await import("source-map")).default; // CommonJS
  const consumer = await new SourceMapConsumer(text);
  const bias = SourceMapConsumer.GREATEST_LOWER_BOUND;
  return (position) => toAnswer(consumer.originalPositionFor({ ...toEngine(position), bias }));
}

function readPositions(text) {
  const trimmed = text.trim();
  const asArray = /^\[\s*[[\]]/.test(trimmed); // "[[" or "[]": one array, otherwise one position a line
  const positions = asArray ? JSON.parse(trimmed) : trimmed.split("\n").filter((line) => line.trim()).map((line) => JSON.parse(line));
  const good = (n) => Number.isInteger(n) && n >= 0 && n <= 0x7fffffff;
  positions.forEach((position, i) => {
    if (!Array.isArray(position) || position.length !== 2 || !position.every(good)) {
      throw new Error(`position ${i} is not [line, column] of two integers from 0 to 2^31-1: ${JSON.stringify(position)}`);
    }
  });
  return positions;
}
