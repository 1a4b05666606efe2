// Prints what metro-symbolicate takes for the names of functions: on standard input, a line each, [map, [[source, line, column], …]] with
// lines from 1 and columns from 0; on standard output, a line each, the names (null: none).
// With the argument "frames": what it makes of frames, [map, [[file, line, column], …]]; on standard output [source, line, column, function] for each.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);
const { default: Consumer } = require("metro-symbolicate/private/SourceMetadataMapConsumer");
const { createContext, parseFileName } = require("metro-symbolicate/private/Symbolication");
const { SourceMapConsumer } = createRequire(require.resolve("metro-symbolicate/private/Symbolication"))("source-map");
for await (const line of createInterface({ input: process.stdin })) {
  const [map, positions] = JSON.parse(line);
  if (process.argv[2] === "frames") {
    const context = createContext(SourceMapConsumer, map);
    console.log(JSON.stringify(positions.map(([file, line, column]) => {
      const at = context.getOriginalPositionDetailsFor(line, column, parseFileName(file));
      return [at.source, at.line, at.column, at.functionName];
    })));
    continue;
  }
  const consumer = new Consumer(map);
  console.log(JSON.stringify(positions.map(([source, line, column]) => consumer.functionNameFor({ source, line, column }) ?? null)));
}
