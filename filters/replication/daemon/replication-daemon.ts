// Brings the disks of a host and the targets together: a channel for each disk that asks for one,
// on the connection of its target, which lasts as long as a disk needs it.
import type { DaemonContext, DaemonDisk } from '#lib/filter-sdk/filter.ts';
import { decodeFromDisk, type OpenMessage } from '../messages.ts';
import { DiskChannel } from './disk-channel.ts';
import { TargetConnection } from './target-connection.ts';

export class ReplicationDaemon {
  readonly #context: DaemonContext;
  readonly #targets = new Map<string, TargetConnection>();

  constructor(context: DaemonContext) {
    this.#context = context;
    context.onDisk((disk) => this.#add(disk));
  }

  stop(): void {
    for (const target of this.#targets.values()) target.close();
    this.#targets.clear();
  }

  #add(disk: DaemonDisk): void {
    let channel: DiskChannel | null = null;
    const end = (): void => {
      channel?.close();
      channel = null;
    };
    disk.onMessage((bytes) => {
      const message = decodeFromDisk(bytes);
      if (message?.type === 'records') channel?.add(message.records);
      if (message?.type === 'change') channel?.change(message.change);
      if (message?.type === 'open' || message?.type === 'close') end();
      if (message?.type !== 'open') return;
      channel = this.#open(disk, message.open);
    });
    disk.onClose(end);
  }

  #open(disk: DaemonDisk, open: OpenMessage): DiskChannel {
    const target = this.#targetOf(open);
    const { clock, compress } = this.#context;
    return new DiskChannel({ disk, open, target, clock, ...(compress && { compress }) });
  }

  #targetOf({ address, port, pairing, key }: OpenMessage): TargetConnection {
    const name = JSON.stringify([address, port, pairing, key]);
    const found = this.#targets.get(name);
    if (found !== undefined) return found;
    const target = new TargetConnection({
      context: this.#context,
      place: { address, port },
      psk: { identity: pairing, key: bytesOf(key) },
      onUnused: () => {
        this.#targets.delete(name);
        target.close();
      },
    });
    this.#targets.set(name, target);
    return target;
  }
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
