// What is wrong with the name or the directory of a datastore that somebody describes. Pure.

const NAME_MAX = 80;
const PATH_MAX = 1024;

export function nameProblem(name: string, others: readonly { name: string }[]): string | null {
  const text = name.trim();
  if (text === '') return 'Enter a name.';
  if (text.length > NAME_MAX) return `A name has at most ${NAME_MAX} characters.`;
  if (/[/\\%\p{Cc}]/u.test(text)) {
    return 'A name has no slash, backslash, percent sign or control character.';
  }
  return others.some((other) => other.name === text)
    ? `There is a datastore ${text} already.`
    : null;
}

export function pathProblem(path: string): string | null {
  const text = path.trim();
  if (text === '') return 'Enter a directory.';
  if (!text.startsWith('/') || text.length > PATH_MAX) return 'Enter an absolute path.';
  return text.split('/').includes('..') ? 'A path does not go up (..).' : null;
}
