// The texts of a new filter's project that are not code.
import type { ProjectSettings } from './project-settings.ts';

export function packageJson({ name, sluiceRoot }: ProjectSettings): string {
  const sluice = (command: string): string => `npm --prefix '${sluiceRoot}' run -s ${command} --`;
  return json({
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    imports: { '#sdk/*': './sdk/filter-sdk/*' },
    scripts: {
      test: 'node --test',
      build: `${sluice('build:vibs')} "$PWD"`,
      certify: `npm run -s build && ${sluice('certify')} "$PWD"/dist/*_$npm_package_version.vib`,
    },
  });
}

/** For editors: `tsc` is not needed to build. */
export function tsconfigJson(sluiceRoot: string): string {
  return json({
    compilerOptions: {
      ...{ strict: true, noEmit: true, target: 'es2023', module: 'nodenext' },
      ...{ moduleResolution: 'nodenext', erasableSyntaxOnly: true, verbatimModuleSyntax: true },
      ...{ allowImportingTsExtensions: true, types: ['node'] },
      typeRoots: [`${sluiceRoot}/node_modules/@types`],
    },
    include: ['*.ts', 'sdk'],
  });
}

export function vibJson({ name, vendor, releaseDate }: ProjectSettings): string {
  return json({
    version: '0.1.0',
    vendor,
    acceptanceLevel: 'CommunitySupported',
    description: `What ${name} does, in a sentence or two.`,
    releaseDate,
  });
}

export function readme({ name, filterClass, sluiceRoot }: ProjectSettings): string {
  return `# ${name}

An I/O filter of the class ${filterClass} for Sluice.

| command | what it does |
| --- | --- |
| \`npm test\` | runs the tests, in memory and without a disk |
| \`npm run build\` | makes \`dist/…_0.1.0.vib\`, unsigned (CommunitySupported) |
| \`npm run certify\` | builds it, tries it in real processes, and signs it when it passes |

\`index.ts\` is the filter; \`vib.json\` says its version, vendor and level; \`sdk\` is a copy of
the filter SDK. The VIB's version is the one in \`vib.json\`; keep that of \`package.json\` like it.

The guide and the contract: \`${sluiceRoot}/docs/filter-sdk\`.
`;
}

function json(value: Record<string, unknown>): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
