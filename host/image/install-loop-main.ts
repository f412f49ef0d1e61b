// A process for the crash test of the image: installs and removes one VIB for ever, until it is
// killed.
//   node install-loop-main.ts <image directory> <vib file> <roots.json>
import { readFileSync } from 'node:fs';
import { systemClock } from '#lib/base/system-clock.ts';
import { trustedRootsSchema } from '#lib/formats/vib/trusted-roots.ts';
import { openImage } from './host-image.ts';

const [directory = '', vibFile = '', rootsFile = ''] = process.argv.slice(2);
const trustedRoots = trustedRootsSchema.parse(JSON.parse(readFileSync(rootsFile, 'utf8')));
const image = await openImage({ directory, trustedRoots, clock: systemClock });
process.stdout.write('ready\n');
for (;;) {
  const { vib } = await image.installVib({ source: vibFile, product: { version: '8.0.0' } });
  await image.removeVib(vib.id);
}
