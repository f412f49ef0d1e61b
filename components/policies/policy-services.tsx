'use client';
// The step of the policy wizard that chooses host-based services: for each class a provider, and
// the form of its properties, drawn from the schema that the filter carries.
// Props: `draft`, `onChange`, `catalogue`, `problems` by `<class>.<property>`.
import type { FilterProperty } from '#lib/model/filter.ts';
import { FILTER_CLASS_NAMES, FILTER_CLASSES, type FilterClass } from '#lib/model/filter-class.ts';
import type { FilterCatalogueEntry } from '#lib/wire/api/policies.ts';
import { KeyProviderField } from '../keys/key-provider-field.tsx';
import { Checkbox } from '../ui/forms/checkbox.tsx';
import { Select } from '../ui/forms/select.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { Banner } from '../ui/states/banner.tsx';
import {
  type FieldValue,
  findProvider,
  newService,
  type PolicyDraft,
  type ServiceDraft,
} from './policy-draft.ts';

export interface PolicyServicesProps {
  draft: PolicyDraft;
  onChange: (draft: PolicyDraft) => void;
  catalogue: readonly FilterCatalogueEntry[];
  problems: Readonly<Record<string, string>>;
}

export function PolicyServices({ draft, onChange, catalogue, problems }: PolicyServicesProps) {
  const classes = FILTER_CLASS_NAMES.filter(
    (filterClass) =>
      draft.services[filterClass] || catalogue.some((entry) => entry.filterClass === filterClass),
  );
  if (classes.length === 0) {
    return (
      <Banner tone="warn" title="No I/O filter is known yet">
        Upload a VIB to the depot, or install a filter on a cluster. Its class and properties then
        stand here.
      </Banner>
    );
  }
  const put = (filterClass: FilterClass, service: ServiceDraft | undefined) =>
    onChange({ ...draft, services: { ...draft.services, [filterClass]: service } });
  return (
    <div className="space-y-4">
      {classes.map((filterClass) => (
        <Service
          key={filterClass}
          filterClass={filterClass}
          service={draft.services[filterClass]}
          entries={catalogue.filter((entry) => entry.filterClass === filterClass)}
          problems={problems}
          onChange={(service) => put(filterClass, service)}
        />
      ))}
    </div>
  );
}

interface ServiceProps {
  filterClass: FilterClass;
  service: ServiceDraft | undefined;
  entries: readonly FilterCatalogueEntry[];
  problems: Readonly<Record<string, string>>;
  onChange: (service: ServiceDraft | undefined) => void;
}

function Service({ filterClass, service, entries, problems, onChange }: ServiceProps) {
  const entry = service ? findProvider(entries, filterClass, service.provider) : null;
  const { label } = FILTER_CLASSES[filterClass];
  // What can run somewhere comes before what is in the depot alone.
  const first = entries.find(({ clusters }) => clusters.length > 0) ?? entries[0];
  return (
    <fieldset className="rounded-lg border border-line px-4 py-3">
      <legend className="sr-only">{label}</legend>
      <Checkbox
        label={label}
        help={entry ? undefined : entries.map(({ name }) => name).join(', ')}
        checked={service !== undefined}
        onChange={(on) => onChange(on && first ? newService(first) : undefined)}
      />
      {service && (
        <div className="mt-3 space-y-3 pl-6">
          <Select
            label="Provider"
            value={service.provider}
            options={entries.map(({ name, vendor, clusters }) => ({
              value: name,
              label: name,
              help: [vendor, installedText(clusters)].join(' · '),
            }))}
            help={entry?.summary}
            onChange={(provider) => {
              const next = findProvider(entries, filterClass, provider);
              if (next) onChange(newService(next));
            }}
          />
          {entry && entry.clusters.length === 0 && (
            <Banner tone="info">It is not installed on any cluster yet.</Banner>
          )}
          <div className="grid gap-3 sm:grid-cols-2">
            {entry?.properties.map((property) => (
              <PropertyField
                key={property.name}
                property={property}
                value={service.fields[property.name] ?? ''}
                problem={problems[`${filterClass}.${property.name}`]}
                onChange={(value) =>
                  onChange({ ...service, fields: { ...service.fields, [property.name]: value } })
                }
              />
            ))}
          </div>
        </div>
      )}
    </fieldset>
  );
}

function installedText(clusters: readonly { name: string }[]): string {
  if (clusters.length === 0) return 'not installed yet';
  return `installed on ${clusters.map(({ name }) => name).join(', ')}`;
}

interface PropertyFieldProps {
  property: FilterProperty;
  value: FieldValue;
  problem: string | undefined;
  onChange: (value: FieldValue) => void;
}

function PropertyField({ property, value, problem, onChange }: PropertyFieldProps) {
  const { label, help, unit, type, choices = [] } = property;
  const named = unit ? `${label}, ${unit}` : label;
  if (type === 'boolean')
    return <Checkbox label={label} help={help} checked={value === true} onChange={onChange} />;
  if (type === 'choice') {
    return (
      <Select
        label={named}
        help={help}
        error={problem}
        value={String(value)}
        options={choices}
        onChange={onChange}
      />
    );
  }
  const text = { label: named, help, problem, value: String(value), onChange };
  if (property.namesOf === 'keyProvider') return <KeyProviderField {...text} />;
  return (
    <TextField
      label={named}
      help={`${help}${limitsText(property)}`}
      error={problem}
      value={String(value)}
      onChange={onChange}
    />
  );
}

function limitsText({ type, minimum, maximum }: FilterProperty): string {
  if (type !== 'integer' || (minimum === undefined && maximum === undefined)) return '';
  if (maximum === undefined) return ` At least ${minimum}.`;
  return minimum === undefined ? ` At most ${maximum}.` : ` ${minimum} to ${maximum}.`;
}
