// The commands with which real NBD clients reach a disk, ready to paste into a shell.
import type { DiskView } from '#lib/wire/api/inventory.ts';

export interface ClientCommand {
  tool: string;
  /** What the command does, and what it changes, in one sentence. */
  purpose: string;
  command: string;
  /** Set for commands that write to the disk. */
  writes: boolean;
}

/** Empty while the VM is powered off: then the disk has no address. */
export function listClientCommands({ nbdUri, nbdUnixUri, label }: DiskView): ClientCommand[] {
  if (!nbdUri) return [];
  const uri = shellQuote(nbdUri);
  const image = `${label.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.raw`;
  return [
    {
      tool: 'nbdinfo',
      purpose: 'Shows size, block sizes and what the export can do.',
      command: `nbdinfo ${uri}`,
      writes: false,
    },
    {
      tool: 'qemu-io',
      purpose: 'Reads the first 64 KiB.',
      command: `qemu-io -f raw -c 'read 0 64k' ${uri}`,
      writes: false,
    },
    {
      tool: 'fio',
      purpose: 'Random reads of 4 KiB at queue depth 16 for 20 seconds.',
      command:
        'fio --name=sluice --ioengine=nbd --rw=randread --bs=4k --iodepth=16 --runtime=20 ' +
        `--time_based --uri=${shellQuote(nbdUnixUri ?? nbdUri)}`,
      writes: false,
    },
    {
      tool: 'nbdcopy',
      purpose: 'Copies the whole disk, as the guest sees it, into a file.',
      command: `nbdcopy ${uri} ${image}`,
      writes: false,
    },
    {
      tool: 'nbdfuse',
      purpose: 'Makes the disk a file, then mounts its file system read-only.',
      command: [
        'mkdir -p disk mnt',
        `nbdfuse disk/nbd ${uri} &`,
        'until [ -e disk/nbd ]; do sleep 0.1; done',
        'sudo mount -o ro,loop disk/nbd mnt',
      ].join('\n'),
      writes: false,
    },
    {
      tool: 'qemu-io',
      purpose: 'Overwrites the first 4 KiB. What stood there is lost.',
      command: `qemu-io -f raw -c 'write -P 0x5a 0 4k' ${uri}`,
      writes: true,
    },
  ];
}

function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
