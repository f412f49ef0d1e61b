// How far an object has resynchronised, as its host's words on its health say it. Pure.

/** "resyncing 40 %" → 40; null where the words name no share. */
export function resyncPercent(health: string): number | null {
  const text = /(\d+(?:\.\d+)?) ?%/.exec(health)?.[1];
  return text === undefined ? null : Math.min(100, Number(text));
}
