// Prints the byte offsets where the functions of a JavaScript file start and end, as acorn reads it:
// node functions.mjs FILE [module]. Of members of classes and objects that is from the parameters on.
import { readFileSync } from "node:fs";
import { parse } from "acorn";

const [path, kind] = process.argv.slice(2);
const text = readFileSync(path, "utf8");
const tree = parse(text, {
  ecmaVersion: "latest",
  sourceType: kind === "module" ? "module" : "script",
  allowHashBang: true,
  allowReturnOutsideFunction: true,
});
const found = [];
const open = [tree];
while (open.length > 0) {
  const node = open.pop();
  if (typeof node.type === "string" && node.type.includes("Function")) found.push([node.start, node.end]);
  for (const key in node) {
    const child = node[key];
    if (child && typeof child === "object" && !(child instanceof RegExp)) open.push(child);
  }
}
const units = [...new Set(found.flat())].sort((a, b) => a - b);
const bytes = new Map();
let at = 0;
let sum = 0;
for (const unit of units) {
  sum += Buffer.byteLength(text.slice(at, unit));
  at = unit;
  bytes.set(unit, sum);
}
const lines = new Set(found.map(([start, end]) => `${bytes.get(start)} ${bytes.get(end)}`));
process.stdout.write([...lines].join("\n") + "\n");
