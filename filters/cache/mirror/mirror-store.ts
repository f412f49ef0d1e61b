// One mirror on the host that keeps it: a file on its flash that is written as another host's cache
// says. As soon as somebody has taken the file, to open the disk here, nothing more is written or
// promised: the other host has lost the disk.
import type { DaemonConnection } from '#lib/filter-sdk/filter.ts';
import type { FlashFile, HostFlash } from '#lib/filter-sdk/host-flash.ts';
import { PIECE_BYTES } from './log-fetch.ts';
import { decodeMessage, encodeMessage, type MirrorMessage } from './mirror-messages.ts';

export class MirrorStore {
  readonly #connection: DaemonConnection;
  readonly #flash: HostFlash | null;
  #file: FlashFile | null = null;
  #writes = 0;
  #syncing = 0;
  #ended = false;
  /** Made by this connection, and of no use before the first write. */
  #isNew = true;

  constructor(connection: DaemonConnection, flash: HostFlash | null) {
    this.#connection = connection;
    this.#flash = flash;
    connection.onMessage((bytes) => this.#hear(decodeMessage(bytes)));
    connection.onClose(() => this.#end());
  }

  #hear(message: MirrorMessage | null): void {
    if (this.#ended) return;
    try {
      switch (message?.kind) {
        case 'open':
          this.#open(message);
          break;
        case 'write':
          this.#write(message);
          break;
        case 'sync':
          void this.#sync(message.count);
          break;
        case 'remove':
          this.#remove();
          break;
        case 'fetch':
          this.#give(message.logId);
          break;
        case 'read':
          this.#sendPiece(message.position);
          break;
        default:
          throw new Error('what was sent is no message of a mirror');
      }
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #open({ diskId, hostName, sizeBytes, forget }: MirrorMessage & { kind: 'open' }): void {
    const flash = this.#flash;
    if (flash === null || flash.capacityBytes === 0) {
      throw new Error('that host has no virtual flash resource');
    }
    if (this.#file !== null) throw new Error('the mirror is open already');
    if (forget !== '') flash.find(forget)?.remove();
    this.#file = flash.make(`cache:${diskId}`, sizeBytes, { mirrorOf: hostName });
    const { id: hostId, name } = flash.host;
    this.#send({ kind: 'opened', hostId, hostName: name, logId: this.#file.id });
  }

  #write({ position, data }: MirrorMessage & { kind: 'write' }): void {
    const file = this.#requireFile();
    if (!this.#isNew) throw new Error('what was given away is not written');
    file.write(position, data);
    // Taken meanwhile: who has taken it may have read it before this came.
    this.#requireFile();
    this.#writes += 1;
    this.#send({ kind: 'received', count: this.#writes });
  }

  async #sync(count: number): Promise<void> {
    this.#syncing += 1;
    try {
      await this.#requireFile().sync();
      this.#requireFile();
      this.#send({ kind: 'synced', count });
    } catch (thrown) {
      this.#fail(thrown);
    } finally {
      this.#syncing -= 1;
      if (this.#ended) this.#close();
    }
  }

  /** A log of this host, or a mirror that it keeps: the disk is open on the other host now. */
  #give(logId: string): void {
    if (this.#file !== null) throw new Error('the mirror is open already');
    const file = this.#flash?.take?.(logId) ?? null;
    if (file === null) throw new Error('no host that is reached has the data');
    this.#file = file;
    this.#isNew = false;
    this.#send({ kind: 'file', count: file.sizeBytes });
  }

  #sendPiece(position: number): void {
    const file = this.#requireFile();
    const length = Math.min(PIECE_BYTES, file.sizeBytes - position);
    if (length <= 0 || position < 0) throw new Error('there is no such piece of the log');
    const data = new Uint8Array(length);
    file.read(position, data);
    this.#send({ kind: 'write', position, data });
  }

  #remove(): void {
    const file = this.#requireFile();
    this.#file = null;
    this.#ended = true;
    file.remove();
    this.#connection.close();
  }

  #requireFile(): FlashFile {
    const file = this.#file;
    if (file === null) throw new Error('no mirror is open');
    if (file.isThere?.() === false) {
      throw new Error('the disk was opened on the host of the mirror, or its file was removed');
    }
    return file;
  }

  #fail(thrown: unknown): void {
    if (this.#ended) return;
    this.#send({ kind: 'lost', why: thrown instanceof Error ? thrown.message : String(thrown) });
    this.#connection.close();
    this.#end();
  }

  #send(message: MirrorMessage): void {
    // A line that is full belongs to one who does not read: it ends with the connection.
    if (!this.#connection.send(encodeMessage(message))) this.#connection.close();
  }

  #end(): void {
    this.#ended = true;
    this.#close();
  }

  /** The file stays: it may be all that is left of the other host's data. */
  #close(): void {
    if (this.#syncing > 0 || this.#file === null) return;
    if (this.#isNew && this.#writes === 0) this.#file.remove();
    else this.#file.close();
    this.#file = null;
  }
}
