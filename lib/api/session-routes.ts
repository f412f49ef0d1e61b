// Sessions and users. (Signing in is in app.ts, since it answers with a cookie and needs no
// session.)
import { changePassword } from '../controller/sessions/change-password.ts';
import { createUser } from '../controller/sessions/create-user.ts';
import { deleteUser } from '../controller/sessions/delete-user.ts';
import { viewSession } from '../controller/sessions/read-session.ts';
import { readUsers } from '../controller/sessions/read-users.ts';
import { signOut } from '../controller/sessions/sign-out.ts';
import type { Handlers } from './handlers.ts';

export const sessionRoutes = {
  readSession: ({ context, session }) => viewSession(context.db, session.user, session.expiresAt),
  async signOut({ context, session }) {
    await signOut(context.db, session.tokenHash);
    return {};
  },
  async changePassword({ context: { db, random, limiter }, session, address, body }) {
    await changePassword({ db, random, limiter, session, address }, body);
    return {};
  },
  listUsers: ({ context }) => readUsers(context.db),
  createUser: ({ context: { db, random }, session: { caller }, body }) =>
    createUser({ db, random, caller }, body),
  async deleteUser({ context: { db }, session: { caller }, params }) {
    await deleteUser({ db, caller }, params.id);
    return {};
  },
} satisfies Partial<Handlers<SessionRouteName>>;

type SessionRouteName =
  | 'readSession'
  | 'signOut'
  | 'changePassword'
  | 'listUsers'
  | 'createUser'
  | 'deleteUser';
