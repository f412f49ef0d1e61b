// The addresses of all routes, without their schemas: what a page is given, so that the browser
// needs no parser to make calls.
import { ROUTES, type RouteRow } from './routes.ts';

export interface RouteAddress {
  method: RouteRow['method'];
  path: string;
  /** Whether the route takes a JSON body. */
  hasBody: boolean;
}

/** By the routes' names. */
export type RouteTable = Readonly<Record<string, RouteAddress>>;

export function routeTable(): RouteTable {
  const rows: [string, RouteRow][] = Object.entries(ROUTES);
  return Object.fromEntries(
    rows.map(([name, { method, path, body }]) => [
      name,
      { method, path, hasBody: body !== undefined },
    ]),
  );
}
