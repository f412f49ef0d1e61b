// Ids of what has changed since somebody looked: a look that fails does not lose them.
export class ChangedObjects {
  readonly #ids = new Set<string>();

  add(id: string): void {
    this.#ids.add(id);
  }

  clear(): void {
    this.#ids.clear();
  }

  /** Hands all of them to `look` and forgets them; those that it throws for come again. */
  async take<Found>(look: (ids: readonly string[]) => Promise<Found>): Promise<Found> {
    const taken = [...this.#ids];
    // Before the look: what changes during it is for the next one.
    this.#ids.clear();
    try {
      return await look(taken);
    } catch (thrown) {
      for (const id of taken) this.#ids.add(id);
      throw thrown;
    }
  }
}
