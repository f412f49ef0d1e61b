// The same as a call: what a wizard is about to do, as a curl command against the REST face.
import { ROUTES, type RouteName } from '#lib/wire/api/routes.ts';

interface CallDescription {
  route: RouteName;
  parameters?: Readonly<Record<string, string>>;
  body?: unknown;
  /** Origin of the console, `http://127.0.0.1:3000`. */
  origin: string;
}

/** Multi-line, ready to paste; the token of `POST /session` stands in the variable TOKEN. */
export function curlCommand({ route, parameters = {}, body, origin }: CallDescription): string {
  const { method, path } = ROUTES[route];
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(parameters[name] ?? `{${name}}`),
  );
  const lines = [
    `curl -X ${method} '${origin}/api/v1${url}'`,
    `  -H "Authorization: Bearer $TOKEN"`,
  ];
  if (body !== undefined) {
    lines.push(`  -H 'Content-Type: application/json'`);
    lines.push(`  -d '${JSON.stringify(body).replaceAll("'", `'\\''`)}'`);
  }
  return lines.join(' \\\n');
}
