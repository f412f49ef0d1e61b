// The catalogue of filters that a policy may name: what the depot holds, with the clusters that
// have it installed.
import { groupBy } from '../../base/group-by.ts';
import { type VibInspection, vibInspectionSchema } from '../../model/vib.ts';
import type { FilterCatalogueEntry } from '../../wire/api/policies.ts';
import type { DatabaseTransaction } from '../database/client.ts';

/** One entry for each name and class, described by its newest VIB; by name. */
export async function readFilters(db: DatabaseTransaction): Promise<FilterCatalogueEntry[]> {
  const [vibs, installed] = await Promise.all([
    db.vib.findMany({ where: { filterName: { not: null } }, orderBy: { addedAt: 'desc' } }),
    db.clusterFilter.findMany({
      where: { opType: { not: 'uninstall' } },
      include: { cluster: { select: { id: true, name: true } } },
      orderBy: { cluster: { name: 'asc' } },
    }),
  ]);
  const groups = groupBy(vibs, ({ filterName, filterClass }) => `${filterName} ${filterClass}`);
  const clustersOf = groupBy(installed, ({ name, type }) => `${name} ${type}`);
  return [...groups]
    .flatMap(([key, rows]) => {
      const inspections = rows.map((row) => vibInspectionSchema.parse(row.inspection));
      const entry = toEntry(inspections);
      const clusters = (clustersOf.get(key) ?? []).map(({ cluster }) => cluster);
      return entry ? [{ ...entry, clusters }] : [];
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}

function toEntry(inspections: VibInspection[]): Omit<FilterCatalogueEntry, 'clusters'> | null {
  const [newest] = inspections;
  if (!newest?.filter) return null;
  const { name, class: filterClass, summary, properties, statistics } = newest.filter;
  return {
    ...{ name, filterClass, summary, statistics },
    properties: properties.filter((property) => !property.managed),
    managed: properties.filter((property) => property.managed).map((property) => property.name),
    vendor: newest.descriptor.vendor,
    versions: [...new Set(inspections.map(({ descriptor }) => descriptor.version))],
  };
}
