// node scripts/encryption/kills-main.ts [kills] [seed]: kills worlds while their disk is encrypted,
// decrypted and given new keys, and says what it saw. Ends with 1 when something was lost.
import { encryptionKills } from './kill-loop.ts';

const [kills = '100', seed = '1'] = process.argv.slice(2);
const seen = await encryptionKills({
  ...{ kills: Number(kills), seed: Number(seed) },
  onKill: (done) => done % 10 === 0 && process.stdout.write(`${done} kills, nothing lost\n`),
});
process.stdout.write(`${JSON.stringify(seen)}\n`);
