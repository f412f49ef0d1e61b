// A user changes the own password; every other session of the user ends with it.
import type { Random } from '../../base/random.ts';
import { Fault } from '../../model/fault.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import type { FoundSession } from './find-session.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import type { SignInLimiter } from './sign-in-limiter.ts';

export interface ChangePasswordContext {
  db: Database;
  random: Random;
  limiter: SignInLimiter;
  session: FoundSession;
  address: string;
}

/** `InvalidLogin` when the current password is wrong; guesses count as failed sign-ins do. */
export async function changePassword(
  { db, random, limiter, session, address }: ChangePasswordContext,
  input: { currentPassword: string; newPassword: string },
): Promise<void> {
  const { id, name } = session.user;
  const attempt = { userName: name, address };
  limiter.begin(attempt);
  const user = await db.user.findUnique({ where: { id } });
  if (!user || !(await verifyPassword(user.passwordHash, input.currentPassword))) {
    throw new Fault('InvalidLogin', 'The current password is wrong.');
  }
  limiter.succeeded(attempt);
  const passwordHash = await hashPassword(input.newPassword, random);
  await transact(db, async (tx) => {
    await tx.user.update({ where: { id }, data: { passwordHash } });
    await tx.session.deleteMany({
      where: { userId: id, tokenHash: { not: session.tokenHash } },
    });
    await postEvent(tx, {
      type: 'UserPasswordChanged',
      severity: 'info',
      message: `${name} changed the password; all other sessions of ${name} ended.`,
      objects: [id],
      initiator: name,
    });
  });
}
