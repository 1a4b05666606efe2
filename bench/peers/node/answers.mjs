// Looks up positions in many source maps with @jridgewell/trace-mapping, for sourcemap/peers_test.go.
//
//   node answers.mjs < requests > replies
//
// Each line of stdin is one request, in JSON: {"map": TEXT, "positions": [[line, column], …]}, both 0-based. Each line of
// stdout is the reply to it: {"refused": MESSAGE} where the map is refused, or else {"answers": [ANSWER, …]}, one for each
// position: null where nothing is found or the segment has one field, or [source, line, column, name], the numbers of the
// segment: 0-based, name -1 where it has four fields. Sources and names of the sections of an indexed map are counted one
// section behind another, as FlattenMap joins them.

import { createInterface } from "node:readline";
import { FlattenMap, traceSegment } from "@jridgewell/trace-mapping";

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { map, positions } = JSON.parse(line);
  let reply;
  try {
    const flat = new FlattenMap(map);
    reply = { answers: positions.map(([line, column]) => answer(traceSegment(flat, line, column))) };
  } catch (error) {
    reply = { refused: `${error.name}: ${error.message}` };
  }
  process.stdout.write(JSON.stringify(reply) + "\n");
}

function answer(segment) {
  return segment === null || segment.length === 1 ? null : [segment[1], segment[2], segment[3], segment[4] ?? -1];
}
