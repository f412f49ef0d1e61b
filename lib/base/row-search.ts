// How rows are searched and sorted, in the browser and on the server alike. The search language:
// words that must occur anywhere, `field:word` in one column, `field:a,b` for either, `field>5` and
// `field<5` for numbers, a leading - for "not", quotes around blanks. All terms must hold. Pure.

export type ColumnValue = string | number | boolean | null;

/** What searching and sorting know of a column. */
export interface SearchColumn<Row> {
  /** Also the field's name in a search: `id:text`. Letters, digits, - and _. */
  id: string;
  /** Sorted, searched and exported by this; dates as ISO text. */
  value: (row: Row) => ColumnValue;
  /**
   * What searching and export see where the value itself is not what people read ("Powered on").
   */
  text?: (row: Row) => string;
  /** Of a cell with several values: each of them, as its filter lists them. */
  parts?: (row: Row) => readonly string[];
}

export function columnText<Row>(column: SearchColumn<Row>, row: Row): string {
  if (column.text) return column.text(row);
  const value = column.value(row);
  return value === null ? '' : String(value);
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Texts as people sort them (esx2 before esx10), numbers by size; what is missing goes last. */
export function comparerOf<Row>(column: SearchColumn<Row>): (a: Row, b: Row) => number {
  return (a, b) => {
    const left = column.value(a);
    const right = column.value(b);
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    if (typeof left === 'number' && typeof right === 'number') return left - right;
    return collator.compare(columnText(column, a), columnText(column, b));
  };
}

/** How many rows have which text in the column, by text; a cell of several counts for each. */
export function countTexts<Row>(
  column: SearchColumn<Row>,
  rows: readonly Row[],
): { text: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    for (const text of column.parts?.(row) ?? [columnText(column, row)]) {
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
  }
  return [...counts]
    .map(([text, count]) => ({ text, count }))
    .sort((a, b) => (a.text < b.text ? -1 : 1));
}

export interface QueryTerm {
  negated: boolean;
  /** Empty: any column. */
  field: string;
  operator: ':' | '>' | '<';
  values: string[];
}

const TOKEN = /(-?)(?:([A-Za-z][\w-]*)([:<>]))?((?:"[^"]*"?|[^\s"])*)/g;

/** Never fails: what is no term of a known field is a word. Values come in lower case. */
export function parseQuery(text: string, fields: readonly string[]): QueryTerm[] {
  const known = new Map(fields.map((field) => [field.toLowerCase(), field]));
  const terms: QueryTerm[] = [];
  for (const match of text.trim().matchAll(TOKEN)) {
    const [, minus = '', name = '', operator = '', rest = ''] = match;
    const field = known.get(name.toLowerCase());
    const isField = field !== undefined && (operator === ':' || Number.isFinite(asNumber(rest)));
    const values = isField ? splitValues(rest) : [unquote(name + operator + rest)];
    const filled = values.filter((value) => value !== '');
    if (filled.length === 0) continue;
    terms.push({
      negated: minus === '-',
      field: isField ? field : '',
      operator: isField && operator !== '' ? readOperator(operator) : ':',
      values: filled,
    });
  }
  return terms;
}

/** The text of terms, as a person would type it. */
export function formatQuery(terms: readonly QueryTerm[]): string {
  return terms
    .map(({ negated, field, operator, values }) => {
      const list = values.map(quote).join(',');
      return `${negated ? '-' : ''}${field === '' ? list : field + operator + list}`;
    })
    .join(' ');
}

/** A term for one column in place of those it had; no values takes it out. */
export function withFieldTerm(text: string, options: FieldTerm): string {
  const { field, values, fields } = options;
  const others = parseQuery(text, fields).filter(
    (term) => term.field !== field || term.negated || term.operator !== ':',
  );
  const lower = values.map((value) => value.toLowerCase());
  const added = { negated: false, field, operator: ':' as const, values: lower };
  return formatQuery(lower.length > 0 ? [...others, added] : others);
}

export interface FieldTerm {
  field: string;
  values: readonly string[];
  fields: readonly string[];
}

/** A row passes when every term holds. */
export function matcherOf<Row>(
  terms: readonly QueryTerm[],
  columns: readonly SearchColumn<Row>[],
): (row: Row) => boolean {
  const tests = terms.map((term) => {
    const inField = columns.filter((column) => term.field === '' || column.id === term.field);
    const holds = (row: Row) => inField.some((column) => termHolds(term, column, row));
    return (row: Row) => holds(row) !== term.negated;
  });
  return (row) => tests.every((test) => test(row));
}

function termHolds<Row>(term: QueryTerm, column: SearchColumn<Row>, row: Row): boolean {
  if (term.operator === ':') {
    const text = columnText(column, row).toLowerCase();
    return term.values.some((value) => text.includes(value));
  }
  const value = column.value(row);
  const limit = asNumber(term.values[0] ?? '');
  if (typeof value !== 'number') return false;
  return term.operator === '>' ? value > limit : value < limit;
}

function readOperator(text: string): ':' | '>' | '<' {
  return text === '>' || text === '<' ? text : ':';
}

function asNumber(text: string): number {
  return text === '' ? Number.NaN : Number(text);
}

/** Commas part values, except within quotes. */
function splitValues(text: string): string[] {
  return [...text.matchAll(/(?:"[^"]*"?|[^,"])+/g)].map(([value]) => unquote(value));
}

function unquote(text: string): string {
  return text.replaceAll('"', '').toLowerCase();
}

function quote(value: string): string {
  return /[\s,:<>]|^-/.test(value) ? `"${value}"` : value;
}
