// The properties of a filter with their values, in the words of the filter's own schema.
import type { FilterPropertyValues } from '#lib/model/filter.ts';
import type { FilterCatalogueEntry } from '#lib/wire/api/policies.ts';

export interface PropertyItem {
  label: string;
  value: string;
}

/** A property that the schema does not know keeps its name; what is managed is left out. */
export function propertyItems(
  values: FilterPropertyValues,
  entry: Pick<FilterCatalogueEntry, 'properties' | 'managed'> | undefined,
): PropertyItem[] {
  const shown = Object.entries(values).filter(([name]) => !entry?.managed.includes(name));
  return shown.map(([name, value]) => {
    const known = entry?.properties.find((property) => property.name === name);
    const choice = known?.choices?.find((one) => one.value === value);
    const text = typeof value === 'boolean' ? (value ? 'Yes' : 'No') : String(value);
    return {
      label: known?.label ?? name,
      value: [choice?.label ?? text, known?.unit].filter(Boolean).join(' '),
    };
  });
}
