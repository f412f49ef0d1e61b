// Which lab a data folder has: the standard one, or the one that was generated at its first start,
// whose knobs it keeps.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LAB_HOSTS, type LabHost } from '../lab/lab.ts';
import { type LabKnobs, labKnobsSchema } from '../lab/vcsim/knobs.ts';
import { shapeLab } from '../lab/vcsim/shape.ts';
import { replaceFile } from './data-folder.ts';

export interface KeptLab {
  /** Null for the standard lab. */
  knobs: LabKnobs | null;
  hosts: readonly LabHost[];
}

/** Throws an Error when the folder has another lab than the one asked for. */
export function keepLab(dataFolder: string, wanted: LabKnobs | null): KeptLab {
  const file = path.join(dataFolder, 'lab-knobs.json');
  const kept = existsSync(file)
    ? labKnobsSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
    : null;
  if (wanted && JSON.stringify(wanted) !== JSON.stringify(kept ?? wanted)) {
    throw new Error(`${dataFolder} has a lab with other knobs. Choose another with SLUICE_DATA=….`);
  }
  if (wanted && !kept) {
    if (existsSync(path.join(dataFolder, 'lab'))) {
      throw new Error(`${dataFolder} has a lab already. Choose another folder with SLUICE_DATA=….`);
    }
    replaceFile(file, JSON.stringify(wanted));
  }
  const knobs = kept ?? wanted;
  return { knobs, hosts: knobs ? shapeLab(knobs).hosts : LAB_HOSTS };
}
