// Ends one session: its token is worth nothing from then on.
import type { Database } from '../database/client.ts';

/** Idempotent. */
export async function signOut(db: Database, tokenHash: string): Promise<void> {
  await db.session.deleteMany({ where: { tokenHash } });
}
