// Makes the maps of three steps, each with a tool that knows nothing of the step before:
//   src/*.ts ─▶ esbuild, file by file ─▶ lib/*.js ─▶ esbuild, bundled ─▶ bundle.js ─▶ terser ─▶ out/shop.min.js
// The sources are those of ../shop. Run in ../shop first: npm ci --ignore-scripts
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const here = import.meta.dirname;
const shop = join(here, "..", "shop");
const require = createRequire(join(shop, "package.json"));
const esbuild = require("esbuild");
const { minify } = require("terser");

const work = mkdtempSync(join(tmpdir(), "chain-"));
try {
  const put = (folder, name, text) => {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  const keep = (name, map) => put(here, name, JSON.stringify(map) + "\n");

  for (const name of readdirSync(join(shop, "src"))) {
    const text = readFileSync(join(shop, "src", name), "utf8");
    const loader = name.endsWith("x") ? "tsx" : "ts";
    const options = { loader, sourcefile: `../src/${name}`, sourcemap: "external", target: "es2019", jsxFactory: "h", charset: "utf8" };
    const { code, map } = await esbuild.transform(text, options);
    const out = name.replace(/\.tsx?$/, ".js");
    put(work, `lib/${out}`, code);
    keep(`lib/${out}.map`, JSON.parse(map));
  }
  const bundled = await esbuild.build({
    absWorkingDir: work, entryPoints: ["lib/main.js"], outfile: "bundle.js", bundle: true, write: false,
    format: "esm", sourcemap: "external", sourcesContent: false, charset: "utf8", logLevel: "error",
  });
  const [map, code] = ["map", "js"].map((end) => bundled.outputFiles.find((f) => f.path.endsWith(end)).text);
  keep("bundle.js.map", JSON.parse(map));
  const small = await minify({ "../bundle.js": code }, { module: true, sourceMap: { filename: "shop.min.js", asObject: true } });
  keep("out/shop.min.js.map", small.map);
} finally {
  rmSync(work, { recursive: true });
}
