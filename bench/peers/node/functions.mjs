// What other parsers say the functions of a text are. Reads a JSON list of {path or text, language: js | jsx | ts | tsx, module} and
// writes one as long: null for a text that the parser refuses, else a list of [start, end] in bytes, from typescript with the kind and the name
// that docs/NAMES.md gives it. Of members of classes and objects a function is from the parameters on.
//
//	node functions.mjs acorn | typescript < list.json
import { readFileSync } from "node:fs";

const parser = await import(`./functions-${process.argv[2]}.mjs`);
const list = JSON.parse(readFileSync(0, "utf8"));
const answers = list.map((item) => {
  const text = item.path ? readFileSync(item.path, "utf8") : (item.text ?? "");
  const found = parser.functions(text, item.language, item.module);
  return found && inBytes(text, found);
});
process.stdout.write(JSON.stringify(answers));

// inBytes turns offsets in UTF-16 code units into bytes.
function inBytes(text, found) {
  const units = [...new Set(found.flatMap(([start, end]) => [start, end]))].sort((a, b) => a - b);
  const bytes = new Map();
  let at = 0;
  let sum = 0;
  for (const unit of units) {
    sum += Buffer.byteLength(text.slice(at, unit));
    at = unit;
    bytes.set(unit, sum);
  }
  return found.map(([start, end, ...rest]) => [bytes.get(start), bytes.get(end), ...rest]);
}
