// Bundles a filter's module, and that of its daemon, into one file without imports, and finds what
// a bundled module imports all the same.
import path from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const OPTIONS = {
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'neutral',
  target: 'es2023',
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'silent',
} as const satisfies BuildOptions;

/**
 * Fails when the module, or what it brings in, imports anything of Node or of a package: it must
 * run from its one file alone.
 */
export async function bundleModule(entry: string): Promise<Uint8Array> {
  return bytesOf(entry, { entryPoints: [entry], plugins: [refuseForeignImports] });
}

/** The same for a module that exports by name what a host wants as default. */
export async function bundleNamed(file: string, name: string): Promise<Uint8Array> {
  const contents = `export { ${name} as default } from './${path.basename(file)}';`;
  const stdin = { contents, resolveDir: path.dirname(file), loader: 'ts' } as const;
  return bytesOf(file, { stdin, plugins: [refuseForeignImports] });
}

/** What a module imports, by name, also in an `import()` whose name is written out. */
export async function importsOf(module: Uint8Array): Promise<string[]> {
  const found = new Set<string>();
  const collect: Plugin = {
    name: 'collect-imports',
    setup({ onResolve }) {
      onResolve({ filter: /.*/ }, ({ path: name, kind }) => {
        if (kind === 'entry-point') return null;
        found.add(name);
        return { path: name, external: true };
      });
    },
  };
  const contents = Buffer.from(module).toString('utf8');
  await build({ ...OPTIONS, stdin: { contents, loader: 'js' }, plugins: [collect] });
  return [...found].sort();
}

async function bytesOf(name: string, source: BuildOptions): Promise<Uint8Array> {
  const { outputFiles = [] } = await build({ ...OPTIONS, ...source });
  const [output] = outputFiles;
  if (!output) throw new Error(`${name} was bundled into nothing`);
  return output.contents;
}

const refuseForeignImports: Plugin = {
  name: 'refuse-foreign-imports',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./#]/ }, ({ path: name, kind }) => {
      if (kind === 'entry-point') return null;
      return {
        errors: [{ text: `A filter may not import ${name}: it has the filter SDK alone.` }],
      };
    });
  },
};
