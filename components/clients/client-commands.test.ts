// The copyable commands: none while powered off, quoted where a shell would split them.
import { describe, expect, it } from 'vitest';
import type { DiskView } from '#lib/wire/api/inventory.ts';
import { listClientCommands } from './client-commands.ts';

const disk: DiskView = {
  key: 2000,
  label: 'Hard disk 1',
  unit: 'scsi0:0',
  datastore: { id: 'datastore-1', name: 'vmfs01' },
  path: 'web01/web01.vmdk',
  capacityBytes: 1 << 30,
  usedBytes: null,
  provisioning: 'thin',
  backing: 'flat',
  health: '',
  policy: null,
  compliance: 'notApplicable',
  complianceReason: '',
  filters: [],
  nbdUri: 'nbd://127.0.0.1:10809/scsi0:0',
  nbdUnixUri: 'nbd+unix:///scsi0:0?socket=/run/web01.sock',
  connections: 0,
  actions: {},
};

describe('listClientCommands', () => {
  it('names the export in every command', () => {
    const commands = listClientCommands(disk);
    expect(new Set(commands.map(({ tool }) => tool))).toEqual(
      new Set(['nbdinfo', 'qemu-io', 'fio', 'nbdcopy', 'nbdfuse']),
    );
    for (const { command } of commands) expect(command).toContain('scsi0:0');
  });

  it('quotes an address with a question mark', () => {
    const fio = listClientCommands(disk).find(({ tool }) => tool === 'fio');
    expect(fio?.command).toContain("--uri='nbd+unix:///scsi0:0?socket=/run/web01.sock'");
  });

  it('offers nothing while the disk has no address', () => {
    expect(listClientCommands({ ...disk, nbdUri: null, nbdUnixUri: null })).toEqual([]);
  });

  it('marks what writes', () => {
    const writing = listClientCommands(disk).filter(({ writes }) => writes);
    expect(writing.map(({ command }) => command)).toHaveLength(1);
  });
});
