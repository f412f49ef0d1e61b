// Rules about imports: layers, packages, how a path is written, cycles.
import { BARRED, type Layer, layerOf, RESERVED_PACKAGES } from './layers.ts';
import { type ImportOf, isTestAid, type SourceFile } from './source-file.ts';
import { eachSource, type Rule, type Violation } from './violation.ts';

/** Every file belongs to a layer and imports what its layer may. */
export const keepLayers: Rule = eachSource((source) => {
  const layer = layerOf(source.path);
  if (!layer) return [violation(source, 1, 'belongs to no layer (scripts/tidy/layers.ts)')];
  return source.imports.flatMap((imported) => {
    const problem =
      imported.file === null
        ? judgePackage(source, layer, imported.specifier)
        : judgeFile(layer, imported.file);
    return problem ? [violation(source, imported.line, problem)] : [];
  });
});

/**
 * Relative to files beside and below, `#folder/…` out of a top folder, always with the extension.
 */
export const writePathsOneWay: Rule = eachSource((source) =>
  source.imports.flatMap(({ specifier, file, line }) => {
    if (file === null) return [];
    const problem = judgePath(source.path, specifier, file);
    return problem ? [violation(source, line, problem, 'import paths')] : [];
  }),
);

/** No file imports itself, over however many others. Types count. */
export const avoidCycles: Rule = ({ sources }) => {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const state = new Map<string, 'open' | 'done'>();
  const found: Violation[] = [];
  const visit = (source: SourceFile, trail: readonly string[]) => {
    state.set(source.path, 'open');
    for (const { file, line, dynamic } of source.imports) {
      const target = file === null || dynamic ? undefined : byPath.get(file);
      if (!target) continue;
      const seen = state.get(target.path);
      if (seen === undefined) visit(target, [...trail, target.path]);
      if (seen !== 'open') continue;
      const cycle = [...trail.slice(trail.indexOf(target.path)), target.path].join(' → ');
      found.push(violation(source, line, `imports itself: ${cycle}`, 'cycles'));
    }
    state.set(source.path, 'done');
  };
  for (const source of sources) if (!state.has(source.path)) visit(source, [source.path]);
  return found;
};

function judgeFile(layer: Layer, file: string): string | null {
  const target = layerOf(file);
  if (!target) return `imports ${file}, which belongs to no layer`;
  if (target !== layer && !layer.imports.includes(target.name)) {
    return `${layer.name} must not import ${target.name} (${file})`;
  }
  const barred = BARRED.find(({ from, to }) => from.includes(layer.name) && to.test(file));
  return barred ? `${layer.name} must not import ${file}: ${barred.because}` : null;
}

function judgePackage(source: SourceFile, layer: Layer, specifier: string): string | null {
  const reserved = RESERVED_PACKAGES.find((rule) => rule.package.test(specifier));
  if (reserved && !reserved.layers.includes(layer.name) && !allowedInTests(source)) {
    return `${layer.name} must not import the package ${specifier}`;
  }
  const free = layer.packages === null || source.isTest || isTestAid(source.path);
  return free || layer.packages?.includes(specifier)
    ? null
    : `${layer.name} must not import ${specifier}`;
}

/** End-to-end tests look into the database to see what the product has kept. */
function allowedInTests(source: SourceFile): boolean {
  return source.path.startsWith('e2e/');
}

function judgePath(from: string, specifier: string, file: ImportOf['file']): string | null {
  const extension = /\.(ts|tsx|mjs|js|css|json|svg)$/.test(specifier);
  if (!extension) return `${specifier} needs its file extension`;
  const target = file ?? '';
  if (specifier.startsWith('#') && target.startsWith(`${folderOf(from)}/`)) {
    return `${specifier} is in the same folder: write ./…`;
  }
  if (specifier.startsWith('.') && topOf(from) !== topOf(target)) {
    return `${specifier} leaves ${topOf(from)}/: write #…`;
  }
  return null;
}

function folderOf(file: string): string {
  return file.split('/').slice(0, -1).join('/');
}

function topOf(file: string): string {
  return file.split('/')[0] ?? '';
}

function violation(source: SourceFile, line: number, message: string, rule = 'layers'): Violation {
  return { file: source.path, line, rule, message };
}
