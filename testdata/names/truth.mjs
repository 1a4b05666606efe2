// The expected names of positions of a minified file, by its map and the original sources.
import { functionsOf } from "./functions.mjs";
import { tool } from "./sources.mjs";

const { decodedMappings, originalPositionFor, TraceMap } = tool("@jridgewell/trace-mapping");

export const perBundle = 4_000;

/**
 * Draws up to `count` of the file's mapped positions and gives [line, column, kind, name, inside, head] of each, 0-based, and what was not
 * counted: positions of tokens without a source (`without`), in texts that TypeScript can't read (`unread`).
 */
export function draw(map, name, count = perBundle) {
  const trace = new TraceMap(map);
  const found = { positions: [], without: 0, unread: [] };
  const texts = map.sources.map((source, i) => {
    if (map.sourcesContent?.[i] == null || !/\.[cm]?[jt]sx?(\?|$)/.test(source ?? "") || /webpack\/|entry\.mjs/.test(source)) return null;
    try {
      const { tree, at } = functionsOf(source, map.sourcesContent[i]);
      return { starts: tree.getLineStarts(), at, length: tree.text.length };
    } catch (error) {
      found.unread.push(error.message);
      return null;
    }
  });
  const indexes = new Map(trace.resolvedSources.map((source, i) => [source, i]));
  const places = decodedMappings(trace).flatMap((line, i) => line.filter((segment, k) => k === 0 || segment[0] !== line[k - 1][0]).map(([column]) => [i, column]));
  for (const [line, column] of shuffled(places, name)) {
    if (found.positions.length === count) break;
    const place = originalPositionFor(trace, { line: line + 1, column });
    const text = place.source === null ? null : texts[indexes.get(place.source)];
    if (!text) {
      found.without++;
      continue;
    }
    const { kind, name, inside, head } = text.at(Math.min(text.starts[place.line - 1] + place.column, text.length));
    found.positions.push([line, column, name === "" && kind !== "module level" ? "anonymous" : kind, name, inside, head]);
  }
  return found;
}

/** The same order each time, another for each name. */
function shuffled(list, name) {
  let state = [...name].reduce((hash, c) => Math.imul(hash ^ c.charCodeAt(0), 16777619), 2166136261) >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const all = [...list];
  for (let i = all.length - 1; i > 0; i--) {
    const k = Math.floor(random() * (i + 1));
    [all[i], all[k]] = [all[k], all[i]];
  }
  return all;
}
