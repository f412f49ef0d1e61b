// Long lists of VMs, as queries that tables make: a page of those that match, what a column says of
// how many; and all that match, for an export.
import type { QueryFunctionContext } from '@tanstack/react-query';
import type { VmSummary } from '../wire/api/inventory.ts';
import { call, callRoute } from './call.ts';
import { queryKey } from './query-keys.ts';

/** All VMs, or those of one host or cluster. */
export interface VmPlace {
  hostId?: string;
  clusterId?: string;
}

export interface VmQuery extends VmPlace {
  search: string;
  /** A column, with a dash in front for descending. */
  sort: string;
}

export function vmPageQuery(query: VmQuery & { offset: number; limit: number }) {
  return {
    queryKey: queryKey('queryVms', { query: { ...query } }),
    queryFn: ({ signal }: QueryFunctionContext) =>
      callRoute('queryVms', { query: { ...query }, signal }),
  };
}

export function vmTextsQuery(query: VmPlace & { column: string }) {
  return {
    queryKey: queryKey('listVmTexts', { query: { ...query } }),
    queryFn: ({ signal }: QueryFunctionContext) =>
      callRoute('listVmTexts', { query: { ...query }, signal }),
  };
}

const READ_ROWS = 1_000;

/** All that match, a thousand at a time. */
export async function readAllVms(query: VmQuery): Promise<VmSummary[]> {
  const rows: VmSummary[] = [];
  for (;;) {
    const page = await call('queryVms', {
      query: { ...query, offset: rows.length, limit: READ_ROWS },
    });
    rows.push(...page.rows);
    if (page.rows.length < READ_ROWS) return rows;
  }
}
