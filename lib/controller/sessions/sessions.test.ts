// Signing in against a real database: what a session needs, how it ends, and how guessing is slowed
// down.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../base/clock.ts';
import { systemRandom } from '../../base/system-random.ts';
import type { FaultName } from '../../model/fault.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { ROLES } from '../../model/role.ts';
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts';
import { changePassword } from './change-password.ts';
import { createUser } from './create-user.ts';
import { deleteUser } from './delete-user.ts';
import { findSession } from './find-session.ts';
import { hashPassword } from './passwords.ts';
import { readUsers } from './read-users.ts';
import { hashSessionToken, SESSION_MS } from './session-token.ts';
import { signIn } from './sign-in.ts';
import { FAILURE_WINDOW_MS, FAILURES_MAX, SignInLimiter } from './sign-in-limiter.ts';
import { signOut } from './sign-out.ts';

let test: TestDatabase;
let now = 1_700_000_000_000;
const clock: Clock = {
  now: () => now,
  monotonic: () => now,
  after: () => ({ cancel: () => undefined }),
};
let limiter = new SignInLimiter(clock);
const PASSWORD = 'correct horse battery';
const admin = { userId: 'user-1', name: 'admin' };

beforeAll(async () => {
  test = await openTestDatabase();
  const { database } = test;
  for (const { id, name, label, system, privileges } of ROLES) {
    await database.role.create({ data: { id, name, label, system, privileges: [...privileges] } });
  }
  await database.idCounter.create({ data: { kind: 'user', next: 2 } });
  const permission = { objectId: ROOT_FOLDER_ID, roleId: -1, propagate: true };
  await database.user.create({
    data: {
      id: 'user-1',
      name: 'admin',
      passwordHash: await hashPassword(PASSWORD, systemRandom),
      permissions: { create: permission },
    },
  });
});
afterAll(() => test.close());
beforeEach(() => {
  limiter = new SignInLimiter(clock);
});

function enter(password: string, more: { userName?: string; address?: string } = {}) {
  const context = { db: test.database, clock, random: systemRandom, limiter };
  return signIn(context, {
    ...{ userName: 'admin', address: '127.0.0.1', userAgent: 'test' },
    ...more,
    password,
  });
}

function find(token: string) {
  return findSession({ db: test.database, clock }, token);
}

function faultNamed(fault: FaultName) {
  return expect.objectContaining({ fault });
}

describe('signing in', () => {
  it('gives a token that finds the session, and keeps only its hash', async () => {
    const { token, view } = await enter(PASSWORD);
    expect(view.user.name).toBe('admin');
    expect(view.roles).toEqual(['Administrator']);
    expect(view.privileges).toContain('Host.Config.Patch');
    expect((await find(token))?.caller).toEqual(admin);
    const rows = await test.database.session.findMany();
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(rows.map((row) => row.tokenHash)).toContain(hashSessionToken(token));
  });

  it('refuses a wrong password and an unknown name with the same words', async () => {
    const wrong = await enter('wrong password').catch((error: unknown) => error);
    const unknown = await enter(PASSWORD, { userName: 'nobody' }).catch((error: unknown) => error);
    expect(wrong).toMatchObject({ fault: 'InvalidLogin' });
    expect(unknown).toMatchObject({ fault: 'InvalidLogin', message: String(wrongMessage(wrong)) });
  });

  it('refuses a disabled user, and ends the sessions that the user has', async () => {
    const { token } = await enter(PASSWORD);
    await test.database.user.update({ where: { id: 'user-1' }, data: { disabled: true } });
    await expect(enter(PASSWORD)).rejects.toEqual(faultNamed('InvalidLogin'));
    expect(await find(token)).toBeNull();
    await test.database.user.update({ where: { id: 'user-1' }, data: { disabled: false } });
  });

  it('refuses more attempts after many failures, right ones too, until time passes', async () => {
    for (let count = 0; count < FAILURES_MAX.pair; count++) {
      await expect(enter('wrong')).rejects.toEqual(faultNamed('InvalidLogin'));
    }
    await expect(enter(PASSWORD)).rejects.toEqual(faultNamed('TooManyRequests'));
    await enter(PASSWORD, { address: '192.0.2.7' });
    now += FAILURE_WINDOW_MS + 1;
    await enter(PASSWORD);
  });

  it('counts attempts that run at the same time', async () => {
    const attempts = Array.from({ length: FAILURES_MAX.pair + 3 }, () => enter('wrong'));
    const results = await Promise.allSettled(attempts);
    const refused = results.filter(
      (result) => result.status === 'rejected' && result.reason.fault === 'TooManyRequests',
    );
    expect(refused).toHaveLength(3);
  });
});

describe('a session', () => {
  it('lives on while it is used and ends when it was not used for its time', async () => {
    const { token } = await enter(PASSWORD);
    now += SESSION_MS - 1000;
    expect(await find(token)).not.toBeNull();
    now += SESSION_MS - 1000;
    expect(await find(token)).not.toBeNull();
    now += SESSION_MS + 1;
    expect(await find(token)).toBeNull();
  });

  it('ends by signing out, and texts that are no tokens find nothing', async () => {
    const { token } = await enter(PASSWORD);
    await signOut(test.database, hashSessionToken(token) ?? '');
    expect(await find(token)).toBeNull();
    for (const text of ['', 'x', `${token}a`, `${token.slice(1)}`, "' OR 1=1"]) {
      expect(await find(text)).toBeNull();
    }
  });

  it('of another browser ends when the password changes, this one stays', async () => {
    const [here, there] = [await enter(PASSWORD), await enter(PASSWORD)];
    const session = await find(here.token);
    if (!session) throw new Error('the session was just made');
    const context = { db: test.database, random: systemRandom, limiter, session, address: 'here' };
    const newPassword = 'another long password';
    const refused = changePassword(context, { currentPassword: 'wrong', newPassword });
    await expect(refused).rejects.toEqual(faultNamed('InvalidLogin'));
    await changePassword(context, { currentPassword: PASSWORD, newPassword });
    expect(await find(here.token)).not.toBeNull();
    expect(await find(there.token)).toBeNull();
    await enter(newPassword);
    await expect(enter(PASSWORD)).rejects.toEqual(faultNamed('InvalidLogin'));
    await changePassword(context, { currentPassword: newPassword, newPassword: PASSWORD });
  });
});

describe('users', () => {
  const input = { name: 'reader', fullName: 'Rita Reader', password: PASSWORD, roleId: -2 };

  it('are made with a role, once for each name, by who may', async () => {
    const context = { db: test.database, random: systemRandom, caller: admin };
    const made = await createUser(context, input);
    expect(made).toMatchObject({ name: 'reader', role: 'Read-only', disabled: false });
    await expect(createUser(context, input)).rejects.toEqual(faultNamed('AlreadyExists'));
    const unknownRole = createUser(context, { ...input, name: 'other', roleId: 99 });
    await expect(unknownRole).rejects.toEqual(faultNamed('InvalidArgument'));
    const reader = { userId: made.id, name: 'reader' };
    const refused = createUser({ ...context, caller: reader }, { ...input, name: 'friend' });
    await expect(refused).rejects.toThrow(
      'reader lacks the privilege Authorization.ModifyPermissions on the root folder.',
    );
    expect((await readUsers(test.database)).map(({ name }) => name)).toEqual(['admin', 'reader']);
  });

  it('go with their sessions, but for oneself and the last administrator', async () => {
    const { token } = await enter(PASSWORD, { userName: 'reader' });
    const reader = (await readUsers(test.database)).find(({ name }) => name === 'reader');
    const context = { db: test.database, caller: admin };
    await expect(deleteUser(context, 'user-1')).rejects.toEqual(faultNamed('InvalidState'));
    const system = { db: test.database, caller: { userId: null, name: 'system' } };
    await expect(deleteUser(system, 'user-1')).rejects.toThrow('last administrator');
    await deleteUser(context, reader?.id ?? '');
    expect(await find(token)).toBeNull();
    await expect(deleteUser(context, 'user-999')).rejects.toEqual(faultNamed('NotFound'));
  });
});

function wrongMessage(error: unknown): unknown {
  return error instanceof Error ? error.message : error;
}
