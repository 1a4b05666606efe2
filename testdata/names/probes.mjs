// The second proof: probes that throw stand in the sources before they are bundled. V8 runs the program, bundled but not minified, and
// prints what it calls the function around each probe; then it runs each minified program, and prints where the probe is there.
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { esbuildBundle } from "./bundle.mjs";
import { cache, isScript, list, tool } from "./sources.mjs";

const ts = tool("typescript");
const here = path.dirname(fileURLToPath(import.meta.url));
const perFunction = 4;

/** Puts probes into all modules of the folder. */
export function addProbes(root) {
  let count = 0;
  for (const file of list(root).filter((name) => isScript(name) && name !== "entry.mjs")) {
    const at = path.join(root, file);
    const text = fs.readFileSync(at, "utf8");
    fs.writeFileSync(at, withProbes(text, file, () => ++count));
  }
}

/** In each function, at its start and in blocks inside of it: __probe(N). What gives the function its name stays as it is. */
function withProbes(text, file, next) {
  const kind = /\.[cm]?ts$/.test(file) ? ts.ScriptKind.TS : /tsx$/.test(file) ? ts.ScriptKind.TSX : ts.ScriptKind.JSX;
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, kind);
  const edits = []; // [offset, text]
  let left = 0; // probes that the innermost function may still get
  const inBlock = (statements, start) => {
    const first = statements.findLastIndex((s) => ts.isExpressionStatement(s) && (ts.isStringLiteral(s.expression) || (ts.isCallExpression(s.expression) && s.expression.expression.kind === ts.SyntaxKind.SuperKeyword)));
    edits.push([first < 0 ? start : statements[first].end, `;__probe(${next()});`]);
    left--;
  };
  const around = (expression) => {
    edits.push([expression.getStart(tree), `(__probe(${next()}),`], [expression.end, ")"]);
    left--;
  };
  const walk = (node) => {
    const outer = left;
    if (ts.isFunctionLike(node) && node.body) {
      left = perFunction;
      if (ts.isBlock(node.body)) inBlock(node.body.statements, node.body.getStart(tree) + 1);
      else around(node.body);
    } else if (ts.isClassStaticBlockDeclaration(node)) {
      left = perFunction;
      inBlock(node.body.statements, node.body.getStart(tree) + 1);
    } else if (ts.isPropertyDeclaration(node) && node.initializer && !isNamed(node.initializer)) {
      left = 1;
      around(node.initializer);
    } else if (ts.isBlock(node) && left > 0 && !ts.isFunctionLike(node.parent) && !ts.isClassStaticBlockDeclaration(node.parent)) {
      inBlock(node.statements, node.getStart(tree) + 1);
    } else if (ts.isReturnStatement(node) && node.expression && left > 0 && !isNamed(node.expression)) {
      around(node.expression);
    }
    if (ts.isModuleDeclaration(node) || ts.isSourceFile(node)) left = 0;
    ts.forEachChild(node, walk);
    if (ts.isFunctionLike(node) || ts.isClassStaticBlockDeclaration(node) || ts.isPropertyDeclaration(node)) left = outer;
  };
  walk(tree);
  // Of two at one offset the first one noted is around the other, unless they end there.
  const order = edits.map((edit, i) => [...edit, i]).sort((a, b) => a[0] - b[0] || (a[1] === ")" ? (b[1] === ")" ? b[2] - a[2] : -1) : b[1] === ")" ? 1 : a[2] - b[2]));
  let out = "";
  let from = 0;
  for (const [offset, insert] of order) {
    out += text.slice(from, offset) + insert;
    from = offset;
  }
  return out + text.slice(from);
}

/** A function or a class without a name of its own: what stands around names it, if it stands there alone. */
function isNamed(node) {
  while (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isNonNullExpression(node)) node = node.expression;
  return ts.isArrowFunction(node) || ts.isFunctionExpression(node) || ts.isClassExpression(node);
}

/** Runs a program by drive.mjs: { id, name, own, line, column } of each probe that was hit, as V8 prints it, 1-based; own: the function's own name. */
export function run(code, id, bundler) {
  const folder = path.join(cache, "npm", "run"); // beside the packages that the programs import
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${id}.${bundler}.mjs`);
  const log = path.join(folder, `${id}.${bundler}.log`);
  fs.writeFileSync(file, code);
  fs.rmSync(log, { force: true });
  spawnSync(process.execPath, ["--stack-size=700", path.join(here, "drive.mjs"), file, log], { timeout: 60_000, killSignal: "SIGKILL", stdio: "ignore" });
  if (!fs.existsSync(log)) return [];
  const lines = fs.readFileSync(log, "utf8").split("\n").slice(0, -1).map((line) => JSON.parse(line));
  return lines.flatMap(([id, text, own]) => {
    const found = /^(?:(.*) \()?(.*?):(\d+):(\d+)\)?$/.exec(text);
    if (!found || !found[2].endsWith(path.basename(file))) return [];
    return [{ id, name: found[1] ?? "", own, line: Number(found[3]), column: Number(found[4]) }];
  });
}

/** Not minified, one module behind another: V8 knows each function by the name it was written with. */
export async function plainly(entry) {
  return (await esbuildBundle(entry, {})).code;
}
