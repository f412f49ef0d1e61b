// The code of a new filter: one that works, small enough to be thrown away, with a comment at each
// place where its author will begin.
import type { ProjectSettings } from './project-settings.ts';

export function filterSource({ name, filterClass }: ProjectSettings): string {
  return FILTER.trimStart().replaceAll('NAME', name).replace('CLASS', filterClass);
}

export function testSource({ name }: ProjectSettings): string {
  return `// Tests of \`${name}\` over a disk in memory and a clock that stands still.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FilterHarness } from '#sdk/filter-harness.ts';
import filter from './index.ts';

test('counts reads, writes and large I/Os', () => {
  const harness = new FilterHarness(filter, { properties: { largeKib: 8 } });
  harness.run('read', 0, 512);
  harness.run('write', 0, new Uint8Array(8192));
  const numbers = harness.filter.statistics?.();
  assert.deepEqual(numbers, { reads: 1, writes: 1, large: 1, errors: 0 });
});

test('changes no data', () => {
  const harness = new FilterHarness(filter);
  harness.run('write', 4096, new Uint8Array(512).fill(7));
  assert.equal(harness.run('read', 4096, 512).data[0], 7);
});

test('counts what failed', () => {
  const harness = new FilterHarness(filter);
  harness.finish(harness.submit('read', 0, 512), 5);
  assert.equal(harness.filter.statistics?.().errors, 1);
});

test('takes new properties', () => {
  const harness = new FilterHarness(filter);
  harness.filter.setProperties?.({ largeKib: 1 });
  harness.run('read', 0, 1024);
  assert.equal(harness.filter.statistics?.().large, 1);
});
`;
}

const FILTER = `
// The filter \`NAME\`: counts the I/O of a disk, and the I/Os that are larger than a limit.
import { defineFilter, type DiskIo, type FilterContext } from '#sdk/filter.ts';

// A module has no global state that matters: each disk has its own, made by \`open\`.
function open({ properties, log }: FilterContext) {
  let largeBytes = Number(properties.largeKib) * 1024;
  let reads = 0;
  let writes = 0;
  let large = 0;
  let errors = 0;

  function see(io: DiskIo): void {
    if (io.length >= largeBytes) large += 1;
  }

  return {
    // The way in, guest first. To return nothing is to pass the I/O on. The I/O and its data are
    // lent until the hook returns; take \`io.defer()\` and return DEFER to answer later.
    read(io: DiskIo): void {
      reads += 1;
      see(io);
    },

    write(io: DiskIo): void {
      writes += 1;
      see(io);
    },

    // The way out, in reverse order, for each I/O that this filter has passed on.
    completed(io: DiskIo): void {
      if (io.error !== 0) errors += 1;
    },

    // A changed policy. A throw refuses it, and the message is what the user reads.
    setProperties(next: FilterContext['properties']): void {
      largeBytes = Number(next.largeKib) * 1024;
      log('info', \`large is from \${largeBytes} bytes on\`);
    },

    // About once a second, for the charts.
    statistics(): Record<string, number> {
      return { reads, writes, large, errors };
    },
  };
}

export default defineFilter({
  // A total filter answers every operation, and the compiler says which is missing. A partial one
  // says why it may miss some.
  kind: 'partial',
  safeBecause: 'It only watches: an operation that it does not see is merely not counted.',
  name: 'NAME',
  class: 'CLASS',
  apiVersion: 1,
  summary: 'Counts reads, writes and large I/Os',
  // They become the fields of the policy wizard.
  properties: [
    {
      name: 'largeKib',
      label: 'Large from',
      help: 'I/Os of this size and above are counted as large.',
      type: 'integer',
      unit: 'KiB',
      minimum: 1,
      maximum: 65_536,
      default: 256,
    },
  ],
  // They become charts.
  statistics: [
    { name: 'reads', label: 'Reads', kind: 'counter', unit: 'I/Os' },
    { name: 'writes', label: 'Writes', kind: 'counter', unit: 'I/Os' },
    { name: 'large', label: 'Large I/Os', kind: 'counter', unit: 'I/Os' },
    { name: 'errors', label: 'Failed I/Os', kind: 'counter', unit: 'I/Os' },
  ],
  open,
});
`;
