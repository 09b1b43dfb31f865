/** Whether declarations say how each of their functions fails. */
import ts from 'typescript';

/** A public function whose documentation does not say enough, and why. */
export interface Undocumented {
  readonly name: string;
  readonly why: string;
}

/**
 * Every function that returns a promise must say what it rejects with (`@throws`), or that it never rejects. Every code
 * that a `@throws` of the SDK's own errors names must be one of `codes`.
 */
export function undocumentedFailures(text: string, codes: readonly string[]): Undocumented[] {
  const file = ts.createSourceFile('index.d.ts', text, ts.ScriptTarget.Latest, true);
  const found: Undocumented[] = [];
  const visit = (node: ts.Node, owner: string): void => {
    const name = `${owner}${nameOf(node)}`;
    const throws = throwsOf(node);
    const ofSdk = OWN_ERRORS.test(throws) ? throws : '';
    for (const [, code = ''] of ofSdk.matchAll(/`([A-Z]+(?:_[A-Z]+)*(?:_\*)?)`/g))
      if (!codes.includes(code)) found.push({ name, why: `${code} is no code` });
    if (returnsPromise(node) && throws === '' && !/\bnever rejects\b/i.test(commentOf(node)))
      found.push({ name, why: 'may reject, and says nothing of it' });
    const isOwner = ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node);
    ts.forEachChild(node, (child) => {
      visit(child, isOwner ? `${name}.` : owner);
    });
  };
  visit(file, '');
  return found;
}

const OWN_ERRORS = /\b(VoiceSDKError|AuthError|RegistrationError|TokenError)\b/;

function nameOf(node: ts.Node): string {
  const named = node as ts.Node & { readonly name?: ts.Node };
  return named.name && ts.isIdentifier(named.name) ? named.name.text : '';
}

/** Methods and functions; a type of a function is for others to implement. */
function returnsPromise(node: ts.Node): boolean {
  if (!ts.isMethodDeclaration(node) && !ts.isMethodSignature(node) && !ts.isFunctionDeclaration(node))
    return false;
  return node.type !== undefined && /^Promise\b/.test(node.type.getText());
}

function commentOf(node: ts.Node): string {
  return ts
    .getJSDocCommentsAndTags(node)
    .map((comment) => comment.getText())
    .join('\n')
    .replace(/\s*\n\s*\*\s*/g, ' ');
}

function throwsOf(node: ts.Node): string {
  return ts
    .getJSDocTags(node)
    .filter((tag) => ['throws', 'exception'].includes(tag.tagName.text) && tag.parent.parent === node)
    .map((tag) => ts.getTextOfJSDocComment(tag.comment) ?? '')
    .join(' ');
}
