// Whose request it is: by bearer token or by cookie, and for cookies whether the request came from
// our own pages.
import type { FoundSession } from '../controller/sessions/find-session.ts';
import { findSession } from '../controller/sessions/find-session.ts';
import { Fault } from '../model/fault.ts';
import type { ApiContext } from './api-context.ts';

const SESSION_COOKIE = 'sluice_session';
const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

/** `NotAuthenticated` without a session, `NoPermission` for a cookie on another site's request. */
export async function requireSession(
  request: Request,
  context: Pick<ApiContext, 'db' | 'clock' | 'publicUrl'>,
): Promise<FoundSession> {
  const bearer = readBearer(request);
  const token = bearer ?? readCookie(request, SESSION_COOKIE);
  if (token === null) throw new Fault('NotAuthenticated', 'Sign in first.');
  if (bearer === null) requireOwnOrigin(request, context.publicUrl);
  const session = await findSession(context, token);
  if (!session) throw new Fault('NotAuthenticated', 'The session has ended. Sign in again.');
  return session;
}

/**
 * A browser sends cookies with whatever a page asks for, and says which page that was: it must be
 * ours.
 */
export function requireOwnOrigin(request: Request, publicUrl: string): void {
  if (READING.has(request.method)) return;
  const origin = request.headers.get('origin');
  if (origin === null) {
    if (request.headers.get('sec-fetch-site') === 'same-origin') return;
    throw foreignOrigin('without an origin');
  }
  const own = [request.headers.get('x-forwarded-host'), request.headers.get('host')];
  const host = URL.canParse(origin) ? new URL(origin).host : '';
  if (host !== '' && (own.includes(host) || host === new URL(publicUrl).host)) return;
  throw foreignOrigin(`from ${origin}`);
}

/** Where the request came from. Written by whoever passed it on last: a hint, not a proof. */
export function addressOf(request: Request): string {
  const forwarded = request.headers.get('x-forwarded-for')?.split(',').at(-1)?.trim();
  return forwarded?.slice(0, 64) || 'an unknown address';
}

/** The cookie that carries a session; scripts cannot read it and other sites cannot send it. */
export function sessionCookie(token: string, { publicUrl }: Pick<ApiContext, 'publicUrl'>): string {
  const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
  return `${SESSION_COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict${secure}`;
}

/** The cookie that takes it back. */
export const EXPIRED_COOKIE = `${SESSION_COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`;

function readBearer(request: Request): string | null {
  const match = /^Bearer ([A-Za-z0-9_-]{1,200})$/i.exec(request.headers.get('authorization') ?? '');
  return match?.[1] ?? null;
}

function readCookie(request: Request, name: string): string | null {
  for (const part of (request.headers.get('cookie') ?? '').split(';')) {
    const [key, value] = part.trim().split('=', 2);
    if (key === name && value) return value;
  }
  return null;
}

function foreignOrigin(how: string): Fault {
  return new Fault('NoPermission', `A request ${how} may not use this browser's session.`);
}
