// The rows of tables of virtual machines, of all or of one host or cluster, as the server has them.
import { useMemo } from 'react';
import { readAllVms, type VmPlace, vmPageQuery, vmTextsQuery } from '#lib/client/vm-list.ts';
import type { VmSummary } from '#lib/wire/api/inventory.ts';
import type { RowSource } from '../tables/row-source.ts';

/** The same for the life of the table. */
export function useVmSource({ hostId, clusterId }: VmPlace): RowSource<VmSummary> {
  return useMemo(() => {
    const place = { ...(hostId && { hostId }), ...(clusterId && { clusterId }) };
    return {
      page: (query) => vmPageQuery({ ...query, ...place }),
      texts: (column) => vmTextsQuery({ column, ...place }),
      readAll: (query) => readAllVms({ ...query, ...place }),
    };
  }, [hostId, clusterId]);
}
