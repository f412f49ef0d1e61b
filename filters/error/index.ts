// The filter `error`: makes I/O fail by two rules, for tests. Class dataProvider, the last that is
// open to everyone, so that the filters before it meet the errors too.
import {
  defineFilter,
  type FilterContext,
  type PropertyDefinition,
} from '#lib/filter-sdk/filter.ts';
import { ErrorInjector } from './error-injector.ts';

const KIB_MAX = 64 * 1024 * 1024 * 1024;

function rule(number: 1 | 2): PropertyDefinition[] {
  const named = (name: string, label: string, help: string) => ({
    ...{ name: `${name}${number}`, label: `Rule ${number}: ${label}`, help },
  });
  return [
    {
      ...named('operation', 'operation', 'Which I/O fails.'),
      type: 'choice',
      choices: [
        { value: 'none', label: 'None: the rule is off' },
        { value: 'any', label: 'Any' },
        { value: 'read', label: 'Read' },
        { value: 'write', label: 'Write' },
        { value: 'flush', label: 'Flush' },
        { value: 'trim', label: 'Trim' },
        { value: 'writeZeroes', label: 'Write zeroes' },
        { value: 'prefetch', label: 'Prefetch' },
      ],
      default: 'none',
    },
    {
      ...named('startKib', 'first KiB', 'Only I/O that touches the range. Flushes have none.'),
      ...{ type: 'integer', unit: 'KiB', minimum: 0, maximum: KIB_MAX, default: 0 },
    },
    {
      ...named('lengthKib', 'length of the range', '0 means to the end of the disk.'),
      ...{ type: 'integer', unit: 'KiB', minimum: 0, maximum: KIB_MAX, default: 0 },
    },
    {
      ...named('percent', 'probability', 'Of a hundred such I/Os so many fail, by chance.'),
      ...{ type: 'integer', unit: '%', minimum: 0, maximum: 100, default: 100 },
    },
    {
      ...named('count', 'how many', 'After so many failures the rule is off. 0 means never.'),
      ...{ type: 'integer', unit: 'I/Os', minimum: 0, maximum: 1_000_000_000, default: 0 },
    },
    {
      ...named('error', 'error', 'What the guest is told.'),
      type: 'choice',
      choices: [
        { value: 'EIO', label: 'EIO: input/output error' },
        { value: 'ENOSPC', label: 'ENOSPC: no space left' },
        { value: 'ESHUTDOWN', label: 'ESHUTDOWN: the disk is gone' },
      ],
      default: 'EIO',
    },
    {
      ...named('when', 'when', 'Whether the storage has done the I/O all the same.'),
      type: 'choice',
      choices: [
        { value: 'before', label: 'Before: the storage never sees it' },
        { value: 'after', label: 'After: the storage has done it' },
      ],
      default: 'before',
    },
  ];
}

export default defineFilter({
  kind: 'total',
  name: 'error',
  class: 'dataProvider',
  apiVersion: 1,
  summary: 'Makes I/O fail by operation, range, probability and number, for tests',
  properties: [
    ...rule(1),
    ...rule(2),
    {
      name: 'seed',
      label: 'Seed',
      help: 'The same seed and the same I/O give the same failures.',
      type: 'integer',
      minimum: 1,
      maximum: 2_147_483_647,
      default: 1,
    },
  ],
  statistics: [
    { name: 'failed1', label: 'Failed by rule 1', kind: 'counter', unit: 'I/Os' },
    { name: 'failed2', label: 'Failed by rule 2', kind: 'counter', unit: 'I/Os' },
  ],
  open: (context: FilterContext) => new ErrorInjector(context),
});
