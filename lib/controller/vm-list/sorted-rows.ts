// Rows kept in each order that was asked for: sorting ten thousand texts as people sort them takes
// longer than a page may, so an order is made once and changed rows are put into their places.
import { comparerOf, type SearchColumn } from '../../base/row-search.ts';

/** Of more than this share it is cheaper to sort again. */
const CHANGED_SHARE = 0.05;

type Comparer<Row> = (a: Row, b: Row) => number;

interface Order<Row> {
  rows: Row[];
  compare: Comparer<Row>;
}

export class SortedRows<Row extends { id: string }> {
  readonly #columns: readonly SearchColumn<Row>[];
  #byId: Map<string, Row>;
  /** Two for each column at most. */
  readonly #orders = new Map<string, Order<Row>>();

  /** Rows that are equal in a column go by the first one. */
  constructor(columns: readonly SearchColumn<Row>[], rows: readonly Row[]) {
    this.#columns = columns;
    this.#byId = new Map(rows.map((row) => [row.id, row]));
  }

  get rows(): Iterable<Row> {
    return this.#byId.values();
  }

  get size(): number {
    return this.#byId.size;
  }

  /** `name`, or `-name` for descending; by the first column for one that is not known. */
  inOrder(sort: string): readonly Row[] {
    const descending = sort.startsWith('-');
    const wanted = descending ? sort.slice(1) : sort;
    const column = this.#columns.find(({ id }) => id === wanted) ?? this.#columns[0];
    // By what was found and not by what was sent: callers may send any text.
    const key = `${descending ? '-' : ''}${column?.id ?? ''}`;
    const known = this.#orders.get(key);
    if (known) return known.rows;
    const compare = this.#comparerOf(column, descending);
    const rows = [...this.#byId.values()].sort(compare);
    this.#orders.set(key, { rows, compare });
    return rows;
  }

  /** Takes the rows of these ids out, and these in; the ids include those of the new rows. */
  replace(ids: ReadonlySet<string>, fresh: readonly Row[]): void {
    for (const id of ids) this.#byId.delete(id);
    for (const row of fresh) this.#byId.set(row.id, row);
    if (ids.size > this.#byId.size * CHANGED_SHARE) {
      this.#orders.clear();
      return;
    }
    for (const order of this.#orders.values()) {
      const kept = order.rows.filter(({ id }) => !ids.has(id));
      order.rows = merged(kept, [...fresh].sort(order.compare), order.compare);
    }
  }

  #comparerOf(column: SearchColumn<Row> | undefined, descending: boolean): Comparer<Row> {
    const [first] = this.#columns;
    if (!column || !first) return () => 0;
    const main = comparerOf(column);
    const tie = comparerOf(first);
    return (a, b) => (descending ? -main(a, b) : main(a, b)) || tie(a, b);
  }
}

/** Few new ones into many: each finds its place by halving. */
function merged<Row>(kept: readonly Row[], fresh: readonly Row[], compare: Comparer<Row>): Row[] {
  const result: Row[] = [];
  let taken = 0;
  for (const row of fresh) {
    const place = placeOf(kept, row, { from: taken, compare });
    result.push(...kept.slice(taken, place));
    taken = place;
    result.push(row);
  }
  return result.concat(kept.slice(taken));
}

function placeOf<Row>(
  rows: readonly Row[],
  row: Row,
  { from, compare }: { from: number; compare: Comparer<Row> },
): number {
  let low = from;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = rows[middle];
    if (other !== undefined && compare(other, row) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
