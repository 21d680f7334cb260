/**
 * Arrow functions outside of others become functions and methods. An engine that meets one when it loads a file has
 * read its head as an expression, and often its body, before it knows; functions it skips until they are called.
 */
import ts from "typescript";

/** The same code, line by line, with functions for the arrow functions that run at no other's call. */
export function parsedOnce(code: string): string {
  const file = ts.createSourceFile("index.js", code, ts.ScriptTarget.Latest, true);
  const edits: { readonly node: ts.Node; readonly text: string }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isArrowFunction(node) && !isBound(node)) edits.push(rewritten(node));
    else if (!ts.isFunctionLike(node) && !ts.isPropertyDeclaration(node)) ts.forEachChild(node, visit);
  };
  visit(file);
  let at = 0;
  let result = "";
  for (const { node, text } of edits) {
    result += code.slice(at, node.getStart()) + text;
    at = node.end;
  }
  return result + code.slice(at);
}

/** What only an arrow function can be. */
const isBound = (node: ts.Node): boolean =>
  node.kind === ts.SyntaxKind.ThisKeyword ||
  node.kind === ts.SyntaxKind.AsyncKeyword ||
  (ts.forEachChild(node, isBound) ?? false);

function rewritten(arrow: ts.ArrowFunction): { node: ts.Node; text: string } {
  const parameters = `(${arrow.parameters.map((p) => p.getText()).join(", ")})`;
  const body = arrow.body.getText();
  const rest = `${parameters} ${ts.isBlock(arrow.body) ? body : `{ return ${body}; }`}`;
  const { parent } = arrow;
  if (ts.isPropertyAssignment(parent)) return { node: parent, text: parent.name.getText() + rest };
  const statement = parent.parent.parent;
  if (ts.isVariableDeclaration(parent) && ts.isVariableStatement(statement) && ts.isSourceFile(statement.parent))
    if (statement.declarationList.declarations.length === 1)
      return { node: statement, text: `function ${parent.name.getText()}${rest}` };
  return { node: arrow, text: `function ${rest}` };
}
