// Whose session a token is. Using a session prolongs it; an expired one, or one of a disabled user,
// is none.
import type { Clock } from '../../base/clock.ts';
import type { Database } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import type { SessionUser } from './read-session.ts';
import { hashSessionToken, SESSION_MS } from './session-token.ts';

/** The expiry is written again when the last writing is older than this, in milliseconds. */
const RENEW_AFTER_MS = 60_000;

export interface FoundSession {
  /** As the request carried it; goes nowhere else. */
  token: string;
  tokenHash: string;
  user: SessionUser;
  caller: Caller;
  expiresAt: Date;
}

/** The session of the token, or null. */
export async function findSession(
  { db, clock }: { db: Database; clock: Clock },
  token: string,
): Promise<FoundSession | null> {
  const tokenHash = hashSessionToken(token);
  if (tokenHash === null) return null;
  const session = await db.session.findUnique({ where: { tokenHash }, include: { user: true } });
  const now = clock.now();
  if (!session || session.user.disabled || session.expiresAt.getTime() <= now) return null;
  const { id, name, fullName } = session.user;
  let expiresAt = session.expiresAt;
  if (now - session.lastUsedAt.getTime() > RENEW_AFTER_MS) {
    expiresAt = new Date(now + SESSION_MS);
    // updateMany: a session that is ended at this moment stays ended.
    await db.session.updateMany({
      where: { tokenHash },
      data: { lastUsedAt: new Date(now), expiresAt },
    });
  }
  return {
    token,
    tokenHash,
    user: { id, name, fullName },
    caller: { userId: id, name },
    expiresAt,
  };
}
