// Prints the byte offsets of all comments and regular expressions in a JavaScript file, as acorn reads it:
// node tokens.mjs FILE [module]. Each line is "comment START END" or "regexp START END".
import { readFileSync } from "node:fs";
import { parse } from "acorn";

const [path, kind] = process.argv.slice(2);
const text = readFileSync(path, "utf8");
const found = [];
parse(text, {
  ecmaVersion: "latest",
  sourceType: kind === "module" ? "module" : "script",
  allowHashBang: true,
  allowReturnOutsideFunction: true,
  onComment: (_block, _text, start, end) => found.push(["comment", start, end]),
  onToken: (token) => token.type.label === "regexp" && found.push(["regexp", token.start, token.end]),
});
found.sort((a, b) => a[1] - b[1]);
let at = 0;
let bytes = 0;
const byteOffset = (unit) => {
  bytes += Buffer.byteLength(text.slice(at, unit));
  at = unit;
  return bytes;
};
const lines = [];
for (let i = 0; i < found.length; i++) {
  const [what, start, end] = found[i];
  if (i > 0 && start < found[i - 1][2]) continue; // acorn reads some tokens twice
  lines.push(`${what} ${byteOffset(start)} ${byteOffset(end)}`);
}
console.log(lines.join("\n"));
