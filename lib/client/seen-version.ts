// From which version of the change log this page must follow: the oldest that an answer carried
// before the stream began, then the newest that the stream brought.

export class SeenVersion {
  #version: bigint | null = null;
  #isFollowing = false;

  /** Takes the version header of an answer. */
  noteAnswer(header: string | null): void {
    if (this.#isFollowing || header === null || !/^\d{1,19}$/.test(header)) return;
    const version = BigInt(header);
    if (this.#version === null || version < this.#version) this.#version = version;
  }

  /** Takes the id of a message of the stream. */
  noteMessage(id: string): void {
    if (!/^\d{1,19}$/.test(id)) return;
    this.#isFollowing = true;
    const version = BigInt(id);
    if (this.#version === null || version > this.#version) this.#version = version;
  }

  /** Null when nothing was seen yet. */
  get version(): string | null {
    return this.#version?.toString() ?? null;
  }
}

/** The page's own. */
export const seenVersion = new SeenVersion();
