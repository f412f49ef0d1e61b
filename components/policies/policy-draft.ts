// A storage policy while someone writes it: text of every field as typed, what is wrong with it,
// and the policy it makes. The fields come from the property schemas that the filters carry; none
// is known here by name.
import type { FilterProperty, FilterPropertyValues } from '#lib/model/filter.ts';
import { FILTER_CLASS_NAMES, type FilterClass } from '#lib/model/filter-class.ts';
import { POLICY_NAME_LENGTH_MAX } from '#lib/model/limits.ts';
import type { FilterCatalogueEntry, PolicyInput, PolicyRule } from '#lib/wire/api/policies.ts';

export type FieldValue = string | boolean;

export interface ServiceDraft {
  provider: string;
  /** As typed, by property name. */
  fields: Record<string, FieldValue>;
}

export interface PolicyDraft {
  name: string;
  description: string;
  /** A class that is absent has no host-based service. */
  services: Partial<Record<FilterClass, ServiceDraft>>;
}

export const EMPTY_DRAFT: PolicyDraft = { name: '', description: '', services: {} };

export function draftOf(
  policy: PolicyInput,
  catalogue: readonly FilterCatalogueEntry[],
): PolicyDraft {
  const services: PolicyDraft['services'] = {};
  for (const rule of policy.rules) {
    const entry = findProvider(catalogue, rule.filterClass, rule.provider);
    services[rule.filterClass] = {
      provider: rule.provider,
      fields: fieldsOf(entry?.properties ?? [], rule.properties),
    };
  }
  return { name: policy.name, description: policy.description, services };
}

/** A service with every property at the filter's default. */
export function newService(entry: FilterCatalogueEntry): ServiceDraft {
  return { provider: entry.name, fields: fieldsOf(entry.properties, {}) };
}

export function findProvider(
  catalogue: readonly FilterCatalogueEntry[],
  filterClass: FilterClass,
  provider: string,
): FilterCatalogueEntry | null {
  return (
    catalogue.find((entry) => entry.filterClass === filterClass && entry.name === provider) ?? null
  );
}

/** What is wrong with the name; null when it will do. */
export function nameProblem(name: string, taken: readonly string[]): string | null {
  const trimmed = name.trim();
  if (trimmed === '') return 'Enter a name.';
  if (trimmed.length > POLICY_NAME_LENGTH_MAX)
    return `A name has at most ${POLICY_NAME_LENGTH_MAX} characters, not ${trimmed.length}.`;
  if (taken.some((other) => other.toLowerCase() === trimmed.toLowerCase()))
    return `A policy named “${trimmed}” exists already.`;
  return null;
}

/** What is wrong with one field; null when it will do. */
export function fieldProblem(
  property: FilterProperty,
  value: FieldValue | undefined,
): string | null {
  if (property.type === 'choice') {
    const known = property.choices?.some((choice) => choice.value === value) ?? false;
    return known ? null : `Choose ${property.label.toLowerCase()}.`;
  }
  if (property.type !== 'integer') return null;
  const text = String(value ?? '').trim();
  if (!/^-?\d+$/.test(text)) return 'Enter a whole number.';
  const { minimum, maximum } = property;
  if (minimum !== undefined && Number(text) < minimum) return `The least is ${minimum}.`;
  if (maximum !== undefined && Number(text) > maximum) return `The most is ${maximum}.`;
  return null;
}

/**
 * All problems of the chosen services, by `<class>.<property>`; empty when the rules are complete.
 */
export function serviceProblems(
  draft: PolicyDraft,
  catalogue: readonly FilterCatalogueEntry[],
): Record<string, string> {
  const problems: Record<string, string> = {};
  for (const [filterClass, service] of chosenServices(draft)) {
    const entry = findProvider(catalogue, filterClass, service.provider);
    for (const property of entry?.properties ?? []) {
      const problem = fieldProblem(property, service.fields[property.name]);
      if (problem) problems[`${filterClass}.${property.name}`] = problem;
    }
  }
  return problems;
}

/** The rules as the API takes them, in the order of the classes. */
export function rulesOf(
  draft: PolicyDraft,
  catalogue: readonly FilterCatalogueEntry[],
): PolicyRule[] {
  return chosenServices(draft).map(([filterClass, { provider, fields }]) => {
    const entry = findProvider(catalogue, filterClass, provider);
    return { filterClass, provider, properties: valuesOf(entry?.properties ?? [], fields) };
  });
}

export function chosenServices(draft: PolicyDraft): [FilterClass, ServiceDraft][] {
  return FILTER_CLASS_NAMES.flatMap((filterClass): [FilterClass, ServiceDraft][] => {
    const service = draft.services[filterClass];
    return service ? [[filterClass, service]] : [];
  });
}

function fieldsOf(
  properties: readonly FilterProperty[],
  values: FilterPropertyValues,
): Record<string, FieldValue> {
  return Object.fromEntries(
    properties.map((property): [string, FieldValue] => {
      const value = values[property.name] ?? property.default;
      return [property.name, property.type === 'boolean' ? value === true : String(value)];
    }),
  );
}

function valuesOf(
  properties: readonly FilterProperty[],
  fields: Record<string, FieldValue>,
): FilterPropertyValues {
  return Object.fromEntries(
    properties.map((property) => {
      const value = fields[property.name] ?? property.default;
      return [property.name, property.type === 'integer' ? Number(value) : value];
    }),
  );
}
