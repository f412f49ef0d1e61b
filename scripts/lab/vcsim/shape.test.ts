// What the lab generator makes of its knobs: by default vcsim's inventory, name by name.
import { describe, expect, it } from 'vitest';
import { labKnobsSchema, readLabArguments } from './knobs.ts';
import { shapeLab } from './shape.ts';

describe('the lab generator', () => {
  it('makes the inventory of vcsim by default', () => {
    const { lab } = readLabArguments(['--lab', 'vcsim']);
    const shape = shapeLab(labKnobsSchema.parse(lab));
    expect(shape.datacenters).toEqual(['DC0']);
    expect(shape.clusters).toEqual([{ name: 'DC0_C0', datacenter: 'DC0' }]);
    expect(shape.datastores).toEqual([{ name: 'LocalDS_0', datacenter: 'DC0' }]);
    expect(shape.hosts.map(({ name, cluster }) => [name, cluster])).toEqual([
      ['DC0_C0_H0', 'DC0_C0'],
      ['DC0_C0_H1', 'DC0_C0'],
      ['DC0_C0_H2', 'DC0_C0'],
      ['DC0_H0', null],
    ]);
    expect(shape.vms.map(({ name, host, poweredOn }) => [name, host, poweredOn])).toEqual([
      ['DC0_C0_RP0_VM0', 'DC0_C0_H0', true],
      ['DC0_C0_RP0_VM1', 'DC0_C0_H1', true],
      ['DC0_H0_VM0', 'DC0_H0', true],
      ['DC0_H0_VM1', 'DC0_H0', true],
    ]);
  });

  it('makes as much as its knobs say, each name once', () => {
    const knobs = [
      '--clusters',
      '10',
      '--cluster-hosts',
      '100',
      '--vms',
      '1000',
      '--datastores',
      '4',
    ];
    const more = ['--standalone-hosts', '0', '--powered-on', '3', '--versions', '7.0.0,8.0.0'];
    const { lab } = readLabArguments(['--lab', 'vcsim', ...knobs, ...more]);
    const { hosts, vms, clusters } = shapeLab(labKnobsSchema.parse(lab));
    expect([clusters.length, hosts.length, vms.length]).toEqual([10, 1_000, 10_000]);
    expect(new Set(hosts.map(({ name }) => name)).size).toBe(1_000);
    expect(new Set(vms.map(({ name }) => name)).size).toBe(10_000);
    expect(vms.filter(({ poweredOn }) => poweredOn)).toHaveLength(3);
    expect(hosts.filter(({ version }) => version === '7.0.0')).toHaveLength(500);
  });

  it.each([
    [['--lab', 'esx']],
    [['--clusters', '2']],
    [['--lab', 'vcsim', '--clusters', '200', '--cluster-hosts', '100']],
    [['--lab', 'vcsim', '--vms', 'many']],
    [['--lab', 'vcsim', '--versions', '5.5']],
    [['--laboratory', 'vcsim']],
  ])('refuses %s', (args) => {
    expect(() => readLabArguments(args)).toThrow();
  });

  it('leaves the standard lab alone without knobs', () => {
    expect(readLabArguments(['--dev'])).toEqual({ development: true, lab: null });
  });
});
