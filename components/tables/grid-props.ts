// What the grid of a table and its header are given.
import type { MenuItem } from '#components/ui/overlays/menu-item.ts';
import type { TableColumn } from './table-column.ts';
import type { TableModel } from './table-model.ts';
import type { TableUrl } from './use-table-url.ts';

export interface TableGridProps<Row extends object> {
  id: string;
  label: string;
  columns: readonly TableColumn<Row>[];
  allColumns: readonly TableColumn<Row>[];
  rows: readonly Row[];
  model: TableModel<Row>;
  url: TableUrl;
  selectable: boolean;
  filterable: boolean;
  openId: string | null;
  onOpen?: (row: Row) => void;
  rowMenu?: (row: Row) => readonly MenuItem[];
  onSearch: () => void;
}
