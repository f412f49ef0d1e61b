// Each rule on a few lines that break it, then all of them on the project itself.
import path from 'node:path';
import { expect, test } from 'vitest';
import { checkSources, checkTree } from './check-tree.ts';
import { parseSourceFile } from './source-file.ts';

const HEADER = '// What this file is for.\n';

/** Findings in files given as `path: text`, as `path:line rule`. */
function findingsIn(texts: Record<string, string>): string[] {
  const sources = Object.entries(texts).map(([file, text]) => parseSourceFile(file, HEADER + text));
  const found = checkSources({ sources, files: Object.keys(texts) });
  return found.map(({ file, line, rule }) => `${file}:${line} ${rule}`);
}

test.each<[why: string, file: string, text: string, rule: string]>([
  ['any', 'host/a.ts', 'const a: any = 1;', 'types'],
  ['cast to any', 'host/a.ts', 'const a = 1 as any;', 'types'],
  ['non-null', 'host/a.ts', 'const b = [1][0]!;', 'types'],
  ['enum', 'host/a.ts', 'enum A { b }', 'types'],
  ['namespace', 'host/a.ts', 'namespace A { const b = 1; }', 'types'],
  ['clock', 'host/a.ts', 'const a = Date.now();', 'seams'],
  ['date', 'lib/api/a.ts', 'const a = new Date();', 'seams'],
  ['timer', 'lib/controller/a.ts', 'setTimeout(() => 1, 2);', 'seams'],
  ['chance in the browser', 'components/a.ts', 'const a = Math.random();', 'seams'],
  ['environment', 'lib/api/a.ts', 'const a = process.env.HOME;', 'seams'],
  ['console', 'scripts/a.ts', "console.log('a');", 'seams'],
  ['to do', 'host/a.ts', '// TODO: later', 'comments'],
  ['suppression', 'host/a.ts', '// @ts-ignore\nconst a = 1;', 'comments'],
  ['silent catch', 'host/a.ts', 'try { a(); } catch {}', 'errors'],
  ['bare error', 'host/a.ts', "throw new Error('a');", 'errors'],
  ['only', 'host/a.test.ts', "test.only('a', () => {});", 'tests'],
  ['skip', 'host/a.test.ts', "describe.skip('a', () => {});", 'tests'],
  ['default export', 'host/a.ts', 'export default 1;', 'exports'],
  ['unused export', 'host/a.ts', 'export const a = 1;', 'exports'],
  ['React in the controller', 'lib/controller/a.ts', "import 'react';", 'layers'],
  ['files in a rule', 'lib/rules/a.ts', "import 'node:fs';", 'layers'],
  ['filters in the host', 'host/a.ts', "import '#filters/qos/a.ts';", 'layers'],
  ['controller in the host', 'host/a.ts', "import '#lib/controller/a.ts';", 'layers'],
  [
    'type of the controller',
    'host/a.ts',
    "import type { A } from '#lib/controller/a.ts';",
    'layers',
  ],
  ['store in the API', 'lib/api/a.ts', "import '../controller/vms/vm-store.ts';", 'layers'],
  ['clock in a rule', 'lib/rules/a.ts', "import '../base/clock.ts';", 'layers'],
  ['stray file', 'lib/other/a.ts', 'const a = 1;', 'layers'],
  ['no extension', 'host/a.ts', "import './b';", 'import paths'],
  ['relative out of the folder', 'host/a.ts', "import '../lib/base/assert.ts';", 'import paths'],
  ['bad name', 'host/FooBar.ts', 'const a = 1;', 'names'],
  ['empty name', 'host/utils.ts', 'const a = 1;', 'names'],
  ['top folder', 'other/a.ts', 'const a = 1;', 'names'],
  ['long line', 'host/a.ts', `// ${'word '.repeat(20)}`, 'size'],
  ['parameters', 'host/a.ts', 'function a(b, c, d, e, f) {}', 'size'],
  ['long function', 'host/a.ts', `function a() {${'\n'.repeat(70)}}`, 'size'],
  ['deep', 'host/a.ts', 'if (a) for (;;) while (b) if (c) { d(); }', 'size'],
  ['long file', 'host/a.ts', '\n'.repeat(400), 'size'],
])('%s is found', (_why, file, text, rule) => {
  const rules = findingsIn({ [file]: text }).map((finding) => finding.replace(/^\S+ /, ''));
  expect(rules).toContain(rule);
});

test.each<[why: string, file: string, text: string]>([
  [
    'else if is no deeper',
    'host/a.ts',
    'if (a) b(); else if (c) d(); else if (e) f(); else if (g) h();',
  ],
  ['a comment explains the catch', 'host/a.ts', 'try { a(); } catch {\n  // It may be gone.\n}'],
  [
    'an entry point reads the environment',
    'host/agent/agent-main.ts',
    'const a = process.env.HOME;',
  ],
  ['a test may wait', 'host/a.test.ts', 'setTimeout(() => 1, 2);'],
  ['a word that only contains another', 'host/a.ts', '// A method for todos of many kinds.'],
  ['a string is no comment', 'host/a.ts', "const a = 'TODO';"],
  ['a long address', 'host/a.ts', `// See https://example.org/${'a'.repeat(90)}`],
])('%s', (_why, file, text) => {
  expect(findingsIn({ [file]: text })).toEqual([]);
});

test('a circle of imports is found once, also when it is made of types', () => {
  const found = findingsIn({
    'host/a.ts': "import type { B } from './b.ts';\nexport type A = B;",
    'host/b.ts': "import type { C } from './c.ts';\nexport type B = C;",
    'host/c.ts': "import type { A } from './a.ts';\nexport type C = A;",
  });
  expect(found).toEqual(['host/c.ts:2 cycles']);
});

test('a file without a comment at its head is found', () => {
  const source = parseSourceFile('host/a.ts', 'const a = 1;\n');
  const [found] = checkSources({ sources: [source], files: [] });
  expect(found).toMatchObject({ rule: 'comments', line: 1 });
});

test('the project keeps its own rules', () => {
  const found = checkTree(path.join(import.meta.dirname, '..', '..'));
  expect(found.map(({ file, line, message }) => `${file}:${line} ${message}`)).toEqual([]);
});
