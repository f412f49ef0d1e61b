// Tests of what the versions of hosts mean for I/O filters, by table.
import { describe, expect, test } from 'vitest';
import { hostVersionSchema } from '../../model/inventory.ts';
import { hostFacts, vmFacts } from '../facts.fixture.ts';
import { judgePlacement } from '../placement.ts';
import { fitsPlatform, platformReasons, traitsOf, versionReasons } from './host-version.ts';

const hostOf = (version: string | null, index = 1) => ({
  ...{ id: `host-${index}`, name: `esx0${index}`, version },
});

function faults(versions: (string | null)[], drsEnabled = true, ofPartner = true) {
  const hosts = versions.map((version, index) => hostOf(version, index + 1));
  const reasons = versionReasons({ clusterName: 'Prod', drsEnabled, hosts, ofPartner });
  return reasons.map(({ fault }) => fault);
}

describe('a cluster', () => {
  test.each([
    ['6.0', ['6.0.0'], true, true, ['PlatformConfigFault']],
    ['6.0 Update 1 with DRS', ['6.0.1'], true, true, []],
    ['6.0 Update 1 without DRS', ['6.0.1'], false, true, ['InvalidState']],
    ['6.0 Update 2 without DRS', ['6.0.2'], false, true, []],
    ['6.0 Update 1 among others without DRS', ['6.5.0', '6.0.1'], false, true, ['InvalidState']],
    ['all of 6.x', ['6.0.1', '6.0.2', '6.5.0', '6.7.0'], true, true, []],
    ['7.0 and 8.0', ['7.0.0', '8.0.0'], false, true, []],
    ['6.7 and 7.0', ['6.7.0', '7.0.0'], true, true, ['PlatformConfigFault']],
    ['6.7 and 7.0 for a filter of the platform', ['6.7.0', '7.0.0'], true, false, []],
    ['6.0 and 8.0', ['6.0.0', '8.0.0'], true, true, ['PlatformConfigFault', 'PlatformConfigFault']],
    ['hosts that have not reported', [null, '8.0.0'], true, true, []],
  ])('of %s', (_name, versions, drs, partner, expected) => {
    expect(faults(versions, drs, partner)).toEqual(expected);
  });

  test('is told which hosts do not go together', () => {
    const hosts = [hostOf('6.7.0', 1), hostOf('8.0.0', 2), hostOf('6.5.0', 3)];
    const facts = { clusterName: 'Prod', drsEnabled: true, hosts, ofPartner: true };
    expect(versionReasons(facts)).toMatchObject([
      {
        message:
          'Prod has hosts of 6.x (esx01, esx03) and of 7.0 or later (esx02); ' +
          "a partner's I/O filter is for one or the other.",
        objects: ['host-1', 'host-3', 'host-2'],
      },
    ]);
  });
});

test('every version is known, and none else', () => {
  for (const version of hostVersionSchema.options) expect(traitsOf({ version })).not.toBeNull();
  expect(traitsOf({ version: '5.5.0' })).toBeNull();
  expect(traitsOf({ version: null })).toBeNull();
});

test.each([
  ['6.7.0', '6.*', true],
  ['7.0.0', '6.*', false],
  ['8.0.0', '*', true],
  ['8.0.0', '', true],
  ['6.0.2', '6.0.2', true],
  ['6.0.2', '6.0.1', false],
])('version %s and platform %s', (version, pattern, fits) => {
  expect(fitsPlatform(version, pattern)).toBe(fits);
});

test('a VIB names the hosts that it is not made for', () => {
  const hosts = [hostOf('6.7.0', 1), hostOf('8.0.0', 2), hostOf(null, 3)];
  expect(platformReasons('A_b_c_1', [{ version: '6.*' }, { version: '7.*' }], hosts)).toEqual([
    {
      fault: 'PlatformConfigFault',
      message: 'VIB A_b_c_1 is for version 6.* or 7.*; esx02 runs 8.0.0.',
      objects: ['host-2'],
    },
  ]);
  expect(platformReasons('A_b_c_1', [], hosts)).toEqual([]);
});

test('a VM with filters does not go to a host that has none of them by its version', () => {
  const host = hostFacts({ id: 'host-2', version: '6.0.0', filters: [] });
  expect(
    judgePlacement(vmFacts({ id: 'vm-1' }), host).reasons.map(({ message }) => message),
  ).toEqual(['esx02 runs 6.0; I/O filters need 6.0 Update 1 or later.']);
  const [disk] = vmFacts({ id: 'vm-1' }).disks;
  const bare = vmFacts({ id: 'vm-1', disks: disk ? [{ ...disk, filters: [] }] : [] });
  expect(judgePlacement(bare, host).allowed).toBe(true);
});
