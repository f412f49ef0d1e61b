// Properties in words: labels, units, choices and booleans of the schema; unknown ones by their
// name, managed ones not at all.
import { expect, it } from 'vitest';
import { propertyItems } from './property-items.ts';

it('writes each value as the schema calls it, in its order', () => {
  const items = propertyItems(
    { old: 'x', burst: true, mode: 'hard', limit: 500, keyId: 'key-1', note: '' },
    {
      managed: ['keyId'],
      properties: [
        { name: 'limit', label: 'IOPS limit', help: '', type: 'integer', unit: 'IOPS', default: 0 },
        {
          name: 'mode',
          label: 'Mode',
          help: '',
          type: 'choice',
          choices: [{ value: 'hard', label: 'Hard limit' }],
          default: 'hard',
        },
        { name: 'burst', label: 'Bursts', help: '', type: 'boolean', default: false },
      ],
    },
  );
  expect(items).toEqual([
    { label: 'IOPS limit', value: '500 IOPS' },
    { label: 'Mode', value: 'Hard limit' },
    { label: 'Bursts', value: 'Yes' },
    { label: 'old', value: 'x' },
    { label: 'note', value: 'Not set' },
  ]);
});
