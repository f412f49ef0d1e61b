// Types that are drawn from the table of routes: what a call takes and what it answers.
import type { z } from 'zod';
import type { ROUTES, RouteName } from './routes.ts';

type Routes = typeof ROUTES;

/** The names in braces of a path: `'id' | 'key'` of `/vms/{id}/disks/{key}`. */
export type ParamNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamNames<Rest>
  : never;

/** What a route answers. */
export type Answer<Name extends RouteName> = z.output<Routes[Name]['answer']>;

/** Path parameters of a route, as text. */
export type Params<Name extends RouteName> = Record<ParamNames<Routes[Name]['path']>, string>;

/** The query of a route, parsed; `undefined` where it has none. */
export type Query<Name extends RouteName> = Routes[Name] extends { query: infer Schema }
  ? OutputOf<Schema>
  : undefined;

/** The JSON body of a route, parsed; `undefined` where it has none. */
export type Body<Name extends RouteName> = Routes[Name] extends { body: infer Schema }
  ? OutputOf<Schema>
  : undefined;

/** Whether the body of a route is a file. */
export type IsUpload<Name extends RouteName> = Routes[Name] extends { upload: 'binary' }
  ? true
  : false;

type OutputOf<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;
