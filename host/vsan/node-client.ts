// One node as its callers see it.
import type { z } from 'zod';
import { Fault } from '#lib/model/fault.ts';
import type { Rpc } from '#lib/wire/agent/rpc.ts';
import type { NbdPlace } from '../nbd-client/nbd-address.ts';
import { callPeer } from '../volumes/rpc-client.ts';
import { registeredNodes } from './node-registry.ts';

export class NodeClient {
  readonly nodeId: string;
  readonly #datastorePath: string;

  constructor(datastorePath: string, nodeId: string) {
    this.#datastorePath = datastorePath;
    this.nodeId = nodeId;
  }

  /** Throws `HostNotReachable` when the node does not answer, else what it answered. */
  async call<Input extends z.ZodType, Output extends z.ZodType>(
    rpc: Rpc<Input, Output>,
    input: z.input<Input>,
  ): Promise<z.output<Output>> {
    const { rpc: place, token } = await this.#entry();
    return callPeer({ place, token }, rpc, input);
  }

  async nbdPlace(): Promise<NbdPlace> {
    return (await this.#entry()).nbd;
  }

  /** Read each time, because a node has another token after each start. */
  async #entry() {
    const entries = await registeredNodes(this.#datastorePath);
    const found = entries.find(({ nodeId }) => nodeId === this.nodeId);
    if (found) return found;
    throw new Fault('HostNotReachable', `The vSAN node ${this.nodeId} is not registered.`);
  }
}
