// What @jridgewell/remapping and @jridgewell/trace-mapping make of maps, so that ours can be compared.
//
//   node remapping.mjs compose     @jridgewell/remapping: a chain of maps into one
//   node remapping.mjs decode      trace-mapping's decodedMappings of a map
//
// stdin:  JSON lines. compose: {"outer": MAP, "maps": {URL: MAP, …}}, a MAP as an object; a URL that is not there has no map.
//         decode: MAP
// stdout: one JSON line for each. compose: the map, mappings decoded. decode: the mappings.
//         mappings: a list of lines, each of segments [column, source, line, column, name] of 1, 4 or 5 numbers, 0-based.
// Exit code: 0, or 1 with what was wrong on stderr.

import { createInterface } from "node:readline";
import remapping from "@jridgewell/remapping";
import { FlattenMap, decodedMappings } from "@jridgewell/trace-mapping";

const jobs = {
  compose({ outer, maps }) {
    return remapping(outer, (url) => maps[url] ?? null, { decodedMappings: true });
  },
  decode(map) {
    return decodedMappings(new FlattenMap(map));
  },
};
const job = jobs[process.argv[2]];
if (!job) {
  console.error("usage: node remapping.mjs compose|decode");
  process.exit(1);
}
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(job(JSON.parse(line))) + "\n");
}
