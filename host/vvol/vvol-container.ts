// A vVol datastore as a host uses it: the calls to its storage provider, and volumes bound as
// virtual disks.
import { z } from 'zod';
import type { Clock } from '#lib/base/clock.ts';
import { Fault } from '#lib/model/fault.ts';
import type { Backing } from '../disk/backing.ts';
import { NbdBacking, type NbdState } from '../nbd-client/nbd-backing.ts';
import { callPeer, type RpcPeer } from '../volumes/rpc-client.ts';
import * as calls from './provider-rpc.ts';

/** A lost provider's I/O waits so long before it fails, in milliseconds. */
const WAIT_MS = 60_000;
const ANSWER_MS = 30_000;

/** How the options of a vVol datastore name its provider. */
const providerOptionsSchema = z.object({
  /** `http://127.0.0.1:8093`. */
  provider: z.url({ protocol: /^http$/ }),
  token: z.string().min(16).max(200),
});

/** Throws `InvalidDatastore` for options that name no provider. */
export function providerOf(options: Readonly<Record<string, string>>): RpcPeer {
  const parsed = providerOptionsSchema.safeParse(options);
  if (!parsed.success) {
    const message = `needs the options provider and token: ${z.prettifyError(parsed.error)}`;
    throw new Fault('InvalidDatastore', `A vVol datastore ${message}`);
  }
  const { hostname, port } = new URL(parsed.data.provider);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { place: { host, port: Number(port || 80) }, token: parsed.data.token };
}

export interface BindParts {
  /** The host, for messages. */
  holder: string;
  clock: Clock;
  /** Lower than usual in tests. */
  waitMs?: number;
  onState(state: NbdState, message: string): void;
}

/**
 * Binds a volume and opens it; `close` unbinds it. Throws `NotFound`, `HostNotReachable` or
 * `CannotOpenDisk`.
 */
export async function openVolume(
  provider: RpcPeer,
  id: string,
  { holder, clock, waitMs = WAIT_MS, onState }: BindParts,
): Promise<Backing> {
  const { bindingId } = await callPeer(provider, calls.bindVolume, { id, holder });
  const unbind = (): Promise<unknown> =>
    // The next holder's binding ends this one in any case.
    callPeer(provider, calls.unbindVolume, { id, bindingId }).catch(() => undefined);
  const disk = await NbdBacking.open({
    // The provider may have come back on another port; a binding that is over finds nothing.
    async locate() {
      const { target } = await callPeer(provider, calls.findBinding, { id, bindingId });
      const { host, port, exportName } = target;
      return { place: { host, port }, exportName };
    },
    ...{ clock, waitMs, answerMs: ANSWER_MS, onState },
  }).catch(async (thrown: unknown) => {
    await unbind();
    throw thrown;
  });
  return {
    sizeBytes: disk.sizeBytes,
    submit: (io) => disk.submit(io),
    blockStatus: (offset, length) => disk.blockStatus(offset, length),
    flush: () => disk.flush(),
    async close() {
      disk.close();
      await unbind();
    },
  };
}
