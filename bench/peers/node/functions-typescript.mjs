import ts from "typescript";

const kinds = { js: ts.ScriptKind.JS, jsx: ts.ScriptKind.JSX, ts: ts.ScriptKind.TS, tsx: ts.ScriptKind.TSX };
const K = ts.SyntaxKind;

// functions returns [start, end, kind, name] of each function that has a body, and of each initialiser of a class field; null for a text with errors.
export function functions(text, language) {
  const file = ts.createSourceFile(`a.${language}`, text, ts.ScriptTarget.Latest, true, kinds[language]);
  if (file.parseDiagnostics.length > 0) return null;
  const found = [];
  const open = [file];
  while (open.length > 0) {
    const node = open.pop();
    const f = functionOf(node, file);
    if (f) found.push(f);
    ts.forEachChild(node, (child) => void open.push(child));
  }
  return found;
}

function functionOf(node, file) {
  switch (node.kind) {
    case K.FunctionDeclaration:
    case K.FunctionExpression: {
      if (!node.body) return null;
      const async = node.modifiers?.find((m) => m.kind === K.AsyncKeyword);
      const start = async ? async.getStart(file) : node.getChildren(file).find((c) => c.kind === K.FunctionKeyword).getStart(file);
      return [start, node.end, "function", node.name ? node.name.text : node.kind === K.FunctionDeclaration ? "default" : inferred(node)];
    }
    case K.ArrowFunction:
      return [node.getStart(file), node.end, "arrow", inferred(node)];
    case K.MethodDeclaration:
    case K.GetAccessor:
    case K.SetAccessor:
    case K.Constructor: {
      if (!node.body) return null;
      const paren = node.getChildren(file).find((c) => c.kind === K.OpenParenToken);
      return [paren.getStart(file), node.end, ...member(node)];
    }
    case K.ClassStaticBlockDeclaration:
      return [node.body.getStart(file), node.end, "static block", "static " + className(node.parent)];
    case K.PropertyDeclaration:
      if (!node.initializer) return null;
      return [node.initializer.getStart(file), node.initializer.end, "field", (isStatic(node) ? "static " : "new ") + className(node.parent)];
  }
  return null;
}

const isStatic = (node) => !!node.modifiers?.some((m) => m.kind === K.StaticKeyword);

function member(node) {
  switch (node.kind) {
    case K.Constructor:
      return ["constructor", "new " + className(node.parent)];
    case K.GetAccessor:
      return ["getter", "get " + memberName(node)];
    case K.SetAccessor:
      return ["setter", "set " + memberName(node)];
  }
  return ["method", memberName(node)];
}

// memberName is a key behind its class, or of an object by itself.
function memberName(node) {
  const { text, plain } = key(node.name);
  if (!ts.isClassLike(node.parent)) return text;
  return className(node.parent) + (plain ? "." : "") + text;
}

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
const quoted = (text) => (identifier.test(text) ? { text, plain: true } : { text: `["${text}"]`, plain: false });

function key(name) {
  switch (name.kind) {
    case K.StringLiteral:
      return quoted(name.text);
    case K.NumericLiteral:
    case K.BigIntLiteral:
      return { text: `[${name.getText()}]`, plain: false };
    case K.ComputedPropertyName:
      if (ts.isStringLiteral(name.expression)) return quoted(name.expression.text);
      if (ts.isPropertyAccessExpression(name.expression) && name.expression.expression.getText() === "Symbol")
        return { text: `[Symbol.${name.expression.name.text}]`, plain: false };
      return { text: "<computed>", plain: true };
  }
  return { text: name.text, plain: true };
}

function className(node) {
  if (node.name) return node.name.text;
  return (node.kind === K.ClassDeclaration ? "default" : inferred(node)) || "<anonymous>";
}

// inferred is what NamedEvaluation names a function or class without a name of its own after.
function inferred(node) {
  let child = node;
  let parent = node.parent;
  while ([K.ParenthesizedExpression, K.AsExpression, K.SatisfiesExpression, K.TypeAssertionExpression].includes(parent.kind)) {
    child = parent;
    parent = parent.parent;
  }
  switch (parent.kind) {
    case K.VariableDeclaration:
    case K.Parameter:
    case K.BindingElement:
      return parent.initializer === child && ts.isIdentifier(parent.name) ? parent.name.text : "";
    case K.ShorthandPropertyAssignment:
      return parent.name.text;
    case K.PropertyAssignment:
      return parent.initializer === child ? key(parent.name).text : "";
    case K.EnumMember:
      return key(parent.name).text;
    case K.PropertyDeclaration:
      return parent.initializer === child ? memberName(parent) : "";
    case K.ExportAssignment:
      return parent.isExportEquals ? "" : "default";
    case K.BinaryExpression: {
      const named = [K.EqualsToken, K.BarBarEqualsToken, K.AmpersandAmpersandEqualsToken, K.QuestionQuestionEqualsToken];
      return parent.right === child && named.includes(parent.operatorToken.kind) ? target(parent.left) : "";
    }
  }
  return "";
}

// target is the left side of an assignment as V8 writes it.
function target(left) {
  const parts = []; // from the end to the start
  let node = left;
  for (;;) {
    if (ts.isPropertyAccessExpression(node)) {
      parts.push({ name: node.name.text });
      node = node.expression;
    } else if (ts.isElementAccessExpression(node)) {
      parts.push({ index: node.argumentExpression });
      node = node.expression;
    } else if (ts.isNonNullExpression(node)) {
      node = node.expression;
    } else break;
  }
  parts.reverse();
  if (node.kind === K.ThisKeyword) {
    const last = parts.at(-1);
    if (last === undefined || (parts.length === 1 && last.index)) return "";
    if (parts.length > 1 || last.index) return chain(parts);
    const owner = ownerOfThis(node);
    return owner === null ? last.name : `${owner}.${last.name}`;
  }
  if (node.kind === K.SuperKeyword) return chain([{ name: "super" }, ...parts]);
  if (!ts.isIdentifier(node)) return "";
  return chain([{ name: node.text }, ...parts]);
}

function chain(parts) {
  let out = "";
  for (const { name, index } of parts) {
    if (index === undefined) {
      if (name === "prototype" && out !== "") continue;
      out += (out === "" ? "" : ".") + name;
    } else if (ts.isStringLiteral(index)) {
      const { text, plain } = quoted(index.text);
      out += (plain && out !== "" ? "." : "") + text;
    } else if (ts.isNumericLiteral(index)) {
      out += `[${index.getText()}]`;
    } else out += (out === "" ? "" : ".") + "<computed>";
  }
  return out;
}

// ownerOfThis is the name of the class whose object this is, or of the function that is called as one; null: not known.
function ownerOfThis(node) {
  for (let up = node.parent, from = node; up; from = up, up = up.parent) {
    switch (up.kind) {
      case K.FunctionDeclaration:
      case K.FunctionExpression: {
        const name = up.name ? up.name.text : inferredWord(up);
        return /^[A-Z]/.test(name) ? name : null;
      }
      case K.MethodDeclaration:
      case K.GetAccessor:
      case K.SetAccessor:
        if (from === up.name) continue;
        if (!ts.isClassLike(up.parent)) return null;
        return className(up.parent);
      case K.Constructor:
      case K.ClassStaticBlockDeclaration:
        return className(up.parent);
      case K.PropertyDeclaration:
        if (from === up.name) continue;
        return className(up.parent);
    }
  }
  return null;
}

// inferredWord is the inferred name if it is one identifier's.
function inferredWord(node) {
  const name = inferred(node);
  return identifier.test(name) ? name : "";
}
