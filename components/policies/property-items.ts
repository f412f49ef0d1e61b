// The properties of a filter with their values, in the words of the filter's own schema.
import type { FilterPropertyValues } from '#lib/model/filter.ts';
import type { FilterCatalogueEntry } from '#lib/wire/api/policies.ts';

export interface PropertyItem {
  label: string;
  value: string;
}

/**
 * In the order of the schema; a property that it does not know keeps its name and comes last. What
 * is managed is left out.
 */
export function propertyItems(
  values: FilterPropertyValues,
  entry: Pick<FilterCatalogueEntry, 'properties' | 'managed'> | undefined,
): PropertyItem[] {
  const shown = Object.entries(values).filter(([name]) => !entry?.managed.includes(name));
  const properties = entry?.properties ?? [];
  const placeOf = (name: string) => {
    const index = properties.findIndex((property) => property.name === name);
    return index === -1 ? properties.length : index;
  };
  shown.sort(([a], [b]) => placeOf(a) - placeOf(b));
  return shown.map(([name, value]) => {
    const known = properties[placeOf(name)];
    const choice = known?.choices?.find((one) => one.value === value);
    return {
      label: known?.label ?? name,
      value: [choice?.label ?? textOf(value), known?.unit].filter(Boolean).join(' '),
    };
  });
}

function textOf(value: FilterPropertyValues[string]): string {
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  return value === '' ? 'Not set' : String(value);
}
