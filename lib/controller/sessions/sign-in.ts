// Signing in: checks name and password, slowly on purpose and in the same time whether the name
// exists or not, and makes a session whose token is told once.
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { Fault } from '../../model/fault.ts';
import type { SessionView } from '../../wire/api/session.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import { viewSession } from './read-session.ts';
import { hashSessionToken, newSessionToken, SESSION_MS } from './session-token.ts';
import type { SignInLimiter } from './sign-in-limiter.ts';

export interface SignInContext {
  db: Database;
  clock: Clock;
  random: Random;
  limiter: SignInLimiter;
}

export interface SignInRequest {
  userName: string;
  password: string;
  /** Where the request came from, for the limit on guessing. */
  address: string;
  userAgent: string;
}

export interface NewSession {
  /** To be kept by the client and nobody else. */
  token: string;
  expiresAt: Date;
  view: SessionView;
}

/** Hash of a password that nobody has, to spend the same time on names that do not exist. */
let decoyHash: Promise<string> | null = null;

/**
 * `InvalidLogin` when name and password do not match, `TooManyRequests` after too many failures.
 */
export async function signIn(context: SignInContext, request: SignInRequest): Promise<NewSession> {
  const { db, clock, random, limiter } = context;
  const attempt = { userName: request.userName, address: request.address };
  limiter.begin(attempt);
  const user = await db.user.findUnique({ where: { name: request.userName } });
  decoyHash ??= hashPassword(newSessionToken(random), random);
  const matches = await verifyPassword(user?.passwordHash ?? (await decoyHash), request.password);
  if (!user || user.disabled || !matches) {
    await postRefusal(db, request);
    throw new Fault('InvalidLogin', 'User name and password do not match.');
  }
  limiter.succeeded(attempt);
  const token = newSessionToken(random);
  const now = new Date(clock.now());
  const expiresAt = new Date(clock.now() + SESSION_MS);
  const tokenHash = hashSessionToken(token) ?? '';
  const userAgent = request.userAgent.slice(0, 200);
  await transact(db, async (tx) => {
    await tx.session.deleteMany({ where: { expiresAt: { lt: now } } });
    await tx.user.update({ where: { id: user.id }, data: { lastSignInAt: now } });
    await tx.session.create({
      data: { tokenHash, userId: user.id, createdAt: now, lastUsedAt: now, expiresAt, userAgent },
    });
    await postEvent(tx, {
      type: 'UserLoginSessionEvent',
      severity: 'info',
      message: `${user.name} signed in from ${request.address}.`,
      objects: [user.id],
      initiator: user.name,
    });
  });
  return { token, expiresAt, view: { ...(await viewSession(db, user, expiresAt)), token } };
}

/**
 * The name stands in the event only when it has the form of one: people type passwords into the
 * wrong field.
 */
async function postRefusal(db: Database, { userName, address }: SignInRequest): Promise<void> {
  const name = /^[a-z][a-z0-9._-]{1,31}$/.test(userName) ? userName : 'an unknown name';
  await transact(db, (tx) =>
    postEvent(tx, {
      type: 'BadUsernameSessionEvent',
      severity: 'warning',
      message: `Sign-in as ${name} from ${address} was refused.`,
      objects: [],
    }),
  );
}
