// A rule about exports: what nobody imports is not exported. Frameworks call what stands in app/
// and filters/, the filter SDK is there for filters that others write, and the types of a contract
// may be there for whoever comes.
import type { SourceFile } from './source-file.ts';
import type { Rule } from './violation.ts';

const CALLED_FROM_OUTSIDE = /^(app|filters|lib\/filter-sdk)\/|\.config\.(ts|js|mjs)$/;

export const exportWhatIsUsed: Rule = ({ sources }) => {
  const used = collectUsed(sources);
  return sources
    .filter(({ path }) => !CALLED_FROM_OUTSIDE.test(path))
    .flatMap(({ path, exports }) =>
      exports
        .filter(({ name, isType }) => !isType && !isUsed(used, path, name))
        .map(({ name, line }) => ({
          file: path,
          line,
          rule: 'exports',
          message: `${name} is exported, and nobody imports it`,
        })),
    );
};

/** Names that are imported, by the file that they are imported from. */
function collectUsed(sources: readonly SourceFile[]): Map<string, Set<string>> {
  const used = new Map<string, Set<string>>();
  for (const { file, names } of sources.flatMap((source) => source.imports)) {
    if (file === null) continue;
    const known = used.get(file) ?? new Set<string>();
    for (const name of names) known.add(name);
    used.set(file, known);
  }
  return used;
}

function isUsed(used: Map<string, Set<string>>, file: string, name: string): boolean {
  const names = used.get(file);
  return names !== undefined && (names.has(name) || names.has('*'));
}
