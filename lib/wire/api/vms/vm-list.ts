// Long lists of virtual machines: a page of those that match a search, in an order, so that nobody
// is sent ten thousand to show thirty.
import { z } from 'zod';
import { vmSummarySchema } from '../inventory.ts';

const objectId = z.string().regex(/^[a-z0-9-]{1,80}$/);

const searchedVms = z.object({
  /** In the search language of the tables: `name:web -power:"powered off" cpu>0.5`. */
  search: z.string().max(2_000).default(''),
  /** A column, with a dash in front for descending: `name`, `-cpu`. */
  sort: z
    .string()
    .regex(/^-?[a-z]{1,40}$/)
    .default('name'),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  /** Only those on one host. */
  hostId: objectId.optional(),
  /** Only those on the hosts of one cluster. */
  clusterId: objectId.optional(),
});
export type SearchedVms = z.output<typeof searchedVms>;

const vmPageSchema = z.object({
  /** How many there are, whatever is searched. */
  total: z.number().int(),
  matching: z.number().int(),
  rows: z.array(vmSummarySchema),
});
export type VmPage = z.infer<typeof vmPageSchema>;

const exampleSchema = z.object({ id: z.string(), name: z.string() }).nullable();
const vmTotalsSchema = z.object({
  total: z.number().int(),
  poweredOn: z.number().int(),
  /** With an I/O filter on a disk. */
  filtered: z.number().int(),
  /** The first of them by name. */
  firstPoweredOn: exampleSchema,
  firstFiltered: exampleSchema,
});
export type VmTotals = z.infer<typeof vmTotalsSchema>;

export const VM_LIST_ROUTES = {
  queryVms: { method: 'GET', path: '/vm-list', query: searchedVms, answer: vmPageSchema },
  /** Which texts a column has, and how often; an unknown column has none. */
  listVmTexts: {
    method: 'GET',
    path: '/vm-list/texts',
    query: searchedVms.pick({ hostId: true, clusterId: true }).extend({
      column: z
        .string()
        .regex(/^[a-z]{1,40}$/)
        .default('power'),
    }),
    answer: z.array(z.object({ text: z.string(), count: z.number().int() })),
  },
  readVmTotals: {
    method: 'GET',
    path: '/vm-list/totals',
    query: searchedVms.pick({ hostId: true, clusterId: true }),
    answer: vmTotalsSchema,
  },
} as const;
