// Rules about size: what does not fit one screen, or one head, is cut.
import { Visitor } from './parser.ts';
import type { SourceFile } from './source-file.ts';
import { eachSource, type Rule, type Violation } from './violation.ts';

const FILE_LINES_MAX = 400;
const COLUMNS_MAX = 100;
const FUNCTION_LINES_MAX = 70;
const COMPONENT_LINES_MAX = 150;
const PARAMETERS_MAX = 4;
const NESTING_MAX = 3;
/** A line with a word of this length cannot be broken: an address, a hash. */
const UNBREAKABLE = /\S{60,}/;

export const keepFilesShort: Rule = eachSource((source) => {
  const count = source.lines.length - (source.text.endsWith('\n') ? 1 : 0);
  if (count <= FILE_LINES_MAX) return [];
  return [problem(source, FILE_LINES_MAX, `${count} lines, at most ${FILE_LINES_MAX}`)];
});

export const keepLinesShort: Rule = eachSource((source) =>
  source.lines.flatMap((line, index) =>
    line.length > COLUMNS_MAX && !UNBREAKABLE.test(line)
      ? [problem(source, index + 1, `${line.length} columns, at most ${COLUMNS_MAX}`)]
      : [],
  ),
);

/**
 * Named functions: few lines, few parameters. What a test or a caller passes in line counts with
 * its holder.
 */
export const keepFunctionsSmall: Rule = eachSource((source) => {
  const found: Violation[] = [];
  const linesMax = source.path.endsWith('.tsx') ? COMPONENT_LINES_MAX : FUNCTION_LINES_MAX;
  const judge = (name: string, node: FunctionNode) => {
    const line = source.lineAt(node.start);
    const count = source.lineAt(node.end) - line + 1;
    if (count > linesMax) {
      found.push(problem(source, line, `${name} has ${count} lines, at most ${linesMax}`));
    }
    const parameters = node.params?.length ?? 0;
    if (parameters > PARAMETERS_MAX) {
      const message = `${name} takes ${parameters} parameters, at most ${PARAMETERS_MAX}`;
      found.push(problem(source, line, message));
    }
  };
  new Visitor({
    FunctionDeclaration(node) {
      judge(node.id?.name ?? 'the function', node);
    },
    MethodDefinition({ key, value }) {
      judge(textOf(source, key), value);
    },
    VariableDeclarator({ id, init }) {
      if (isFunction(init)) judge(textOf(source, id), init);
    },
    Property({ key, value }) {
      if (isFunction(value)) judge(textOf(source, key), value);
    },
  }).visit(source.program);
  return found;
});

/**
 * Loops, conditions, switches and tries inside each other; `else if` is no deeper than its `if`.
 */
export const keepFlat: Rule = eachSource((source) => {
  const found: Violation[] = [];
  const depths = [0];
  const chained = new Set<number>();
  const enter = (node: { start: number }) => {
    if (chained.has(node.start)) return;
    const depth = (depths.pop() ?? 0) + 1;
    depths.push(depth);
    if (depth !== NESTING_MAX + 1) return;
    const message = `nested more than ${NESTING_MAX} deep`;
    found.push(problem(source, source.lineAt(node.start), message));
  };
  const leave = (node: { start: number }) => {
    if (!chained.has(node.start)) depths.push((depths.pop() ?? 1) - 1);
  };
  const open = () => void depths.push(0);
  const close = () => void depths.pop();
  new Visitor({
    IfStatement(node) {
      if (node.alternate?.type === 'IfStatement') chained.add(node.alternate.start);
      enter(node);
    },
    'IfStatement:exit': leave,
    ...{ ForStatement: enter, 'ForStatement:exit': leave },
    ...{ ForOfStatement: enter, 'ForOfStatement:exit': leave },
    ...{ ForInStatement: enter, 'ForInStatement:exit': leave },
    ...{ WhileStatement: enter, 'WhileStatement:exit': leave },
    ...{ DoWhileStatement: enter, 'DoWhileStatement:exit': leave },
    ...{ SwitchStatement: enter, 'SwitchStatement:exit': leave },
    ...{ TryStatement: enter, 'TryStatement:exit': leave },
    ...{ FunctionDeclaration: open, 'FunctionDeclaration:exit': close },
    ...{ FunctionExpression: open, 'FunctionExpression:exit': close },
    ...{ ArrowFunctionExpression: open, 'ArrowFunctionExpression:exit': close },
  }).visit(source.program);
  return found;
});

interface FunctionNode {
  start: number;
  end: number;
  params?: readonly unknown[];
}

function isFunction(node: { type: string } | null): node is { type: string } & FunctionNode {
  return node?.type === 'ArrowFunctionExpression' || node?.type === 'FunctionExpression';
}

function textOf(source: SourceFile, node: { start: number; end: number }): string {
  return source.text.slice(node.start, node.end).split(':')[0] ?? '';
}

function problem(source: SourceFile, line: number, message: string): Violation {
  return { file: source.path, line, rule: 'size', message };
}
