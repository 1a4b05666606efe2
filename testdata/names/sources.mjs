// Fetches the packages and lays out their sources, and finds what an import of theirs means.
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
export const cache = path.join(here, "..", "..", ".cache", "names"); // all that is made lies here
const npm = path.join(cache, "npm");

/** npm's own client installs what the lock file pins; no package's scripts are run. A second run does nothing. */
export function install() {
  const lock = fs.readFileSync(path.join(here, "package-lock.json"));
  const stamp = path.join(npm, "installed.json");
  if (fs.existsSync(stamp) && fs.readFileSync(stamp).equals(lock)) return;
  fs.rmSync(npm, { recursive: true, force: true });
  fs.mkdirSync(npm, { recursive: true });
  for (const name of ["package.json", "package-lock.json", ".npmrc"]) fs.copyFileSync(path.join(here, name), path.join(npm, name));
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--loglevel=error"], { cwd: npm, stdio: "inherit" });
  if (status !== 0) throw new Error("npm ci failed");
  fs.writeFileSync(stamp, lock);
}

/** A tool among the packages. */
export const tool = (name) => createRequire(path.join(npm, "package.json"))(name);

/** All packages of packages.json, each with its half. */
export function packages() {
  const halves = JSON.parse(fs.readFileSync(path.join(here, "packages.json"), "utf8"));
  return Object.entries(halves).flatMap(([half, list]) => list.map((one) => ({ half, ...one })));
}

/** Lays out the sources of a package, with a module that exports all of its entries. Gives that module's path. */
export function layOut({ id, packages, maps, entries }) {
  const root = path.join(cache, "sources", id);
  fs.rmSync(root, { recursive: true, force: true });
  for (const name of packages) {
    const from = path.join(npm, "node_modules", name);
    for (const [file, text] of maps ? textsOfMaps(from) : texts(from)) {
      const to = path.join(root, name, file);
      fs.mkdirSync(path.dirname(to), { recursive: true });
      fs.writeFileSync(to, text);
    }
  }
  const files = list(root).filter(isScript).sort();
  const modules = entries.flatMap((entry) => {
    if (!entry.endsWith("**")) return [entry];
    return files.filter((file) => file.startsWith(entry.slice(0, -2)));
  });
  const entry = path.join(root, "entry.mjs");
  fs.writeFileSync(entry, modules.map((file, i) => `export * as m${i} from "./${file}";\n`).join(""));
  return entry;
}

export const isScript = (file) => /\.[cm]?[jt]sx?$/.test(file) && !/\.d\.[cm]?ts$|\.(test|spec|stories)\./.test(file);

export function list(root, below = "") {
  return fs.readdirSync(path.join(root, below), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(below, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : list(root, file);
    return [file];
  });
}

/** The files of a package that are modules. */
function texts(root) {
  return list(root)
    .filter((file) => isScript(file) || file.endsWith(".json"))
    .map((file) => [file, fs.readFileSync(path.join(root, file))]);
}

/** The sources in the maps that a package ships. Where two maps differ, the first one counts. */
function textsOfMaps(root) {
  const found = new Map();
  for (const file of list(root).filter((name) => /\.m?js\.map$/.test(name)).sort()) {
    const { sourceRoot = "", sources, sourcesContent = [] } = JSON.parse(fs.readFileSync(path.join(root, file), "utf8"));
    sources.forEach((source, i) => {
      const name = path.posix.join(path.posix.dirname(file), sourceRoot, source);
      if (!name.startsWith("../") && sourcesContent[i] != null && !found.has(name)) found.set(name, sourcesContent[i]);
    });
  }
  return found;
}

const endings = ["", ".ts", ".tsx", ".mjs", ".js", ".jsx", "/index.ts", "/index.tsx", "/index.mjs", "/index.js"];

/** The file that a module imports, or null: what is not there by a relative path, other packages too, stays an import. */
export function resolve(request, importer) {
  if (!/^\.{0,2}\//.test(request) && request !== "." && request !== "..") return null;
  const plain = path.resolve(path.dirname(importer), request.replace(/\?.*$/, ""));
  const typed = plain.replace(/\.js$/, "");
  for (const base of typed === plain ? [plain] : [plain, typed]) {
    for (const ending of endings) {
      const file = base + ending;
      if (isScript(file) && fs.existsSync(file) && fs.statSync(file).isFile()) return file;
    }
  }
  return null;
}
