// The call of a route: parameters in their places and escaped, a body only where there is one.
import { describe, expect, it } from 'vitest';
import { learnRoutes } from '#lib/client/route-addresses.ts';
import { routeTable } from '#lib/wire/api/route-table.ts';
import { apiCall } from './api-call.ts';

learnRoutes(routeTable());

describe('apiCall', () => {
  it('fills in and escapes path parameters', () => {
    expect(apiCall('uninstallIoFilter', { id: 'domain-c7', filterId: 'Sluice_qos 1/0' })).toEqual({
      method: 'DELETE',
      path: '/clusters/domain-c7/io-filters/Sluice_qos%201%2F0',
    });
  });

  it('carries the body', () => {
    expect(apiCall('migrateVm', { id: 'vm-1' }, { hostId: 'host-2' })).toEqual({
      method: 'POST',
      path: '/vms/vm-1/migrate',
      body: { hostId: 'host-2' },
    });
  });
});
