// The policy draft: fields out of a filter's schema, problems in words, and the way to rules and
// back.
import { describe, expect, it } from 'vitest';
import type { FilterCatalogueEntry } from '#lib/wire/api/policies.ts';
import {
  draftOf,
  EMPTY_DRAFT,
  fieldProblem,
  nameProblem,
  newService,
  rulesOf,
  serviceProblems,
} from './policy-draft.ts';

const qos: FilterCatalogueEntry = {
  name: 'qos',
  filterClass: 'datastoreIoControl',
  vendor: 'Sluice',
  managed: [],
  versions: ['1.0.0'],
  summary: '',
  properties: [
    {
      name: 'limitIops',
      label: 'IOPS limit',
      help: '',
      type: 'integer',
      minimum: 0,
      maximum: 100_000,
      default: 1000,
    },
    { name: 'burst', label: 'Bursts', help: '', type: 'boolean', default: true },
    {
      name: 'mode',
      label: 'Mode',
      help: '',
      type: 'choice',
      choices: [{ value: 'hard', label: 'Hard' }],
      default: 'hard',
    },
  ],
  statistics: [],
  clusters: [],
};
const catalogue = [qos];

describe('rules of a draft', () => {
  it('takes the defaults and turns text into numbers', () => {
    const draft = {
      ...EMPTY_DRAFT,
      name: 'Gold',
      services: { datastoreIoControl: newService(qos) },
    };
    expect(rulesOf(draft, catalogue)).toEqual([
      {
        filterClass: 'datastoreIoControl',
        provider: 'qos',
        properties: { limitIops: 1000, burst: true, mode: 'hard' },
      },
    ]);
  });

  it('comes back the same from a stored policy', () => {
    const rules = [
      {
        filterClass: 'datastoreIoControl' as const,
        provider: 'qos',
        properties: { limitIops: 50, burst: false, mode: 'hard' },
      },
    ];
    const draft = draftOf({ name: 'Gold', description: '', rules }, catalogue);
    expect(rulesOf(draft, catalogue)).toEqual(rules);
  });
});

describe('problems', () => {
  it('names the limit that a number breaks', () => {
    const [limit] = qos.properties;
    if (!limit) throw new Error('the fixture has a property');
    expect(fieldProblem(limit, '12')).toBeNull();
    expect(fieldProblem(limit, '1.5')).toBe('Enter a whole number.');
    expect(fieldProblem(limit, '')).toBe('Enter a whole number.');
    expect(fieldProblem(limit, '100001')).toBe('The most is 100000.');
  });

  it('collects them by class and property', () => {
    const service = { provider: 'qos', fields: { limitIops: 'x', burst: true, mode: 'soft' } };
    const problems = serviceProblems(
      { ...EMPTY_DRAFT, services: { datastoreIoControl: service } },
      catalogue,
    );
    expect(Object.keys(problems)).toEqual([
      'datastoreIoControl.limitIops',
      'datastoreIoControl.mode',
    ]);
  });

  it('refuses a name that is empty, too long or taken', () => {
    expect(nameProblem(' ', [])).toBe('Enter a name.');
    expect(nameProblem('x'.repeat(81), [])).toContain('81');
    expect(nameProblem('gold', ['Gold'])).toContain('exists already');
    expect(nameProblem('Silver', ['Gold'])).toBeNull();
  });
});
