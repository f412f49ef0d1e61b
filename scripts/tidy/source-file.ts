// One source file as the rules see it: its text, its syntax tree, what it imports and what it
// exports.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Program, parseSync } from './parser.ts';

export interface ImportOf {
  /** As written: `./a.ts`, `#lib/base/assert.ts`, `zod`. */
  specifier: string;
  /** The project's file that it means, or null for a package. */
  file: string | null;
  /** Names that are imported; `*` for all of them. */
  names: readonly string[];
  line: number;
  /** `import()` as an expression: loaded later, so that it makes no cycle. */
  dynamic: boolean;
}

export interface ExportOf {
  name: string;
  line: number;
  isType: boolean;
}

export interface Comment {
  text: string;
  start: number;
  end: number;
  line: number;
}

export interface SourceFile {
  /** Path from the root of the project, with slashes. */
  path: string;
  text: string;
  lines: readonly string[];
  program: Program;
  comments: readonly Comment[];
  imports: readonly ImportOf[];
  exports: readonly ExportOf[];
  hasDefaultExport: boolean;
  isTest: boolean;
  /** 1-based line of an offset. */
  lineAt(offset: number): number;
}

/** `imports` of package.json: every top folder under its own name. */
const ALIAS = /^#[a-z0-9-]+\//;

/** What tests are written with: fixtures, and stand-ins called test-…. */
export function isTestAid(file: string): boolean {
  return /\.fixture\.tsx?$|(^|\/)test-[a-z-]+\.ts$|-fixtures\.ts$/.test(file);
}

export function readSourceFile(root: string, file: string): SourceFile {
  return parseSourceFile(file, readFileSync(path.join(root, file), 'utf8'));
}

/** Parses one file; throws an Error that names the place where it is malformed. */
export function parseSourceFile(file: string, text: string): SourceFile {
  const lang = file.endsWith('.tsx') ? 'tsx' : 'ts';
  const parsed = parseSync(file, text, { lang, sourceType: 'module' });
  const [problem] = parsed.errors;
  if (problem) throw new Error(`${file}: ${problem.message}`);
  const lineAt = lineFinder(text);
  const { staticExports } = parsed.module;
  const entries = staticExports.flatMap((statement) => statement.entries);
  return {
    path: file,
    text,
    lines: text.split('\n'),
    program: parsed.program,
    comments: parsed.comments.map(({ value, start, end }) => {
      return { text: value, start, end, line: lineAt(start) };
    }),
    imports: [...staticImports(file, parsed, lineAt), ...lateImports(file, text, parsed, lineAt)],
    exports: entries.flatMap(({ exportName, isType, start }) =>
      exportName.kind === 'Name' && exportName.name !== null
        ? [{ name: exportName.name, isType, line: lineAt(start) }]
        : [],
    ),
    hasDefaultExport: entries.some(({ exportName }) => exportName.kind === 'Default'),
    isTest: /\.(test|spec)\.tsx?$/.test(file) || file.startsWith('e2e/'),
    lineAt,
  };
}

type Parsed = ReturnType<typeof parseSync>;

function staticImports(
  file: string,
  { module }: Parsed,
  lineAt: (offset: number) => number,
): ImportOf[] {
  const imports = module.staticImports.map(({ moduleRequest, entries, start }) => ({
    specifier: moduleRequest.value,
    names: entries.map(({ importName }) => nameOf(importName.kind, importName.name)),
    line: lineAt(start),
  }));
  for (const { entries, start } of module.staticExports) {
    for (const { moduleRequest, importName } of entries) {
      if (!moduleRequest) continue;
      const names = [nameOf(importName.kind, importName.name)];
      imports.push({ specifier: moduleRequest.value, names, line: lineAt(start) });
    }
  }
  return imports.map((found) => ({
    ...found,
    file: resolveImport(file, found.specifier),
    dynamic: false,
  }));
}

/**
 * `import('…')` with a fixed name. A name that is computed belongs to what a host loads from a VIB.
 */
function lateImports(
  file: string,
  text: string,
  { module }: Parsed,
  lineAt: (offset: number) => number,
): ImportOf[] {
  return module.dynamicImports.flatMap(({ moduleRequest, start }) => {
    const quoted = /^(['"`])([^'"`$]+)\1$/.exec(text.slice(moduleRequest.start, moduleRequest.end));
    const specifier = quoted?.[2];
    if (specifier === undefined) return [];
    const target = resolveImport(file, specifier);
    return [{ specifier, file: target, names: ['*'], line: lineAt(start), dynamic: true }];
  });
}

function nameOf(kind: string, name: string | null): string {
  if (kind === 'Name' && name !== null) return name;
  return kind === 'Default' ? 'default' : '*';
}

function resolveImport(from: string, specifier: string): string | null {
  if (ALIAS.test(specifier)) return specifier.slice(1);
  if (!specifier.startsWith('.')) return null;
  return path.posix.normalize(path.posix.join(path.posix.dirname(from), specifier));
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
