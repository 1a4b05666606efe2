// From the markers in the sources to the table of right answers.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { exceptions, scenarios } from "./scenarios.mjs";

export const engines = { node: "v8", chromium: "v8", firefox: "firefox" }; // engine: family

const framesKept = { v8: 10, firefox: Infinity }; // V8: Error.stackTraceLimit

/** Every marker of the sources by its id: { file, line, column, code, function }, line and column 1-based, in UTF-16 units. */
export function readSites(root) {
  const sites = new Map();
  for (const name of readdirSync(join(root, "src")).sort()) {
    const lines = readFileSync(join(root, "src", name), "utf8").split("\n");
    lines.forEach((code, i) => {
      for (const match of code.matchAll(/\/\*@([\w.]+)(?: ([^*]+))?\*\//g)) {
        const [marker, id, functionName = ""] = match;
        if (sites.has(id)) throw new Error(`two markers ${id}`);
        const column = match.index + marker.length + 1;
        sites.set(id, { file: `src/${name}`, line: i + 1, column, code, function: functionName });
      }
    });
  }
  return sites;
}

/** The right answers: one case for each trace, each with the frames in the order they are printed. */
export function makeCases(root, builds) {
  const sites = readSites(root);
  const used = new Set();
  const cases = [];
  for (const build of builds) {
    for (const [engine, family] of Object.entries(engines)) {
      const at = { minifier: build.split("-")[0], family, engine };
      const add = (scenario, { message, frames }) => {
        const trace = `traces/${build}/${engine}-${scenario}.txt`;
        cases.push({ build, engine, scenario, trace, message: message[family] ?? message, frames });
      };
      for (const [name, { message, frames, cause, uncaught }] of Object.entries(scenarios)) {
        const own = resolve(frames, at, sites, used);
        add(name, { message, frames: own });
        if (!cause) continue;
        const inner = resolve(cause.frames, at, sites, used);
        add(`${name}-cause`, { message: cause.message, frames: inner });
        if (uncaught && engine === "node") {
          const printed = new RegExp(message.source.replace(/^\^(\w+)/, String.raw`^[\w$]+ \[$1\]`)); // "t [ShopError]: …"
          add(`${name}-uncaught`, { message: printed, frames: [...own, ...inner] });
        }
      }
    }
  }
  const unused = [...sites.keys()].filter((id) => !used.has(id));
  if (unused.length > 0 && builds.some((build) => build.startsWith("terser"))) throw new Error(`unused markers: ${unused}`);
  return cases;
}

function resolve(frames, at, sites, used) {
  return frames
    .map((frame) => (typeof frame === "string" ? { site: frame } : frame))
    .filter(({ family, engine }) => (family ?? at.family) === at.family && (engine ?? at.engine) === at.engine)
    .map((frame) => (frame.site ? resolveSite(frame.site, at, sites, used) : { native: frame.native, outside: frame.outside }))
    .filter((frame) => frame !== null)
    .slice(0, framesKept[at.family]);
}

// A marker "id" holds for all, "id.firefox" for an engine, "id.terser" for a minifier: the most special one counts.
function resolveSite(id, { minifier, family }, sites, used) {
  const exception = exceptions[minifier]?.[id];
  const why = exception?.[family] ?? exception;
  if (why?.gone) return null;
  const found = [`${id}.${minifier}.${family}`, `${id}.${minifier}`, `${id}.${family}`, id].find((name) => sites.has(name));
  if (!found) throw new Error(`no marker ${id}`);
  used.add(found);
  if (found.includes(`.${minifier}`) && !why) throw new Error(`no reason is given for marker ${found}`);
  return why ? { ...sites.get(found), why } : sites.get(found);
}

/** One frame a line, so that a change of one shows as a change of one. */
export function printTable(versions, cases) {
  const printed = cases.map(({ frames, ...rest }) => {
    const lines = frames.map((frame) => `  ${JSON.stringify(frame)}`).join(",\n");
    return `${JSON.stringify(rest).slice(0, -1)},"frames":[\n${lines}\n]}`;
  });
  return `{"versions":${JSON.stringify(versions)},"cases":[\n${printed.join(",\n")}\n]}\n`;
}
