// A world that comes late: the .vmx names another disk than the one that it was told to open.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { WorldHarness } from './world-harness.ts';

vi.setConfig({ testTimeout: 60_000 });

let harness: WorldHarness;

afterEach(() => harness.dispose());

test.each([
  ['disk0.vmdk', true],
  ['disk0-000001.vmdk', false],
])('with %s in the .vmx the disk is served: %o', async (fileName, serves) => {
  harness = await WorldHarness.create();
  const disk = await harness.makeDisk(0);
  const homePath = join(harness.directory, 'vm.vmx');
  const lines = ['scsi0:0.present = "TRUE"', `scsi0:0.fileName = "${fileName}"`];
  await writeFile(homePath, `${lines.join('\n')}\n`);
  await writeFile(join(harness.directory, 'disk0-000001.vmdk'), '');
  const launch = { ...(await harness.makeLaunch([disk], [])), homePath };
  const started = harness.start(launch);
  if (serves) expect((await started).status).toMatchObject({ state: 'running' });
  else await expect(started).rejects.toMatchObject({ fault: 'InvalidState' });
});
