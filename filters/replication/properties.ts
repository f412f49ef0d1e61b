// What a storage policy says of replication, and what the controller sets for each disk.
import type { PropertyDefinition, StatisticDefinition } from '#lib/filter-sdk/filter.ts';

const MANAGED = { type: 'string', default: '', managed: true } as const;

export const PROPERTIES: PropertyDefinition[] = [
  {
    name: 'mode',
    label: 'Mode',
    help:
      'Asynchronous: the guest never waits for the target. Synchronous: a write is answered when ' +
      'the target has it durably as well.',
    type: 'choice',
    choices: [
      { value: 'asynchronous', label: 'Asynchronous' },
      { value: 'synchronous', label: 'Synchronous' },
    ],
    default: 'asynchronous',
  },
  {
    name: 'rpoSeconds',
    label: 'Recovery point objective',
    help: 'When the target is further behind than this, an event is raised. 0 raises none.',
    type: 'integer',
    unit: 's',
    minimum: 0,
    maximum: 86_400,
    default: 60,
  },
  {
    name: 'onTargetLost',
    label: 'When the target is away',
    help: 'Of synchronous mode: whether writes wait for the target, or go on without it.',
    type: 'choice',
    choices: [
      { value: 'degrade', label: 'Go on, and send what changed later' },
      { value: 'wait', label: 'Wait' },
    ],
    default: 'degrade',
  },
  {
    name: 'degradeAfterSeconds',
    label: 'Go on without the target after',
    help: 'How long writes wait first, of synchronous mode.',
    type: 'integer',
    unit: 's',
    minimum: 1,
    maximum: 600,
    default: 10,
  },
  {
    name: 'journalHours',
    label: 'Journal',
    help: 'How far back the moments reach to which the disk can be recovered, if there is room.',
    type: 'integer',
    unit: 'h',
    minimum: 1,
    maximum: 720,
    default: 24,
  },
  {
    name: 'journalMib',
    label: 'Largest journal',
    help: 'What the journal of a disk may take at the target. 0: what the target allows.',
    type: 'integer',
    unit: 'MiB there',
    minimum: 0,
    maximum: 16_777_216,
    default: 0,
  },
  {
    name: 'bandwidthKibPerSecond',
    label: 'Bandwidth',
    help: 'How fast changes of the disk are sent, at most. 0 means no limit.',
    type: 'integer',
    unit: 'KiB/s',
    minimum: 0,
    maximum: 100_000_000,
    default: 0,
  },
  {
    name: 'busyFromHour',
    label: 'Busy hours from',
    help: 'In the hours of the day, of UTC, from this one on less is sent. The same hour: never.',
    type: 'integer',
    unit: 'h UTC',
    minimum: 0,
    maximum: 23,
    default: 0,
  },
  {
    name: 'busyUntilHour',
    label: 'Busy hours until',
    help: 'Until before this hour; of the next day when it is the lower one.',
    type: 'integer',
    unit: 'h UTC',
    minimum: 0,
    maximum: 23,
    default: 0,
  },
  {
    name: 'busyDays',
    label: 'Busy hours on',
    help: 'The days on which busy hours begin.',
    type: 'choice',
    choices: [
      { value: 'everyDay', label: 'Every day' },
      { value: 'workingDays', label: 'Monday to Friday' },
    ],
    default: 'everyDay',
  },
  {
    name: 'busyKibPerSecond',
    label: 'Bandwidth in busy hours',
    help: 'How fast changes of the disk are sent then, at most, if not less is set for all hours.',
    type: 'integer',
    unit: 'KiB/s',
    minimum: 1,
    maximum: 100_000_000,
    default: 1024,
  },
  {
    name: 'compression',
    label: 'Compression',
    help: 'Of what is sent to the target. It costs processor time on both sides.',
    type: 'choice',
    choices: [
      { value: 'off', label: 'Off' },
      { value: 'zstd', label: 'zstd' },
    ],
    default: 'off',
  },
  { ...MANAGED, name: 'target', label: 'Target', help: 'Address and port of the target.' },
  { ...MANAGED, name: 'pairing', label: 'Pairing', help: 'As which the target knows this site.' },
  { ...MANAGED, name: 'keyProvider', label: 'Keys', help: 'Whose the key of the pairing is.' },
  { ...MANAGED, name: 'keyId', label: 'Key', help: 'The key of the pairing.' },
  { ...MANAGED, name: 'vm', label: 'Virtual machine', help: 'As the target knows it.' },
  {
    ...{ name: 'era', label: 'Era', help: 'Counts who was the primary.' },
    ...{ type: 'integer', minimum: 1, maximum: 2_147_483_647, default: 1, managed: true },
  },
  { ...MANAGED, name: 'disk', label: 'Virtual disk', help: 'As the target knows it.' },
];

export const STATISTICS: StatisticDefinition[] = [
  { name: 'lagBytes', label: 'Behind', kind: 'gauge', unit: 'bytes' },
  { name: 'lagMilliseconds', label: 'Behind', kind: 'gauge', unit: 'ms' },
  { name: 'acknowledgedSequence', label: 'Last record there', kind: 'gauge', unit: 'records' },
  { name: 'sentBytes', label: 'Sent', kind: 'counter', unit: 'bytes' },
  { name: 'resyncRemainingBytes', label: 'Still to be sent', kind: 'gauge', unit: 'bytes' },
  // 1 initial sync, 2 in sync, 3 resync, 4 target away, 5 degraded, 6 replaced; 0 before.
  { name: 'state', label: 'State', kind: 'gauge', unit: '' },
];
