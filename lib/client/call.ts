// One typed call of the REST face, by its name in the table of routes:
//   await call('readVm', { params: { id } })
//   await call('setPower', { params: { id }, body: { powerState: 'poweredOn' } })
import type { z } from 'zod';
import { VERSION_HEADER } from '../wire/api/change-stream.ts';
import type { RouteAddress } from '../wire/api/route-table.ts';
import type { Answer, ParamNames } from '../wire/api/route-types.ts';
import type { ROUTES, RouteName } from '../wire/api/routes.ts';
import { ProblemError, problemOf, unreachableServer } from './problem-error.ts';
import { addressOf } from './route-addresses.ts';
import { seenVersion } from './seen-version.ts';

export const API_BASE = '/api/v1';

type Routes = typeof ROUTES;
type ParamsOption<Path extends string> = [ParamNames<Path>] extends [never]
  ? { params?: undefined }
  : { params: Record<ParamNames<Path>, string> };
type QueryOption<Route> = Route extends { query: infer Query extends z.ZodType }
  ? QueryFields<z.input<Query>>
  : { query?: undefined };
// Numbers in a query are read from text, so that their input type says nothing: take the output's,
// optional.
type QueryFields<Input> =
  Record<string, never> extends Input
    ? { query?: { [Key in keyof Input]?: string | number } }
    : { query: { [Key in keyof Input]: string | number | undefined } };
type BodyOption<Route> = Route extends { body: infer Body extends z.ZodType }
  ? Record<string, never> extends z.input<Body>
    ? { body?: z.input<Body> }
    : { body: z.input<Body> }
  : { body?: undefined };
type FileOption<Route> = Route extends { upload: 'binary' } ? { file: Blob } : { file?: undefined };

/** What a call of the route takes: path parameters, query, body, file; and a signal to abort it. */
export type CallOptions<Name extends RouteName> = ParamsOption<Routes[Name]['path']> &
  QueryOption<Routes[Name]> &
  BodyOption<Routes[Name]> &
  FileOption<Routes[Name]> & { signal?: AbortSignal };

/** The options as an argument that may be left out where none is required. */
export type CallArguments<Name extends RouteName> =
  Record<string, never> extends CallOptions<Name>
    ? [options?: CallOptions<Name>]
    : [options: CallOptions<Name>];

/**
 * Calls the route. Throws a ProblemError for every refusal and failure, also when no answer came.
 */
export function call<Name extends RouteName>(
  name: Name,
  ...options: CallArguments<Name>
): Promise<Answer<Name>>;
export function call<Name extends RouteName>(
  name: Name,
  options: LooseOptions = {},
): Promise<Answer<Name>> {
  return callRoute(name, options);
}

/** As `call`, for callers that are generic over the route themselves. */
export function callRoute<Name extends RouteName>(
  name: Name,
  options: LooseOptions,
): Promise<Answer<Name>> {
  // The server's handlers are held to the same table of types, and a test holds their answers to
  // its schemas; parsing them once more here would cost every page the parser.
  return request<Answer<Name>>(addressOf(name), options);
}

export interface LooseOptions {
  params?: Record<string, string> | undefined;
  query?: Record<string, string | number | undefined> | undefined;
  body?: unknown;
  file?: Blob | undefined;
  signal?: AbortSignal | undefined;
}

/** The address of a route with its parameters filled in. */
export function urlOf(route: RouteAddress, { params, query }: LooseOptions): string {
  const path = route.path.replace(/\{(\w+)\}/g, (_, key: string) =>
    encodeURIComponent(params?.[key] ?? ''),
  );
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined) search.set(key, String(value));
  }
  return search.size === 0 ? `${API_BASE}${path}` : `${API_BASE}${path}?${search}`;
}

async function request<Result>(route: RouteAddress, options: LooseOptions): Promise<Result> {
  const { file, signal } = options;
  const init: RequestInit = { method: route.method, headers: { Accept: 'application/json' } };
  if (signal) init.signal = signal;
  if (route.hasBody) {
    init.headers = { ...init.headers, 'Content-Type': 'application/json' };
    init.body = JSON.stringify(options.body ?? {});
  }
  if (file) {
    init.headers = { ...init.headers, 'Content-Type': 'application/octet-stream' };
    init.body = file;
  }
  const response = await send(urlOf(route, options), init);
  seenVersion.noteAnswer(response.headers.get(VERSION_HEADER));
  if (!response.ok) throw await problemOf(response);
  try {
    return await response.json();
  } catch (error) {
    const detail = 'The server gave an answer that this page does not understand. Reload the page.';
    throw new ProblemError({ fault: 'SystemError', status: response.status, detail }, error);
  }
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw unreachableServer(error);
  }
}
