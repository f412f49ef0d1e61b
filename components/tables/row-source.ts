// Where the rows of a long table come from when they stay on the server, which searches and sorts
// them and sends those in view.
import type { QueryFunctionContext } from '@tanstack/react-query';
import type { QueryKey } from '#lib/client/query-keys.ts';

export interface RowQuery {
  /** In the search language of the tables. */
  search: string;
  /** A column, with a dash in front for descending. */
  sort: string;
}

export interface TextCount {
  text: string;
  count: number;
}

export interface RowPage<Row> {
  /** How many there are, whatever is searched. */
  total: number;
  matching: number;
  rows: readonly Row[];
}

interface Read<Data> {
  queryKey: QueryKey;
  queryFn: (context: QueryFunctionContext) => Promise<Data>;
}

/** Keep it stable. */
export interface RowSource<Row> {
  page: (query: RowQuery & { offset: number; limit: number }) => Read<RowPage<Row>>;
  /** What a column says of how many rows. */
  texts: (column: string) => Read<readonly TextCount[]>;
  /** All that match, for the export. */
  readAll: (query: RowQuery) => Promise<readonly Row[]>;
}
