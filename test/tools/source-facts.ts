import ts from 'typescript';

/** What the architecture rules need to know about one source file, read from its syntax tree. */
export interface SourceFacts {
  /** Every module the file names: static, type-only, dynamic and `require` imports, re-exports and import types. */
  imports: readonly Located[];
  /** Globals and members touched by running code, as dotted names: `setTimeout`, `Date.now`, `*.getStats`. */
  touches: readonly Located[];
  /** `export * from`, which leaves what is public to another file. */
  starExports: readonly Located[];
  /** True where every statement is an import or a re-export. */
  isBarrel: boolean;
  lineCount: number;
}

export interface Located {
  name: string;
  line: number;
}

const GLOBAL_OBJECTS = new Set(['globalThis', 'window', 'self']);

export function readSourceFacts(path: string, text: string): SourceFacts {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const imports: Located[] = [];
  const touches: Located[] = [];
  const starExports: Located[] = [];
  const declared = declaredNames(file);

  const at = (node: ts.Node, name: string): Located => ({
    name,
    line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1,
  });

  const visit = (node: ts.Node): void => {
    const specifier = importedModule(node);
    if (specifier !== undefined) imports.push(at(node, specifier));
    if (ts.isExportDeclaration(node) && isStarExport(node)) starExports.push(at(node, 'export *'));
    if (!isTypePosition(node)) {
      for (const name of touchedNames(node, declared)) touches.push(at(node, name));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);

  return {
    imports,
    touches,
    starExports,
    isBarrel: isBarrel(file),
    lineCount: file.getLineStarts().length - (text.endsWith('\n') ? 1 : 0),
  };
}

function importedModule(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return literal(node.moduleSpecifier);
  if (ts.isExternalModuleReference(node)) return literal(node.expression);
  if (ts.isImportTypeNode(node)) {
    return ts.isLiteralTypeNode(node.argument) ? literal(node.argument.literal) : undefined;
  }
  if (ts.isCallExpression(node)) {
    const { expression } = node;
    const isImport = expression.kind === ts.SyntaxKind.ImportKeyword;
    const isRequire = ts.isIdentifier(expression) && expression.text === 'require';
    if (isImport || isRequire) return literal(node.arguments[0]) ?? '(computed module name)';
  }
  return undefined;
}

function literal(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

function isStarExport(node: ts.ExportDeclaration): boolean {
  if (node.moduleSpecifier === undefined) return false;
  return node.exportClause === undefined || ts.isNamespaceExport(node.exportClause);
}

function isBarrel(file: ts.SourceFile): boolean {
  let reExports = 0;
  for (const statement of file.statements) {
    if (ts.isExportDeclaration(statement)) reExports += 1;
    else if (!ts.isImportDeclaration(statement)) return false;
  }
  return reExports > 0;
}

/** Names that the file declares itself: a parameter called `setTimeout` is an injected fact, not the global. */
function declaredNames(file: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    const declares =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isEnumDeclaration(node) ||
      ts.isBindingElement(node) ||
      ts.isImportSpecifier(node) ||
      ts.isImportClause(node) ||
      ts.isNamespaceImport(node);
    if (declares && node.name !== undefined && ts.isIdentifier(node.name) && !isAmbient(node)) {
      names.add(node.name.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names;
}

/** `declare const setTimeout` names the global; it does not replace it. */
function isAmbient(node: ts.Node): boolean {
  for (let up: ts.Node | undefined = node; up !== undefined; up = up.parent as ts.Node | undefined) {
    if (!ts.canHaveModifiers(up)) continue;
    if (ts.getModifiers(up)?.some((modifier) => modifier.kind === ts.SyntaxKind.DeclareKeyword)) return true;
  }
  return false;
}

function isTypePosition(node: ts.Node): boolean {
  for (let up: ts.Node | undefined = node; up !== undefined; up = up.parent as ts.Node | undefined) {
    if (ts.isExpressionWithTypeArguments(up)) {
      // `class X extends AudioContext` runs; `implements` and `interface extends` do not.
      const clause = up.parent;
      if (ts.isHeritageClause(clause) && clause.token === ts.SyntaxKind.ExtendsKeyword) {
        return ts.isInterfaceDeclaration(clause.parent);
      }
      return true;
    }
    if (ts.isTypeNode(up) || ts.isInterfaceDeclaration(up) || ts.isTypeAliasDeclaration(up)) return true;
    if (ts.isStatement(up)) return false;
  }
  return false;
}

function touchedNames(node: ts.Node, declared: ReadonlySet<string>): string[] {
  if (ts.isIdentifier(node)) return isReference(node) && !declared.has(node.text) ? [node.text] : [];
  if (ts.isPropertyAccessExpression(node)) return memberNames(node.expression, node.name.text);
  if (ts.isElementAccessExpression(node)) {
    const name = literal(node.argumentExpression);
    return name === undefined ? [] : memberNames(node.expression, name);
  }
  if (ts.isBindingElement(node)) return destructuredNames(node);
  if (ts.isNewExpression(node) && isName(node.expression, 'Date') && (node.arguments?.length ?? 0) === 0) {
    return ['new Date()'];
  }
  if (ts.isCallExpression(node)) {
    const { expression } = node;
    if (isName(expression, 'Date')) return ['new Date()'];
    const callee = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
    if (isName(callee, 'addEventListener') || isName(callee, 'removeEventListener')) {
      const event = literal(node.arguments[0]);
      return event === undefined ? [] : [`event:${event}`];
    }
  }
  return [];
}

/** A member of a global object is the global itself; any other is named by its owner, and as `*.member`. */
function memberNames(owner: ts.Expression, member: string): string[] {
  const ownerName = lastName(owner);
  if (ownerName !== undefined && GLOBAL_OBJECTS.has(ownerName)) return [member, `*.${member}`];
  return ownerName === undefined ? [`*.${member}`] : [`${ownerName}.${member}`, `*.${member}`];
}

function destructuredNames(node: ts.BindingElement): string[] {
  const key = node.propertyName ?? node.name;
  const member = ts.isIdentifier(key) ? key.text : literal(key);
  if (member === undefined || !ts.isObjectBindingPattern(node.parent)) return [];
  const declaration = node.parent.parent;
  const source = ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  return source === undefined ? [`*.${member}`] : memberNames(source, member);
}

function lastName(node: ts.Expression): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  if (ts.isParenthesizedExpression(node) || ts.isNonNullExpression(node) || ts.isAsExpression(node)) {
    return lastName(node.expression);
  }
  return undefined;
}

function isName(node: ts.Node, name: string): boolean {
  return ts.isIdentifier(node) && node.text === name;
}

/** False for identifiers that only name something: members, keys, declarations, import and export lists. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) return false;
  if (ts.isQualifiedName(parent) || ts.isLabeledStatement(parent) || ts.isJSDoc(parent)) return false;
  const named = parent as ts.Node & { name?: ts.Node };
  return named.name !== node;
}
