// Are the rules of a storage policy sound: filters that exist, one of a class, properties as their
// filters want them?
import type { Reason } from '../model/fault.ts';
import type { FilterProperty } from '../model/filter.ts';
import { FILTER_CLASSES, type FilterClass } from '../model/filter-class.ts';
import { type Verdict, verdictOf } from '../model/verdict.ts';
import { judgeFilterSet } from './filter-order.ts';

export interface PolicyRuleFacts {
  filterClass: FilterClass;
  provider: string;
  properties: Record<string, string | number | boolean>;
}

/** A filter that a policy may name, with the properties that it takes. */
export interface KnownFilter {
  name: string;
  class: FilterClass;
  properties: FilterProperty[];
}

export function judgePolicyRules(
  rules: readonly PolicyRuleFacts[],
  known: readonly KnownFilter[],
): Verdict {
  const filters = rules.map(({ provider, filterClass, properties }) => ({
    name: provider,
    class: filterClass,
    properties,
  }));
  const reasons = rules.flatMap((rule) => {
    const filter = findFilter(rule, known);
    if (!filter) return [unknownFilter(rule)];
    return Object.entries(rule.properties).flatMap(([name, value]) => {
      const problem = problemOf(filter, name, value);
      return problem === null ? [] : [invalid(`${rule.provider}: ${problem}`)];
    });
  });
  return verdictOf([...judgeFilterSet(filters).reasons, ...reasons]);
}

/**
 * The rules with every property that was left out at its default. Only for rules that were judged
 * sound.
 */
export function completeRules(
  rules: readonly PolicyRuleFacts[],
  known: readonly KnownFilter[],
): PolicyRuleFacts[] {
  return rules.map((rule) => {
    const defaults = findFilter(rule, known)
      ?.properties.filter((property) => !property.managed)
      .map((property) => [property.name, property.default] as const);
    return { ...rule, properties: { ...Object.fromEntries(defaults ?? []), ...rule.properties } };
  });
}

function findFilter(rule: PolicyRuleFacts, known: readonly KnownFilter[]): KnownFilter | undefined {
  return known.find(({ name, class: its }) => name === rule.provider && its === rule.filterClass);
}

function problemOf(
  filter: KnownFilter,
  name: string,
  value: string | number | boolean,
): string | null {
  const property = filter.properties.find((candidate) => candidate.name === name);
  if (!property || property.managed) return `there is no property ${name}.`;
  switch (property.type) {
    case 'integer':
      return numberProblem(property, value);
    case 'boolean':
      return typeof value === 'boolean' ? null : `${property.label} is true or false.`;
    case 'string':
      return typeof value === 'string' ? null : `${property.label} is a text.`;
    case 'choice': {
      const values = property.choices?.map((choice) => choice.value) ?? [];
      const isOne = typeof value === 'string' && values.includes(value);
      return isOne ? null : `${property.label} is one of ${values.join(', ')}.`;
    }
  }
}

function numberProblem(
  { label, minimum, maximum }: FilterProperty,
  value: string | number | boolean,
): string | null {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    return `${label} is a whole number.`;
  }
  if (minimum !== undefined && value < minimum) return `${label} is at least ${minimum}.`;
  if (maximum !== undefined && value > maximum) return `${label} is at most ${maximum}.`;
  return null;
}

function unknownFilter({ provider, filterClass }: PolicyRuleFacts): Reason {
  return {
    fault: 'InvalidArgument',
    message: `No I/O filter ${provider} (${FILTER_CLASSES[filterClass].label}) is known.`,
    remedy: 'Add the VIB that brings it to the depot.',
  };
}

function invalid(message: string): Reason {
  return { fault: 'InvalidArgument', message };
}
