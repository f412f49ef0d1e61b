// The payload of one large write while it arrives, in a buffer of its own, so that it is not copied
// again.
import type { NbdRequest } from '#lib/formats/nbd/transmission.ts';
import type { InputBuffer } from './input-buffer.ts';

export class Payload {
  readonly request: NbdRequest;
  readonly buffer: Buffer;
  #filled = 0;

  constructor(request: NbdRequest, buffer: Buffer) {
    this.request = { ...request };
    this.buffer = buffer;
  }

  get complete(): boolean {
    return this.#filled === this.request.length;
  }

  /** What has arrived. */
  get arrived(): Buffer {
    return this.buffer.subarray(0, this.#filled);
  }

  /** Where the socket may put what is missing. */
  room(): Buffer {
    return this.buffer.subarray(this.#filled, this.request.length);
  }

  /** So many bytes were put where `room` said. */
  advance(bytes: number): void {
    this.#filled += bytes;
  }

  /** Takes what the input already has of it. */
  takeFrom(input: InputBuffer): void {
    const bytes = Math.min(input.length, this.request.length - this.#filled);
    if (bytes === 0) return;
    input.slab.buffer.copy(this.buffer, this.#filled, input.at, input.at + bytes);
    input.at += bytes;
    this.#filled += bytes;
  }
}
