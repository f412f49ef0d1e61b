// What a new filter's project is made from.
import type { FilterClass } from '#lib/model/filter-class.ts';

export interface ProjectSettings {
  directory: string;
  /** Of the filter: `my-filter`. */
  name: string;
  filterClass: FilterClass;
  vendor: string;
  sluiceRoot: string;
  /** ISO 8601 with an offset. */
  releaseDate: string;
}
