import { parse } from "acorn";

// functions returns [start, end] of each function, null for a text with errors.
export function functions(text, language, module) {
  let tree;
  try {
    tree = parse(text, {
      ecmaVersion: "latest",
      sourceType: module ? "module" : "script",
      allowHashBang: true,
      allowReturnOutsideFunction: true,
    });
  } catch {
    return null;
  }
  const found = new Map(); // the value of a method is a function, too
  const open = [tree];
  while (open.length > 0) {
    const node = open.pop();
    if (typeof node.type === "string" && node.type.includes("Function")) found.set(`${node.start} ${node.end}`, [node.start, node.end]);
    for (const key in node) {
      const child = node[key];
      if (child && typeof child === "object" && !(child instanceof RegExp)) open.push(child);
    }
  }
  return [...found.values()];
}
