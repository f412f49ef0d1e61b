// `npm run new-filter -- NAME`: makes a folder with a filter that works, its test, and what it
// takes to build, certify and install it. The folder needs nothing but Node and this checkout.
//   --class CLASS    inspection (default), compression, replication, cache, dataProvider, …
//   --vendor CODE    the code of its maker in the VIB's id (default ACME)
//   --dir DIR        where (default NAME in the folder from which npm was called)
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Fault } from '#lib/model/fault.ts';
import { FILTER_CLASSES } from '#lib/model/filter-class.ts';
import { filterClassSchema } from '#lib/model/filter-class-schema.ts';
import { writeProject } from './write-project.ts';

const projectRoot = path.resolve(import.meta.dirname, '../..');
const USAGE = 'usage: npm run new-filter -- NAME [--class CLASS] [--vendor CODE] [--dir DIR]';
/** Where the user stands: npm itself goes to the root of the project. */
const here = process.env.INIT_CWD ?? process.cwd();

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    class: { type: 'string', default: 'inspection' },
    vendor: { type: 'string', default: 'ACME' },
    dir: { type: 'string' },
  },
});

process.exitCode = await main().catch((thrown: unknown) => {
  if (!(thrown instanceof Fault)) throw thrown;
  process.stderr.write(`${thrown.message}\n`);
  return 2;
});

async function main(): Promise<number> {
  const [name] = positionals;
  if (!name) throw new Fault('InvalidArgument', USAGE);
  const found = filterClassSchema.safeParse(values.class);
  if (!found.success) {
    const known = Object.keys(FILTER_CLASSES).join(', ');
    throw new Fault('InvalidArgument', `There is no class ${values.class}; there are ${known}.`);
  }
  const directory = path.resolve(here, values.dir ?? defaultDirectory(name));
  await writeProject({
    ...{ directory, name, filterClass: found.data, vendor: values.vendor },
    sluiceRoot: projectRoot,
    releaseDate: `${new Date().toISOString().slice(0, 19)}+00:00`,
  });
  const lines = [`Made ${directory}`, '', `  cd ${path.relative(here, directory) || '.'}`];
  lines.push('  npm test         runs the test', '  npm run build    makes dist/*.vib');
  lines.push('  npm run certify  tries it, and signs it when it passes', '');
  if (FILTER_CLASSES[found.data].vendorOnly) {
    const { label } = FILTER_CLASSES[found.data];
    lines.push(
      `The class ${label} is the platform vendor's: hosts refuse it from anyone else.`,
      '',
    );
  }
  process.stdout.write(lines.join('\n'));
  return 0;
}

/** Beside the checkout rather than in it. */
function defaultDirectory(name: string): string {
  return here === projectRoot ? path.join('..', name) : name;
}
