// The token that a host's agent knows its controller by, as tasks and the database have it: sealed,
// so that a copy of the database cannot give orders to hosts.
import { isSealed, type Sealer } from '../secrets/sealer.ts';

const PURPOSE = 'agent token';
/** A sealed token of the greatest length that there may be (wire/api/operations.ts) is shorter. */
export const SEALED_TOKEN_CHARACTERS_MAX = 1_000;

export function sealAgentToken(sealer: Sealer, token: string): string {
  return sealer.seal(token, PURPOSE);
}

/**
 * As the agent knows it; a token that an older version wrote down is not sealed. Throws
 * `InvalidState` for what was sealed under another secret.
 */
export function openAgentToken(sealer: Sealer, token: string): string {
  return isSealed(token) ? sealer.open(token, PURPOSE) : token;
}
