// `node describe-main.ts MODULE`: prints what a module of a filter or of its daemon says of itself,
// as JSON, its functions by the word alone. A process of its own, so that code which is not trusted
// yet runs nowhere else.
import { pathToFileURL } from 'node:url';

const imported: { default?: unknown } = await import(pathToFileURL(process.argv[2] ?? '').href);
const described = JSON.stringify(imported.default ?? null, (_, value: unknown) =>
  typeof value === 'function' ? 'function' : value,
);
process.stdout.write(described);
