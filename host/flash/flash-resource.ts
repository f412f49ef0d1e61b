// The virtual flash resource of a host as its agent manages it: how large it may be, what lies on
// it, and whether it works.
import { accessSync, constants } from 'node:fs';
import { mkdir, statfs } from 'node:fs/promises';
import { Mutex } from '#lib/base/mutex.ts';
import { Fault } from '#lib/model/fault.ts';
import { requireAllowed } from '#lib/model/verdict.ts';
import { judgeFlashCapacity } from '#lib/rules/storage/flash-resource.ts';
import type { FlashResource as View } from '#lib/wire/agent/flash-rpc.ts';
import { writeFileDurably } from '../datastore/write-file.ts';
import { capacityOf, capacityPathOf } from './flash-capacity.ts';
import {
  type FlashContent,
  readFlashFolder,
  removeFlashFile,
  usedFlashBytes,
} from './flash-folder.ts';

export class FlashResource {
  readonly #directory: string;
  readonly #jobs = new Mutex();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** With that size, unless it was given one before. */
  static async open(directory: string, initialBytes: number): Promise<FlashResource> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const resource = new FlashResource(directory);
    if (capacityOf(directory) === null) await resource.#write(initialBytes);
    return resource;
  }

  async read(): Promise<View> {
    const nothing = { usedBytes: 0, storeFreeBytes: 0, contents: [] };
    try {
      const capacityBytes = capacityOf(this.#directory) ?? 0;
      accessSync(this.#directory, constants.R_OK | constants.W_OK);
      const contents = readFlashFolder(this.#directory);
      const usedBytes = contents.reduce((sum, { bytes }) => sum + bytes, 0);
      const storeFreeBytes = await this.#storeFreeBytes();
      const state = capacityBytes === 0 ? ('none' as const) : ('ok' as const);
      const shown = contents.map(shownContent);
      return { capacityBytes, usedBytes, storeFreeBytes, state, message: '', contents: shown };
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      return { capacityBytes: 0, ...nothing, state: 'failed', message };
    }
  }

  /** 0 removes it. Throws `ResourceInUse` or `NoDiskSpace`. */
  configure(host: { id: string; name: string }, wantedBytes: number): Promise<void> {
    return this.#jobs.run(async () => {
      const capacityBytes = capacityOf(this.#directory) ?? 0;
      const storeFreeBytes = await this.#storeFreeBytes();
      const judge = (): void => {
        const usedBytes = usedFlashBytes(this.#directory);
        const facts = { host, capacityBytes, wantedBytes, usedBytes, storeFreeBytes };
        requireAllowed(judgeFlashCapacity(facts));
      };
      judge();
      await this.#write(wantedBytes);
      try {
        // A world may have taken room before it could see the new size.
        judge();
      } catch (thrown) {
        await this.#write(capacityBytes);
        throw thrown;
      }
    });
  }

  /** Throws `NotFound`. A filter that has it open goes on as when its flash is lost. */
  remove(hostName: string, contentId: string): Promise<void> {
    return this.#jobs.run(async () => {
      if (removeFlashFile(this.#directory, contentId)) return;
      const message = `The virtual flash resource of ${hostName} does not have ${contentId}.`;
      throw new Fault('NotFound', message);
    });
  }

  async #storeFreeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#directory);
    return bavail * bsize;
  }

  #write(capacityBytes: number): Promise<void> {
    const text = `${JSON.stringify({ capacityBytes })}\n`;
    return writeFileDurably(capacityPathOf(this.#directory), text);
  }
}

function shownContent({ id, bytes, writtenAt, owner }: FlashContent): View['contents'][number] {
  const [filter = '', ...disk] = (owner?.label ?? '').split(':');
  return {
    ...{ id, bytes, writtenAt: Math.round(writtenAt), filter, disk: disk.join(':') },
    vmId: owner?.vmId || null,
    diskKey: owner?.diskKey ?? null,
    mirrorOf: owner?.mirrorOf || null,
  };
}
