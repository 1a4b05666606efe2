// Builds the shop: two minifiers, each map with names and without.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decode, encode } from "@jridgewell/sourcemap-codec";
import * as esbuild from "esbuild";
import { minify } from "terser";

export const file = "shop.min.js";
const minifiers = { esbuild: minifyWithEsbuild, terser: minifyWithTerser };
export const builds = Object.keys(minifiers).flatMap((name) => [`${name}-names`, `${name}-nonames`]);

/** Writes <dist>/<minifier>-<names|nonames>/shop.min.js and its map, for all four. */
export async function buildAll(root, dist) {
  for (const [name, minifier] of Object.entries(minifiers)) {
    const { code, map } = await minifier(root);
    write(join(dist, `${name}-names`), code, map);
    write(join(dist, `${name}-nonames`), code, withoutNames(map));
  }
}

// The settings both minifiers share: members that start with "_" are private to the shop and get short names.
const privateMembers = /^_/;

async function bundle(root, options) {
  const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints: ["src/main.tsx"],
    outfile: `dist/build/${file}`, // any folder of this depth: it makes the sources "../../src/…"
    write: false,
    bundle: true,
    format: "esm", // no wrapper: what stands at the top of a module stays at the top of the script
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    sourcemap: "external",
    sourcesContent: true,
    ...options,
  });
  const [map, code] = ["map", "js"].map((end) => result.outputFiles.find((f) => f.path.endsWith(end)).text);
  return { code: code.trimEnd(), map: JSON.parse(map) };
}

function minifyWithEsbuild(root) {
  return bundle(root, { minify: true, mangleProps: privateMembers });
}

/** One file, every name as it was written. (With its white space kept, comments would move onto lines of their own.) */
export function bundlePlainly(root) {
  return bundle(root, { minifyWhitespace: true });
}

async function minifyWithTerser(root) {
  const plain = await bundlePlainly(root);
  const result = await minify(plain.code, {
    module: true,
    ecma: 2022,
    compress: { passes: 2 },
    mangle: { toplevel: true, properties: { regex: privateMembers } },
    format: { comments: false, ascii_only: false },
    sourceMap: { content: plain.map, includeSources: true, asObject: true },
  });
  return { code: result.code, map: result.map };
}

/** The same map as a tool without `names` would have written it: segments of four fields, an empty list. */
function withoutNames(map) {
  const lines = decode(map.mappings).map((line) => line.map((segment) => segment.slice(0, 4)));
  return { ...map, names: [], mappings: encode(lines) };
}

export function write(folder, code, map) {
  mkdirSync(folder, { recursive: true });
  const { version, sources, sourcesContent, names, mappings } = map;
  writeFileSync(join(folder, file), `${code}\n//# sourceMappingURL=${file}.map\n`);
  writeFileSync(
    join(folder, `${file}.map`),
    JSON.stringify({ version, file, sources, sourcesContent, names, mappings }) + "\n",
  );
}
