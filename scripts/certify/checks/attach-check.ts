// The filter comes onto a running disk, is given other properties, and goes again. What the guest
// wrote stays. An encryption may ask to be told to decrypt before it goes.
import type { FilterManifest, FilterProperty } from '#lib/model/filter.ts';
import type { Check, CheckContext, Outcome } from '../check.ts';
import { chainWith, startTrial } from '../check.ts';
import { DiskLoad } from '../lab/disk-load.ts';
import { Failure, type Trial } from '../lab/trial.ts';
import { TRIAL_KEY_IDS } from '../lab/trial-hosts.ts';

const DEPTH = 8;
/** What a controller sets for a disk that an encryption is to leave. */
const DECRYPT = 'decrypt';
const DECRYPTED_MS = 120_000;
const POLL_MS = 100;

export const attachCheck: Check = {
  id: 'attach',
  title: 'Attaching, changing and detaching on a running disk',
  async run(context: CheckContext): Promise<Outcome> {
    const { candidate, random, effort } = context;
    // A filter works without flash too; with flash, other checks attach and detach it.
    const trial = await startTrial(context, { flash: false, attached: false });
    const load = new DiskLoad(trial, random);
    const operations = Math.ceil(effort.operations / 20);
    const work = () => load.run({ operations, depth: DEPTH });
    await work();
    await trial.setFilters(chainWith(context, candidate.launch));
    await work();
    await load.verify('After attaching, a read');
    const changes = await changeProperties(trial, candidate.manifest);
    await work();
    await load.verify('After changed properties, a read');
    await trial.requireNoFaults();
    await detach(trial, context);
    await load.verify('After detaching, a read');
    await work();
    await trial.setFilters(chainWith(context, candidate.launch));
    await load.verify('After attaching again, a read');
    await trial.requireNoFaults();
    await trial.stop();
    return { numbers: { changes, operations: load.answered } };
  },
};

/** An encryption goes when it is told to decrypt, and says that it has. */
async function detach(trial: Trial, context: CheckContext): Promise<void> {
  const { class: filterClass, properties } = context.candidate.manifest;
  if (filterClass === 'encryption' && properties.some(({ name }) => name === DECRYPT)) {
    await trial.setCandidate({ [DECRYPT]: true });
    await decrypted(trial);
  }
  await trial.setFilters(chainWith(context, null));
}

async function decrypted(trial: Trial): Promise<void> {
  for (let waitedMs = 0; waitedMs < DECRYPTED_MS; waitedMs += POLL_MS) {
    const { disks } = await trial.world.client.status();
    const progress = disks.flatMap((disk) => disk.progress ?? []);
    if (progress.every(({ done }) => done)) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Failure(`The disk is not decrypted within ${DECRYPTED_MS / 1000} s.`);
}

/** Each property to its ends and back; the filter must take every value that it declares. */
async function changeProperties(
  trial: Trial,
  { class: filterClass, properties }: FilterManifest,
): Promise<number> {
  let changes = 0;
  // Where a copy is and whose is not a policy's to say, and stays as it is.
  const set = properties.filter(({ managed }) => !managed || filterClass === 'encryption');
  for (const property of set) {
    for (const value of valuesOf(property)) {
      await trial.setCandidate({ [property.name]: value });
      changes += 1;
    }
  }
  await trial.setCandidate({});
  return changes;
}

function valuesOf(property: FilterProperty): (string | number | boolean)[] {
  const { name, type, minimum, maximum, choices = [] } = property;
  if (name === 'keyId') return [...TRIAL_KEY_IDS].reverse();
  if (type === 'choice') return choices.map(({ value }) => value);
  if (type === 'boolean') return [true, false];
  return [minimum, maximum].filter((value) => value !== undefined);
}
