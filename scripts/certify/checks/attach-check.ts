// The filter comes onto a running disk, is given other properties, and goes again. What the guest
// wrote stays, except that an encryption has to keep its disks.
import type { FilterProperty } from '#lib/model/filter.ts';
import type { Check, CheckContext, Outcome } from '../check.ts';
import { chainWith, startTrial } from '../check.ts';
import { DiskLoad } from '../lab/disk-load.ts';
import type { Trial } from '../lab/trial.ts';

const DEPTH = 8;

export const attachCheck: Check = {
  id: 'attach',
  title: 'Attaching, changing and detaching on a running disk',
  async run(context: CheckContext): Promise<Outcome> {
    const { candidate, random, effort } = context;
    const keepsLayout = candidate.manifest.class !== 'encryption';
    const trial = await startTrial(context);
    const load = new DiskLoad(trial, random);
    const operations = Math.ceil(effort.operations / 20);
    const work = () => load.run({ operations, depth: DEPTH });
    if (keepsLayout) await trial.setFilters(chainWith(context, null));
    await work();
    if (keepsLayout) await trial.setFilters(chainWith(context, candidate.launch));
    await work();
    await load.verify('After attaching, a read');
    const changes = await changeProperties(trial, candidate.manifest.properties);
    await work();
    await load.verify('After changed properties, a read');
    await trial.requireNoFaults();
    if (!keepsLayout) {
      await trial.stop();
      return { numbers: { changes }, notes: ['Not detached: encrypted disks stay encrypted.'] };
    }
    await trial.setFilters(chainWith(context, null));
    await load.verify('After detaching, a read');
    await work();
    await trial.setFilters(chainWith(context, candidate.launch));
    await load.verify('After attaching again, a read');
    await trial.requireNoFaults();
    await trial.stop();
    return { numbers: { changes, operations: load.answered } };
  },
};

/** Each property to its ends and back; the filter must take every value that it declares. */
async function changeProperties(
  trial: Trial,
  properties: readonly FilterProperty[],
): Promise<number> {
  let changes = 0;
  for (const property of properties) {
    for (const value of valuesOf(property)) {
      await trial.setCandidate({ [property.name]: value });
      changes += 1;
    }
  }
  await trial.setCandidate({});
  return changes;
}

function valuesOf(property: FilterProperty): (string | number | boolean)[] {
  const { type, minimum, maximum, choices = [] } = property;
  if (type === 'choice') return choices.map(({ value }) => value);
  if (type === 'boolean') return [true, false];
  return [minimum, maximum].filter((value) => value !== undefined);
}
