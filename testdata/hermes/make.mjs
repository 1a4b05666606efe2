// Makes this sample: bundles src/ with esbuild, adds Metro's function maps, compiles the bundle to Hermes bytecode, puts the two
// maps together, runs the bytecode and writes down its stack trace, and what metro-symbolicate makes of that. See README.md.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync, mkdirSync, copyFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "@babel/parser";
import esbuild from "esbuild";

const require = createRequire(import.meta.url);
const { composeSourceMaps, generateFunctionMap } = require("metro-source-map");
const Symbolication = require("metro-symbolicate/private/Symbolication");
const { SourceMapConsumer } = require("source-map");

const here = import.meta.dirname;
const dist = join(here, "dist");
const bin = join(here, "node_modules/hermes-engine-cli/linux64-bin");
const work = mkdtempSync(join(tmpdir(), "hermes-"));
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
const json = (value) => JSON.stringify(value, null, 1) + "\n";

// The bundle, as Metro makes one: minified, with a map that has a function map for each source.
await esbuild.build({
  absWorkingDir: here,
  entryPoints: ["src/index.js"],
  outfile: join(work, "index.android.bundle"),
  bundle: true,
  minify: true,
  charset: "ascii", // hermesc 0.12 counts columns of the bundle in bytes of UTF-8, the bundle's map in UTF-16 code units
  format: "iife",
  target: "es2015",
  sourcemap: "external",
  sourceRoot: "",
  logLevel: "warning",
});
const packager = JSON.parse(readFileSync(join(work, "index.android.bundle.map"), "utf8"));
packager.sources = packager.sources.map((source) => source.slice(source.indexOf("src/")));
packager.x_facebook_sources = packager.sourcesContent.map((text) => [
  generateFunctionMap(parse(text, { sourceType: "module" })),
]);
writeFileSync(join(dist, "index.android.bundle.packager.map"), json(packager));

// Bytecode without debug info, as an app is shipped, and its map back to the bundle.
execFileSync(
  join(bin, "hermesc"),
  ["-O", "-emit-binary", "-output-source-map", "-out", "index.android.bundle.hbc", "index.android.bundle"],
  { cwd: work },
);
const compiler = JSON.parse(readFileSync(join(work, "index.android.bundle.hbc.map"), "utf8"));
writeFileSync(join(dist, "index.android.bundle.compiler.map"), json(compiler));
const composed = composeSourceMaps([packager, compiler]);
writeFileSync(join(dist, "index.android.bundle.map"), json(composed));

// The crash. Hermes names the file as it was compiled from; an app has the bundle's name there.
const run = spawnSync(join(bin, "hermes"), [join(work, "index.android.bundle.hbc")], { encoding: "utf8" });
const trace = run.stderr.replaceAll(work + "/", "").replace(".hbc:", ":").replaceAll("index.android.bundle.hbc", "index.android.bundle");
writeFileSync(join(dist, "trace.txt"), trace);

// What the reference says of each frame: lines from 1, columns from 0.
const context = Symbolication.createContext(SourceMapConsumer, composed, {
  inputLineStart: 1, inputColumnStart: 0, outputLineStart: 1, outputColumnStart: 0,
});
const expected = [...trace.matchAll(/at (.*?) \(address at (.*?):(\d+):(\d+)\)/g)].map(([, printed, , line, column]) => {
  const p = context.getOriginalPositionDetailsFor(Number(line), Number(column));
  return { printed, line: Number(line), address: Number(column), source: p.source, original: p.line && [p.line, p.column], function: p.functionName };
});
writeFileSync(join(dist, "expected.json"), json(expected));
rmSync(work, { recursive: true });
