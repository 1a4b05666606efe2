// Lists the functions of files, for internal/scope's tests: paths on stdin, one a line; for each file that TypeScript can read,
// {"path", "functions": [[start, end, name], …]} on stdout, in bytes.
import * as fs from "node:fs";
import { functionsOf } from "./functions.mjs";

for (const path of fs.readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const text = fs.readFileSync(path, "utf8");
  let functions;
  try {
    ({ functions } = functionsOf(path, text));
  } catch {
    continue;
  }
  const bytes = new Map(); // by offset
  let at = 0;
  let sum = 0;
  for (const offset of [...new Set(functions.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b)) {
    sum += Buffer.byteLength(text.slice(at, offset));
    bytes.set((at = offset), sum);
  }
  const list = functions.map(({ start, end, name }) => [bytes.get(start), bytes.get(end), name]);
  process.stdout.write(JSON.stringify({ path, functions: list }) + "\n");
}
