// One component of an object as its owner has it: the way to its node, and the data connection
// while there is one. A connection that breaks is not mended here; the owner decides what that
// means first.
import type { Clock } from '#lib/base/clock.ts';
import { Fault } from '#lib/model/fault.ts';
import { NbdBacking } from '../nbd-client/nbd-backing.ts';
import { NodeClient } from './node-client.ts';
import * as calls from './node-rpc.ts';
import type { Component, ObjectConfig } from './object-config.ts';

export interface OwnerIdentity extends calls.Promised {
  objectUuid: string;
}

export interface ReplicaParts {
  component: Component;
  datastorePath: string;
  /** Of the object; a component that is shorter is made longer first. */
  sizeBytes: number;
  clock: Clock;
  answerMs: number;
  onLost(replica: Replica, reason: string): void;
}

export class Replica {
  readonly id: string;
  readonly role: Component['role'];
  readonly nodeId: string;
  readonly #parts: ReplicaParts;
  readonly #node: NodeClient;
  /** The data; null while the node is away, and of a witness. */
  disk: NbdBacking | null = null;
  /** Whether the node has promised itself to this owner and answered when asked last. */
  reachable = false;
  /** Monotonic time since when it is not; 0 while it is. */
  awaySince = 0;

  constructor(parts: ReplicaParts) {
    this.#parts = parts;
    this.id = parts.component.id;
    this.role = parts.component.role;
    this.nodeId = parts.component.nodeId;
    this.#node = new NodeClient(parts.datastorePath, this.nodeId);
    this.awaySince = parts.clock.monotonic();
  }

  /**
   * Takes the component for the owner and opens its data. Null when a later owner has it; throws
   * when the node does not answer or has lost the component.
   */
  async claim(owner: OwnerIdentity): Promise<calls.ComponentReport | null> {
    const { granted, component, exportName } = await this.#node.call(calls.claim, owner);
    if (!granted) return null;
    if (component.componentId !== this.id) {
      throw new Fault('NotFound', `The node ${this.nodeId} has another component of the object.`);
    }
    if (exportName !== null && this.disk === null) {
      const { sizeBytes } = this.#parts;
      await this.#node.call(calls.growComponent, { ...owner, sizeBytes });
      this.disk = await this.#connect(exportName);
    }
    this.reachable = true;
    this.awaySince = 0;
    return component;
  }

  /** Whether the node wrote the configuration down. */
  async propose(owner: OwnerIdentity, config: ObjectConfig): Promise<boolean> {
    try {
      return (await this.#node.call(calls.propose, { ...owner, config })).accepted;
    } catch {
      // No answer is no vote, whatever the reason.
      return false;
    }
  }

  dirtyRegions(owner: OwnerIdentity): Promise<{ bits: string; fresh: boolean }> {
    return this.#node.call(calls.dirtyRegions, owner);
  }

  async clean(owner: OwnerIdentity, regions: readonly number[] | null): Promise<void> {
    const some = regions === null ? null : [...regions];
    await this.#node.call(calls.cleanRegions, { ...owner, regions: some });
  }

  /** Tells the node how far it is, for whoever asks it; a node that does not hear it shows less. */
  noteResync(owner: OwnerIdentity, bytesLeft: number): void {
    this.#node.call(calls.noteResync, { ...owner, bytesLeft }).catch(() => undefined);
  }

  /** Ends the data connection; its I/O fails. */
  lose(reason: string): void {
    const { disk } = this;
    const was = this.reachable;
    this.disk = null;
    this.reachable = false;
    if (was) this.awaySince = this.#parts.clock.monotonic();
    disk?.close();
    if (was) this.#parts.onLost(this, reason);
  }

  close(): void {
    this.reachable = false;
    this.disk?.close();
    this.disk = null;
  }

  async #connect(exportName: string): Promise<NbdBacking> {
    const { clock, answerMs } = this.#parts;
    const place = await this.#node.nbdPlace();
    const disk = await NbdBacking.open({
      locate: async () => ({ place, exportName }),
      clock,
      waitMs: 0,
      answerMs,
      onState: (_, message) => {
        if (this.disk === disk) this.lose(message);
      },
    });
    return disk;
  }
}
