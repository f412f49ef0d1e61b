// For tests: the daemons of some hosts and the lines of disks to them, all in memory.
import type { DaemonConnection, DaemonContext } from '#lib/filter-sdk/filter.ts';
import type { FilterHarness } from '#lib/filter-sdk/filter-harness.ts';
import type { HarnessFlash } from '#lib/filter-sdk/harness-flash.ts';
import { MirrorRelay } from './mirror-relay.ts';
import { MirrorStore } from './mirror-store.ts';

/** One end of a connection in memory. */
class End implements DaemonConnection {
  readonly remoteAddress = '';
  other: End | null = null;
  #listener: (message: Uint8Array) => void = () => undefined;
  #onClose: () => void = () => undefined;

  send(message: Uint8Array): boolean {
    const { other } = this;
    const copy = message.slice();
    setImmediate(() => other?.hear(copy));
    return other !== null;
  }

  hear(message: Uint8Array): void {
    this.#listener(message);
  }

  onMessage(listener: (message: Uint8Array) => void): void {
    this.#listener = listener;
  }

  onClose(listener: () => void): void {
    this.#onClose = listener;
  }

  close(): void {
    const { other } = this;
    this.other = null;
    if (other !== null) setImmediate(() => other.end());
  }

  end(): void {
    this.other = null;
    this.#onClose();
  }
}

/** Daemons of hosts with these flashes, as one of another host sees them. */
function networkOf(flashes: readonly HarnessFlash[]): DaemonContext['network'] {
  const nobody = () => Promise.reject(new Error('nobody is there'));
  return {
    listen: nobody,
    connect: nobody,
    listenForPeers: nobody,
    onPeers: () => undefined,
    connectToPeer: async (hostId) => {
      const flash = flashes.find(({ host }) => host.id === hostId);
      if (flash === undefined) throw new Error(`${hostId} is not reached`);
      const [near, far] = [new End(), new End()];
      [near.other, far.other] = [far, near];
      new MirrorStore(far, flash);
      return near;
    },
  };
}

/** A disk's line to the daemon of its host, which time passes by as well. */
export class TestLine {
  readonly #timer: NodeJS.Timeout;
  #onClose: () => void = () => undefined;

  /** `flashes` are those of the other hosts. */
  constructor(harness: FilterHarness, flashes: readonly HarnessFlash[]) {
    const line = harness.daemon;
    let listener: (message: Uint8Array) => void = () => undefined;
    const disk = {
      ...{ diskId: 'disk-1', remoteAddress: '' },
      send: (message: Uint8Array) => {
        line?.deliver(message);
        return true;
      },
      onMessage: (heard: typeof listener) => {
        listener = heard;
      },
      onClose: (closed: () => void) => {
        this.#onClose = closed;
      },
      close: () => undefined,
    };
    const peers = flashes.map(({ host }) => ({ hostId: host.id, address: '127.0.0.1', port: 1 }));
    new MirrorRelay({ disk, network: networkOf(flashes), peers: () => peers });
    this.#timer = setInterval(() => {
      for (const message of line?.sent.splice(0) ?? []) listener(message);
      harness.clock.advance(1);
    }, 1);
  }

  /** The world is gone. */
  close(): void {
    clearInterval(this.#timer);
    this.#onClose();
  }
}
