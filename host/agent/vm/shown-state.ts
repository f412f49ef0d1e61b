// What a host tells of the state of a VM's world: the phase, in words what an administrator should
// know, and what is wrong in a form for programs.
import { isDeepStrictEqual } from 'node:util';
import type { VmTrouble } from '#lib/model/vm-trouble.ts';
import type { WorldReport } from '#lib/wire/agent/host-rpc.ts';
import type { Revision } from '../revision.ts';

type Shown = Pick<WorldReport, 'state' | 'message' | 'trouble'>;

export class ShownState {
  readonly #revision: Revision;
  #value: Shown = { state: 'off', message: '', trouble: null };

  constructor(revision: Revision) {
    this.#revision = revision;
  }

  get value(): Readonly<Shown> {
    return this.#value;
  }

  /** The message is the trouble's unless it is given. */
  show(
    state: Shown['state'],
    trouble: VmTrouble | null = null,
    message = trouble?.message ?? '',
  ): void {
    const value = { state, message, trouble };
    if (isDeepStrictEqual(value, this.#value)) return;
    this.#value = value;
    this.#revision.bump();
  }
}
