// The search language of tables: words that must occur anywhere, `field:word` in one column,
// `field:a,b` for either, `field>5` and `field<5` for numbers, a leading - for "not", quotes
// around blanks. All terms must hold. Pure.
import { columnText, type TableColumn } from './table-column.ts';

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
  columns: readonly TableColumn<Row>[],
): (row: Row) => boolean {
  const tests = terms.map((term) => {
    const inField = columns.filter((column) => term.field === '' || column.id === term.field);
    const holds = (row: Row) => inField.some((column) => termHolds(term, column, row));
    return (row: Row) => holds(row) !== term.negated;
  });
  return (row) => tests.every((test) => test(row));
}

function termHolds<Row>(term: QueryTerm, column: TableColumn<Row>, row: Row): boolean {
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
