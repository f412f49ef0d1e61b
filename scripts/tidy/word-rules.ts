// Rules about what stands in the code: words that switch checks off, seams that are reached around,
// silence.
import { Visitor } from './parser.ts';
import { isTestAid, type SourceFile } from './source-file.ts';
import { eachSource, type Rule, type Violation } from './violation.ts';

/** Where the real clock, randomness and environment are made: everything else is given them. */
const ENTRY_POINT =
  /(^|[-/])main\.ts$|^scripts\/|^e2e\/|\.config\.ts$|^lib\/base\/system-|\.test\.tsx?$/;
const ENVIRONMENT = /(^|\/)environment\.ts$/;
/** The browser's half draws on the browser's clock. */
const BROWSER = /^(components|app|lib\/client)\//;

const SEAMS: Record<string, string> = {
  'Date.now': 'take a Clock',
  'performance.now': 'take a Clock',
  'process.hrtime': 'take a Clock',
  'process.env': 'read the environment in an entry point or environment.ts',
  'Math.random': 'take a Random',
  'crypto.randomUUID': 'take a Random',
  'crypto.randomBytes': 'take a Random',
};
const SEAM_CALLS: Record<string, string> = {
  setTimeout: 'take a Clock',
  setInterval: 'take a Clock',
  randomUUID: 'take a Random',
  randomBytes: 'take a Random',
};
const UNFINISHED = /\b(TODO|FIXME|XXX|HACK)\b|not implemented/i;
const SUPPRESSION = /@ts-(ignore|expect-error|nocheck)|eslint-disable/;
const HEADER_WORDS_MIN = 3;
const TEST_RUNNERS = ['test', 'it', 'describe', 'suite', 'bench'];
const SILENCERS = ['only', 'todo', 'skip', 'fixme', 'fails'];

/** Each file opens with a comment that says what it is, before its imports or right after them. */
export const openWithProse: Rule = eachSource((source) => {
  const first = source.program.body.find((statement) => !isPreamble(statement));
  const before = source.comments.filter(({ start }) => start < (first?.start ?? Infinity));
  const words =
    before
      .map(({ text }) => text)
      .join(' ')
      .match(/[A-Za-z]{2,}/g) ?? [];
  if (words.length >= HEADER_WORDS_MIN) return [];
  return [problem(source, 1, 'comments', 'open with a comment that says what the file is')];
});

/** Nothing is left for later, and no check is switched off. */
export const leaveNothingUnfinished: Rule = eachSource((source) =>
  source.comments.flatMap(({ text, line }) => {
    const mark = (UNFINISHED.exec(text) ?? SUPPRESSION.exec(text))?.[0];
    return mark ? [problem(source, line, 'comments', `"${mark}" in a comment`)] : [];
  }),
);

/** Types stay honest: no any, no non-null assertion, nothing that Node cannot erase. */
export const keepTypesHonest: Rule = eachSource((source) => {
  const found: Violation[] = [];
  const report = (message: string) => (node: { start: number }) => {
    found.push(problem(source, source.lineAt(node.start), 'types', message));
  };
  new Visitor({
    TSAnyKeyword: report('any'),
    TSNonNullExpression: report('non-null assertion'),
    TSEnumDeclaration: report('enum: use a union of strings'),
    TSModuleDeclaration: report('namespace: use a module'),
    TSParameterProperty: report('parameter property: write the field out'),
  }).visit(source.program);
  return found;
});

/** Time, chance and environment come in as arguments; output goes through a logger. */
export const keepSeams: Rule = eachSource((source) => {
  const found: Violation[] = [];
  const report = (start: number, what: string, why: string) => {
    found.push(problem(source, source.lineAt(start), 'seams', `${what}: ${why}`));
  };
  const entry = ENTRY_POINT.test(source.path) || isTestAid(source.path);
  const browser = BROWSER.test(source.path);
  new Visitor({
    MemberExpression({ start, object, property }) {
      if (object.type !== 'Identifier' || property.type !== 'Identifier') return;
      if (object.name === 'console') report(start, 'console', 'take a logger');
      const name = `${object.name}.${property.name}`;
      const why = SEAMS[name];
      if (!why || entry || (name === 'process.env' && ENVIRONMENT.test(source.path))) return;
      if (!browser || name === 'Math.random' || name === 'process.env') report(start, name, why);
    },
    CallExpression({ start, callee }) {
      const why = callee.type === 'Identifier' ? SEAM_CALLS[callee.name] : undefined;
      if (callee.type !== 'Identifier' || !why || entry || browser) return;
      report(start, callee.name, why);
    },
    NewExpression({ start, callee, arguments: given }) {
      const isNow = callee.type === 'Identifier' && callee.name === 'Date' && given.length === 0;
      if (isNow && !entry && !browser) report(start, 'new Date()', 'take a Clock');
    },
  }).visit(source.program);
  return found;
});

/** A failure is said: no empty catch without a reason, no bare Error where a fault belongs. */
export const failAloud: Rule = eachSource((source) => {
  const found: Violation[] = [];
  const usesFaults =
    /^(lib|host)\//.test(source.path) && !/^lib\/(base|client)\//.test(source.path);
  new Visitor({
    CatchClause({ start, body }) {
      const explained = source.comments.some((c) => c.start > body.start && c.end < body.end);
      if (body.body.length > 0 || explained) return;
      found.push(
        problem(source, source.lineAt(start), 'errors', 'an empty catch without a reason'),
      );
    },
    ThrowStatement({ start, argument }) {
      if (!usesFaults || source.isTest || argument.type !== 'NewExpression') return;
      const { callee } = argument;
      if (callee.type !== 'Identifier' || callee.name !== 'Error') return;
      found.push(problem(source, source.lineAt(start), 'errors', 'throw a Fault, or assert'));
    },
  }).visit(source.program);
  return found;
});

/** Every test runs: nothing is singled out, skipped without a condition, or left for later. */
export const runEveryTest: Rule = eachSource((source) => {
  const found: Violation[] = [];
  new Visitor({
    CallExpression({ start, callee, arguments: [first] }) {
      if (callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier') return;
      if (callee.property.type !== 'Identifier') return;
      const [runner, verb] = [callee.object.name, callee.property.name];
      if (!TEST_RUNNERS.includes(runner) || !SILENCERS.includes(verb)) return;
      // skip(condition, reason), called inside a test or a file, says why.
      const isNamed = first?.type === 'Literal' && typeof first.value === 'string';
      if (verb === 'skip' && first && !isNamed) return;
      const name = `${runner}.${verb}`;
      found.push(
        problem(source, source.lineAt(start), 'tests', `${name}: use skipIf with a reason`),
      );
    },
  }).visit(source.isTest ? source.program : EMPTY);
  return found;
});

/** A default export has no name that can be searched for; only frameworks get one. */
export const exportByName: Rule = eachSource((source) => {
  const wanted = /^(app|filters)\/|-reporter\.ts$|\.config\.(ts|js|mjs)$/.test(source.path);
  if (wanted || !source.hasDefaultExport) return [];
  return [problem(source, 1, 'exports', 'export by name, not as default')];
});

const EMPTY: SourceFile['program'] = {
  ...{ type: 'Program', body: [], sourceType: 'module', hashbang: null, comments: [] },
  ...{ start: 0, end: 0, parent: null },
};

function isPreamble(statement: { type: string }): boolean {
  if (statement.type === 'ImportDeclaration') return true;
  return 'directive' in statement && typeof statement.directive === 'string';
}

function problem(source: SourceFile, line: number, rule: string, message: string): Violation {
  return { file: source.path, line, rule, message };
}
