// Five ways from sources to one minified file and its map: { code, map }, the map with names and sources.
import * as fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { resolve, tool } from "./sources.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));

export const tools = { esbuild: byEsbuild, terser: byTerser, webpack: byWebpack, rollup: byRollup, swc: bySwc };

// Sources were written for different compilers: what all of them take.
const isTypeScript = (file) => /\.[cm]?tsx?$/.test(file);
const tsconfig = { experimentalDecorators: true, useDefineForClassFields: false, jsx: "react" };

/** Bundles by esbuild. What the module doesn't find stays an import. */
export async function esbuildBundle(entry, options) {
  const result = await tool("esbuild").build({
    absWorkingDir: path.dirname(entry),
    entryPoints: [entry],
    outfile: path.join(path.dirname(entry), "out.js"),
    write: false,
    bundle: true,
    format: "esm",
    target: "esnext",
    charset: "utf8",
    legalComments: "none",
    sourcemap: "external",
    sourcesContent: true,
    loader: { ".js": "jsx", ".mjs": "jsx" },
    tsconfigRaw: { compilerOptions: tsconfig },
    logLevel: "silent",
    plugins: [
      {
        name: "resolve",
        setup: (build) =>
          build.onResolve({ filter: /.*/ }, ({ path: request, importer, kind }) => {
            if (kind === "entry-point") return { path: request };
            const file = resolve(request, importer);
            return file ? { path: file } : { path: request, external: true };
          }),
      },
    ],
    ...options,
  });
  const [map, code] = ["map", "js"].map((end) => result.outputFiles.find((f) => f.path.endsWith(end)).text);
  return { code, map: JSON.parse(map) };
}

/** One program: it bundles, lowers to ES2021 (private members, class fields, static blocks) and minifies. */
function byEsbuild(entry) {
  return esbuildBundle(entry, { minify: true, target: "es2021" });
}

/** Nothing is lowered, terser works hard. */
async function byTerser(entry) {
  const { code, map } = await esbuildBundle(entry, {});
  return terser(code, map, { passes: 2 });
}

async function terser(code, map, compress) {
  const result = await tool("terser").minify(code, {
    module: true,
    compress,
    mangle: true,
    format: { comments: false },
    sourceMap: { content: map, includeSources: true, asObject: true },
  });
  return { code: result.code, map: result.map };
}

/** TypeScript compiles each module to ES2017, webpack concatenates, its plugin minifies. */
async function byWebpack(entry) {
  const root = path.dirname(entry);
  const out = path.join(root, "webpack");
  const Terser = tool("terser-webpack-plugin");
  const webpack = tool("webpack")({
    mode: "production",
    context: root,
    entry,
    devtool: "source-map",
    target: "es2022",
    experiments: { outputModule: true },
    output: { path: out, filename: "out.js", library: { type: "module" }, module: true, devtoolModuleFilenameTemplate: "webpack://names/[resource-path]?[hash]" },
    externalsType: "module",
    externals: [({ context, request }, done) => (request === entry || resolve(request, path.join(context, "x")) ? done() : done(null, request))],
    resolve: { extensions: [".ts", ".tsx", ".mjs", ".js"], extensionAlias: { ".js": [".js", ".ts", ".tsx"] } },
    module: {
      strictExportPresence: false,
      parser: { javascript: { exportsPresence: false } },
      rules: [{ test: /\.[cm]?[jt]sx?$/, resolve: { fullySpecified: false }, use: [{ loader: path.join(here, "loader.cjs"), options: { compile: compiler("ES2017") } }] }],
    },
    optimization: { minimizer: [new Terser({ extractComments: false, parallel: false })] },
    performance: { hints: false },
  });
  const stats = await new Promise((done, fail) => webpack.run((error, stats) => (error ? fail(error) : done(stats))));
  if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }).slice(0, 2000));
  const [code, map] = ["out.js", "out.js.map"].map((name) => fs.readFileSync(path.join(out, name), "utf8"));
  fs.rmSync(out, { recursive: true });
  return { code: code.replace(/\n\/\/# sourceMappingURL=.*/, ""), map: JSON.parse(map) };
}

/** TypeScript compiles each module to ES5: prototypes, state machines for async and generators; rollup bundles, terser minifies. */
async function byRollup(entry) {
  const { code, map } = await rollupBundle(entry, compiler("ES5"));
  return terser(code, map, {});
}

/** TypeScript's compiler for one module. */
function compiler(target) {
  const ts = tool("typescript");
  const compilerOptions = {
    ...tsconfig,
    allowJs: true,
    jsx: ts.JsxEmit.React,
    target: ts.ScriptTarget[target],
    module: ts.ModuleKind.ESNext,
    downlevelIteration: true,
    sourceMap: true,
  };
  return (text, fileName) => {
    const { outputText, sourceMapText } = ts.transpileModule(text, { fileName, compilerOptions });
    return { code: outputText.replace(/\n\/\/# sourceMappingURL=.*/, ""), map: sourceMapText };
  };
}

/** swc compiles each module to ES2015, rollup bundles, swc minifies. */
async function bySwc(entry) {
  const swc = tool("@swc/core");
  const { code, map } = await rollupBundle(entry, async (text, file) => {
    const result = await swc.transform(text, {
      filename: file,
      configFile: false,
      swcrc: false,
      sourceMaps: true,
      jsc: {
        target: "es2015",
        parser: isTypeScript(file) ? { syntax: "typescript", tsx: file.endsWith("x"), decorators: true } : { syntax: "ecmascript", jsx: true, decorators: true },
        transform: { legacyDecorator: true, useDefineForClassFields: false },
      },
    });
    return { code: result.code, map: result.map };
  });
  const small = await swc.minify(code, { module: true, compress: true, mangle: true, sourceMap: true, inlineSourcesContent: false });
  const joined = tool("@jridgewell/remapping")([JSON.parse(small.map), JSON.parse(map)], () => null);
  return { code: small.code, map: { ...joined } };
}

async function rollupBundle(entry, transform) {
  const build = await tool("rollup").rollup({
    input: entry,
    shimMissingExports: true,
    onwarn() {},
    plugins: [
      {
        name: "names",
        resolveId: (request, importer) => (importer ? (resolve(request, importer) ?? { id: request, external: true }) : request),
        transform: (text, file) => transform(text, file),
      },
    ],
  });
  const { output } = await build.generate({ format: "esm", sourcemap: true, file: path.join(path.dirname(entry), "out.js") });
  await build.close();
  return { code: output[0].code, map: output[0].map.toString() };
}
