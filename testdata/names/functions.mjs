// The functions of a source text and their names by the table of docs/NAMES.md, from TypeScript's own syntax tree.
import { tool } from "./sources.mjs";

const ts = tool("typescript");

const kinds = { ".ts": ts.ScriptKind.TS, ".mts": ts.ScriptKind.TS, ".cts": ts.ScriptKind.TS, ".tsx": ts.ScriptKind.TSX };

/**
 * Reads a text. functions are its functions: { start, end, kind, name }, in UTF-16 units; outer ones in front of inner ones. at(offset)
 * gives the innermost one around the offset: { kind, name, inside, head }. inside is the nearest function with a name around one
 * that has none. head: the offset is in front of the parameters, or in the key of a member in front of its function: there no
 * program ever stands, and where a function starts is a matter of taste. Here it starts and ends as in ESTree, that of a
 * member at its parameters.
 */
export function functionsOf(file, text) {
  const ending = /\.[cm]?tsx?(?=$|\?)/.exec(file)?.[0];
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, kinds[ending] ?? ts.ScriptKind.JSX);
  if (tree.parseDiagnostics.length > 0) throw new Error(`${file}: ${ts.flattenDiagnosticMessageText(tree.parseDiagnostics[0].messageText, " ")}`);
  const ranges = []; // outer ones in front of inner ones
  const walk = (node) => {
    ranges.push(...rangesOf(node, tree));
    ts.forEachChild(node, walk);
  };
  walk(tree);
  ranges.sort((a, b) => a.start - b.start || b.end - a.end || (b.kind === "field") - (a.kind === "field"));
  let open = null;
  for (const range of ranges) {
    while (open && open.end <= range.start) open = open.parent;
    range.parent = open;
    open = range;
  }
  const functions = ranges.filter(({ kind }) => kind !== "head" && kind !== "key");
  return { tree, functions, at: (offset) => innermost(ranges, offset) };
}

function innermost(ranges, offset) {
  let low = 0;
  for (let high = ranges.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (ranges[middle].start > offset) high = middle;
    else low = middle + 1;
  }
  let head = false;
  let range = ranges[low - 1];
  for (; range && (range.end <= offset || range.kind === "head" || range.kind === "key"); range = range.parent) {
    if (range.end <= offset) continue;
    if (range.kind === "key") return { ...innermost(ranges, range.start - 1), head: false };
    head = true;
  }
  if (!range) return { kind: "module level", name: "", inside: "", head };
  let inside = "";
  for (let up = range.parent; range.name === "" && inside === "" && up; up = up.parent) inside = up.name ?? "";
  return { kind: range.kind, name: range.name, inside, head: head || offset < range.parameters };
}

/** The functions that a node is, and what is a head in front of one. */
function rangesOf(node, tree) {
  const end = node.end;
  switch (node.kind) {
    case ts.SyntaxKind.FunctionDeclaration:
    case ts.SyntaxKind.FunctionExpression:
    case ts.SyntaxKind.ArrowFunction: {
      if (!node.body) return [];
      const kind = { [ts.SyntaxKind.FunctionDeclaration]: "declaration", [ts.SyntaxKind.FunctionExpression]: "expression" }[node.kind] ?? "arrow";
      return [{ kind, name: nameOf(node), start: startOf(node, tree), parameters: parametersOf(node, tree), end }];
    }
    case ts.SyntaxKind.MethodDeclaration:
    case ts.SyntaxKind.Constructor:
    case ts.SyntaxKind.GetAccessor:
    case ts.SyntaxKind.SetAccessor: {
      if (!node.body) return [];
      const kind = { [ts.SyntaxKind.MethodDeclaration]: "method", [ts.SyntaxKind.Constructor]: "constructor", [ts.SyntaxKind.SetAccessor]: "setter" }[node.kind] ?? "getter";
      const start = parametersOf(node, tree);
      return [...headOf(node, tree, start), { kind, name: nameOf(node), start, parameters: start, end }];
    }
    case ts.SyntaxKind.PropertyDeclaration: {
      if (!node.initializer) return [];
      const start = node.initializer.getStart(tree);
      return [...headOf(node, tree, start), { kind: "field", name: nameOf(node), start, parameters: start, end: node.initializer.end }];
    }
    case ts.SyntaxKind.ClassStaticBlockDeclaration: {
      const start = node.body.getStart(tree);
      return [...headOf(node, tree, start), { kind: "static block", name: nameOf(node), start, parameters: start, end }];
    }
  }
  return [];
}

/** From the modifiers of a member, behind its decorators, to its function; a computed key in it is code that runs. */
function headOf(node, tree, end) {
  const first = node.modifiers?.find((modifier) => !ts.isDecorator(modifier)) ?? node.asteriskToken;
  const start = first?.getStart(tree) ?? (node.kind === ts.SyntaxKind.PropertyDeclaration || node.kind === ts.SyntaxKind.MethodDeclaration ? node.name.getStart(tree) : afterDecorators(node, tree));
  const head = [{ kind: "head", start, end }];
  if (node.name && ts.isComputedPropertyName(node.name)) {
    head.push({ kind: "key", start: node.name.expression.getStart(tree), end: node.name.expression.end });
  }
  return head;
}

function afterDecorators(node, tree) {
  const decorators = node.modifiers?.filter(ts.isDecorator) ?? [];
  return decorators.length > 0 ? skip(tree, decorators.at(-1).end) : node.getStart(tree);
}

const skip = (tree, at) => ts.skipTrivia(tree.text, at);

/** "async" or "function" or an arrow's parameters: what stands in front, export or default, is no part of a function. */
function startOf(node, tree) {
  const word = node.modifiers?.find((modifier) => modifier.kind === ts.SyntaxKind.AsyncKeyword);
  if (word) return word.getStart(tree);
  const last = node.modifiers?.at(-1);
  return last ? skip(tree, last.end) : node.getStart(tree);
}

/** The ( of the parameters, or the only one without. */
function parametersOf(node, tree) {
  const open = node.getChildren(tree).find((child) => child.kind === ts.SyntaxKind.OpenParenToken);
  return (open ?? node.parameters[0]).getStart(tree);
}

// ---- names ----

/** What the function, the class or the initialiser is called, "": the language gives it no name. */
function nameOf(node) {
  switch (node.kind) {
    case ts.SyntaxKind.Constructor:
      return `new ${classOf(node)}`;
    case ts.SyntaxKind.ClassStaticBlockDeclaration:
      return `static ${classOf(node)}`;
    case ts.SyntaxKind.PropertyDeclaration:
      return `${ts.hasStaticModifier(node) ? "static" : "new"} ${classOf(node)}`;
    case ts.SyntaxKind.MethodDeclaration:
      return memberName(node);
    case ts.SyntaxKind.GetAccessor:
      return `get ${memberName(node)}`;
    case ts.SyntaxKind.SetAccessor:
      return `set ${memberName(node)}`;
  }
  if (node.name) return node.name.text;
  if (node.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword)) return "default";
  return given(node);
}

const classOf = (member) => nameOf(member.parent) || "<anonymous>";

/** A member with its class, or that of an object by itself. */
function memberName(node) {
  const key = keyOf(node.name);
  return ts.isClassLike(node.parent) ? classOf(node) + key : key.replace(/^\./, "");
}

/** A key as it is written behind an object: .k, ["k k"], [42], [Symbol.iterator], .<computed>. */
function keyOf(name) {
  if (ts.isComputedPropertyName(name)) return keyOfExpression(name.expression);
  if (ts.isIdentifier(name) || ts.isPrivateIdentifier(name)) return `.${name.text}`;
  return keyOfExpression(name);
}

function keyOfExpression(key) {
  if (ts.isStringLiteralLike(key)) return isIdentifier(key.text) ? `.${key.text}` : `["${key.text}"]`;
  if (ts.isNumericLiteral(key)) return `[${key.text}]`;
  if (ts.isPropertyAccessExpression(key) && ts.isIdentifier(key.expression) && key.expression.text === "Symbol") return `[Symbol.${key.name.text}]`;
  return ".<computed>";
}

const isIdentifier = (text) => /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u.test(text);

/** The name that what stands around gives a function or a class without one: NamedEvaluation, and assignment to properties. */
function given(node) {
  let at = node;
  let up = node.parent;
  while (isWrapping(up)) [at, up] = [up, up.parent];
  switch (up.kind) {
    case ts.SyntaxKind.VariableDeclaration:
    case ts.SyntaxKind.BindingElement:
    case ts.SyntaxKind.Parameter:
      return up.initializer === at && ts.isIdentifier(up.name) ? up.name.text : "";
    case ts.SyntaxKind.PropertyAssignment:
      return keyOf(up.name).replace(/^\./, "");
    case ts.SyntaxKind.ShorthandPropertyAssignment:
      return up.name.text;
    case ts.SyntaxKind.PropertyDeclaration:
      return up.initializer === at ? memberName(up) : "";
    case ts.SyntaxKind.BinaryExpression:
      return up.right === at && assignments.has(up.operatorToken.kind) ? target(up.left) : "";
    case ts.SyntaxKind.ExportAssignment:
      return up.isExportEquals ? "" : "default";
  }
  return "";
}

const assignments = new Set([
  ts.SyntaxKind.EqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
  ts.SyntaxKind.AmpersandAmpersandEqualsToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
]);

/** Brackets, and what of TypeScript goes when it is compiled. */
function isWrapping(node) {
  return ts.isParenthesizedExpression(node) || isOfTypes(node);
}

function isOfTypes(node) {
  return ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isNonNullExpression(node) || ts.isTypeAssertionExpression(node);
}

/** A name, or a chain of names: a.b.c. With brackets around and types in it, it still is one: (a as any).b. */
function target(left) {
  const parts = [];
  let at = left;
  for (;;) {
    if (isWrapping(at)) at = at.expression;
    else if (ts.isPropertyAccessExpression(at)) {
      parts.unshift(`.${at.name.text}`);
      at = at.expression;
    } else if (ts.isElementAccessExpression(at)) {
      parts.unshift(keyOfExpression(at.argumentExpression));
      at = at.expression;
    } else break;
  }
  const keys = parts.filter((part) => part !== ".prototype");
  if (ts.isIdentifier(at)) return at.text + keys.join("");
  if (at.kind === ts.SyntaxKind.ThisKeyword) return (thisOf(at) + keys.join("")).replace(/^\./, "");
  return "";
}

/** Whose object this is: of the class around, or of a function that is written as one; "": not known. */
function thisOf(node) {
  for (let up = node.parent; up; up = up.parent) {
    if (ts.isClassLike(up)) return nameOf(up) || "<anonymous>";
    if (ts.isFunctionDeclaration(up) || ts.isFunctionExpression(up)) {
      const name = nameOf(up);
      return /^[A-Z][\w$]*$/.test(name) ? name : "";
    }
    if ((ts.isMethodDeclaration(up) || ts.isAccessor(up)) && ts.isObjectLiteralExpression(up.parent)) return "";
  }
  return "";
}
