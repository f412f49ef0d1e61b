// Where to go after signing in: a path of this console and nothing else, so that a link cannot
// lead elsewhere.

export function nextPath(wanted: string | null): string {
  if (!wanted?.startsWith('/') || wanted.startsWith('//') || wanted.includes('\\')) return '/';
  return wanted.startsWith('/sign-in') ? '/' : wanted;
}
