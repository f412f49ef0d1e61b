// Rules about folders and file names.
import type { Rule, Violation } from './violation.ts';

const FILES_PER_FOLDER_MAX = 25;
const TOP_FOLDERS = [
  ...['app', 'components', 'lib', 'host', 'filters', 'prisma', 'e2e', 'docs', 'scripts', '.ci'],
];
/** Names that say nothing: a file is called after what it does. */
const EMPTY_NAMES = /^(utils?|helpers?|common|misc|shared|stuff|lib|index)$/;
/** What a VIB is built from: the folder says what it is. */
const FILTER_ENTRY = /^filters\/[a-z-]+\/index\.ts$/;
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
/** Folders of the router carry meaning in their brackets. */
const ROUTE_FOLDER = /^(\([a-z-]+\)|\[{1,2}(\.\.\.)?[a-zA-Z-]+\]{1,2}|[a-z0-9-]+)$/;

/** Names are kebab-case and say what is inside. */
export const nameWell: Rule = ({ files }) =>
  files.filter(isSource).flatMap((file) => {
    const parts = file.split('/');
    const base = parts.pop() ?? '';
    const stem = base.split('.')[0] ?? '';
    const found: Violation[] = [];
    if (!KEBAB.test(base)) found.push(problem(file, 'is not kebab-case'));
    if (EMPTY_NAMES.test(stem) && !FILTER_ENTRY.test(file)) {
      found.push(problem(file, `"${stem}" says nothing about the file`));
    }
    // `lib` is one of the given folders, at the top.
    for (const [depth, folder] of parts.entries()) {
      const empty = depth > 0 && EMPTY_NAMES.test(folder);
      if (empty) found.push(problem(file, `the folder "${folder}" says nothing`));
      if (!ROUTE_FOLDER.test(folder) && folder !== '.ci') {
        found.push(problem(file, `the folder "${folder}" is not kebab-case`));
      }
    }
    return found;
  });

/** A folder with more files than fit one look is two folders. */
export const keepFoldersSmall: Rule = ({ files }) => {
  const counts = new Map<string, number>();
  for (const file of files) {
    const folder = file.split('/').slice(0, -1).join('/');
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  const large = [...counts].filter(([, count]) => count > FILES_PER_FOLDER_MAX);
  return large.map(([folder, count]) =>
    problem(folder || '.', `has ${count} files, at most ${FILES_PER_FOLDER_MAX} are allowed`),
  );
};

/** The top level is given. */
export const keepTopLevel: Rule = ({ files }) => {
  const folders = new Set(files.filter((file) => file.includes('/')).map(topOf));
  const extra = [...folders].filter((folder) => !TOP_FOLDERS.includes(folder));
  return extra.map((folder) => problem(folder, 'is not one of the folders of the top level'));
};

export function isSource(file: string): boolean {
  return /\.(ts|tsx|mjs)$/.test(file) && !file.endsWith('.d.ts');
}

function topOf(file: string): string {
  return file.split('/')[0] ?? '';
}

function problem(file: string, message: string): Violation {
  return { file, line: 1, rule: 'names', message };
}
