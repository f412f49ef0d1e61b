// Where each route is, as the page was told by the server. Kept here and not in React's context,
// since calls are made outside of components too.
import { assert } from '../base/assert.ts';
import type { RouteAddress, RouteTable } from '../wire/api/route-table.ts';
import type { RouteName } from '../wire/api/routes.ts';

let known: RouteTable = {};

/** Called once, before the first call. */
export function learnRoutes(table: RouteTable): void {
  known = table;
}

export function addressOf(name: RouteName): RouteAddress {
  const address = known[name];
  assert(address !== undefined, `The route ${name} is in the table that the page was given.`);
  return address;
}
