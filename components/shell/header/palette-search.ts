// Ranks what the search finds: an exact name, then names that begin with the words, then words
// inside, then letters in order. Pure.

export interface PaletteItem {
  id: string;
  label: string;
  /** "Virtual machine", "Page", "Action": shown at the right, and searched. */
  kind: string;
  /** More words that find it. */
  words?: string;
}

/** Every word of the query must be found; the best first, at most `limit`. */
export function searchItems<Item extends PaletteItem>(
  items: readonly Item[],
  query: string,
  limit: number,
): Item[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return items.slice(0, limit);
  const found: { item: Item; score: number; at: number }[] = [];
  items.forEach((item, at) => {
    const score = scoreOf(item, words);
    if (score > 0) found.push({ item, score, at });
  });
  found.sort(
    (a, b) => b.score - a.score || a.item.label.length - b.item.label.length || a.at - b.at,
  );
  return found.slice(0, limit).map(({ item }) => item);
}

function scoreOf({ label, kind, words = '' }: PaletteItem, wanted: readonly string[]): number {
  const name = label.toLowerCase();
  const others = `${kind} ${words}`.toLowerCase();
  let total = 0;
  for (const word of wanted) {
    const score = Math.max(scoreName(name, word), others.includes(word) ? 1 : 0);
    if (score === 0) return 0;
    total += score;
  }
  return total / wanted.length;
}

function scoreName(name: string, word: string): number {
  if (name === word) return 10;
  if (name.startsWith(word)) return 8;
  const at = name.indexOf(word);
  if (at > 0) return /[\s._-]/.test(name[at - 1] ?? '') ? 6 : 4;
  return word.length > 2 && isSubsequence(word, name) ? 2 : 0;
}

function isSubsequence(word: string, name: string): boolean {
  let at = 0;
  for (const letter of word) {
    at = name.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}
