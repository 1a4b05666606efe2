// Prints what metro-symbolicate takes for the names of functions: on standard input, a line each, [map, [[source, line, column], …]] with
// lines from 1 and columns from 0; on standard output, a line each, the names (null: none).
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { default: Consumer } = createRequire(import.meta.url)("metro-symbolicate/private/SourceMetadataMapConsumer");
for await (const line of createInterface({ input: process.stdin })) {
  const [map, positions] = JSON.parse(line);
  const consumer = new Consumer(map);
  console.log(JSON.stringify(positions.map(([source, line, column]) => consumer.functionNameFor({ source, line, column }) ?? null)));
}
