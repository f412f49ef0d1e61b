// What the grid of a table and its header are given.
import type { MenuItem } from '#components/ui/overlays/menu-item.ts';
import type { RowSource } from './row-source.ts';
import type { TableColumn } from './table-column.ts';
import type { TableModel } from './table-model.ts';
import type { TableUrl } from './use-table-url.ts';

export interface TableGridProps<Row extends object> {
  id: string;
  label: string;
  columns: readonly TableColumn<Row>[];
  allColumns: readonly TableColumn<Row>[];
  rows: readonly Row[];
  source?: RowSource<Row> | undefined;
  model: TableModel<Row>;
  /** Told which rows are in view, by number. */
  onRange?: ((first: number, last: number) => void) | undefined;
  url: TableUrl;
  selectable: boolean;
  filterable: boolean;
  openId: string | null;
  onOpen?: ((row: Row) => void) | undefined;
  rowMenu?: ((row: Row) => readonly MenuItem[]) | undefined;
  onSearch: () => void;
}
