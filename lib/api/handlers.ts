// The shape of the table that answers the table of routes: one handler for each, checked by name
// and type.
import type { FoundSession } from '../controller/sessions/find-session.ts';
import type { Answer, Body, IsUpload, Params, Query } from '../wire/api/route-types.ts';
import type { RouteName } from '../wire/api/routes.ts';
import type { ApiContext } from './api-context.ts';

/** What every handler is given besides its parsed input. */
export interface Surroundings {
  context: ApiContext;
  session: FoundSession;
  /** Where the request came from, as far as that can be known. */
  address: string;
  userAgent: string;
}

export interface RouteRequest<Name extends RouteName> extends Surroundings {
  params: Params<Name>;
  query: Query<Name>;
  body: Body<Name>;
  /** The bytes of an uploaded file, as they come. */
  upload: IsUpload<Name> extends true ? AsyncIterable<Uint8Array> : undefined;
}

export type Handler<Name extends RouteName> = (
  request: RouteRequest<Name>,
) => Promise<Answer<Name>>;

/** Handlers of some routes; `satisfies Handlers<'readVm' | …>` types each by its name. */
export type Handlers<Names extends RouteName> = { [Name in Names]: Handler<Name> };
