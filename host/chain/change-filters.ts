// Works out a disk's new filters from those that run: one that stays keeps its memory (its cache,
// its counters) and is told its new properties; the others are opened. Until `commit`, everything
// can be taken back.
import type { Clock } from '#lib/base/clock.ts';
import type { FilterDefinition, PropertyValues } from '#lib/filter-sdk/filter.ts';
import { Fault } from '#lib/model/fault.ts';
import type { FilterFaultReport } from './chain.ts';
import { closeFilters } from './close-filters.ts';
import { type OpenFilter, withDefaults } from './open-filter.ts';

/** A filter that the disk is to have. */
export interface WantedFilter {
  definition: FilterDefinition;
  /** Which code it is: the entry file's SHA-256. */
  codeId: string;
  properties: PropertyValues;
  /** Where the lines to its daemon on this host connect, if it has one. */
  daemonSocketPath?: string;
}

export interface ChangeParts {
  open(filter: WantedFilter, state: Uint8Array | null): Promise<OpenFilter>;
  clock: Clock;
  onFault(report: FilterFaultReport): void;
}

export interface FilterChange {
  /** The new filters, in call order. */
  filters: OpenFilter[];
  /** Filters that were opened for it; to be closed when it is taken back. */
  opened: OpenFilter[];
  /** Filters that are no longer there; to be closed when it holds. */
  removed: OpenFilter[];
  /** Gives those that stay their old properties again. */
  takeBack(): void;
}

/**
 * No I/O may be in flight. On a throw everything is as before.
 */
export async function changeFilters(
  current: readonly OpenFilter[],
  wanted: readonly WantedFilter[],
  parts: ChangeParts,
): Promise<FilterChange> {
  const opened: OpenFilter[] = [];
  const told: { filter: OpenFilter; before: PropertyValues }[] = [];
  const takeBack = (): void => {
    for (const { filter, before } of told) tell(filter, before);
  };
  const pick = async (each: WantedFilter): Promise<OpenFilter> => {
    const same = current.find(
      ({ name, codeId }) => name === each.definition.name && codeId === each.codeId,
    );
    if (same !== undefined && equalProperties(same.properties, each.properties)) return same;
    if (same?.hooks.setProperties !== undefined) {
      const before = same.properties;
      tell(same, each.properties);
      told.push({ filter: same, before });
      return same;
    }
    const filter = await parts.open(each, same?.hooks.saveState?.() ?? null);
    opened.push(filter);
    return filter;
  };
  try {
    const filters: OpenFilter[] = [];
    for (const each of wanted) filters.push(await pick(each));
    const removed = current.filter((filter) => !filters.includes(filter));
    return { filters, opened, removed, takeBack };
  } catch (thrown) {
    takeBack();
    await closeFilters(opened, parts);
    throw thrown;
  }
}

function tell(filter: OpenFilter, properties: PropertyValues): void {
  try {
    filter.hooks.setProperties?.(withDefaults(filter.definition, properties));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `The filter ${filter.name} refuses its properties: ${why}`;
    throw new Fault('InvalidArgument', message, { cause });
  }
  filter.properties = properties;
}

function equalProperties(a: PropertyValues, b: PropertyValues): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => a[name] === b[name]);
}
