// A call of the REST face as the kit's SameAsCall wants it, made from the table of routes.
import type { Json } from '#lib/base/json.ts';
import { addressOf } from '#lib/client/route-addresses.ts';
import type { RouteName } from '#lib/wire/api/routes.ts';
import type { ApiCall } from '../ui/same-as-call.tsx';

export function apiCall(
  route: RouteName,
  parameters: Readonly<Record<string, string>> = {},
  body?: Json,
): ApiCall {
  const { method, path } = addressOf(route);
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(parameters[name] ?? ''),
  );
  return body === undefined ? { method, path: filled } : { method, path: filled, body };
}
