// Puts one route of the table onto the server: session, right to read, parsed input, answer.
import type { Hono } from 'hono';
import { requirePrivileges } from '../controller/permissions/missing-privileges.ts';
import { parseInput } from '../controller/tasks/parse-input.ts';
import { ROOT_FOLDER_ID } from '../model/inventory.ts';
import { VERSION_HEADER } from '../wire/api/change-stream.ts';
import type { RouteRow } from '../wire/api/routes.ts';
import type { ApiContext } from './api-context.ts';
import type { Surroundings } from './handlers.ts';
import { readJson, readUpload } from './read-body.ts';
import { addressOf, requireSession } from './request-session.ts';

export interface LooseRequest extends Surroundings {
  params: Record<string, string>;
  query: unknown;
  body: unknown;
  upload: AsyncIterable<Uint8Array> | undefined;
}

/** `/vms/{id}` as the server's router writes it. */
export function routerPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** A handler as the server calls it: what it is given was parsed by the schemas of its route. */
export interface MountedRoute {
  route: RouteRow;
  handle(request: LooseRequest): Promise<unknown>;
}

export function mountRoute(app: Hono, context: ApiContext, { route, handle }: MountedRoute): void {
  app.on(route.method, routerPath(route.path), async (c) => {
    const request = c.req.raw;
    const session = await requireSession(request, context);
    if (route.path !== '/session') await requireRead(context, session.caller);
    const answer = await handle({
      context,
      session,
      address: addressOf(request),
      userAgent: request.headers.get('user-agent') ?? '',
      params: c.req.param(),
      query: route.query ? parseInput(route.query, c.req.query()) : undefined,
      body: route.body ? parseInput(route.body, await readJson(request)) : undefined,
      upload: route.upload ? readUpload(request) : undefined,
    });
    return answerJson(answer, context);
  });
}

/** An answer that no cache keeps, with the version from which the change stream goes on. */
export function answerJson(answer: unknown, { changes }: Pick<ApiContext, 'changes'>): Response {
  const version = changes.version;
  return Response.json(answer, {
    headers: {
      'Cache-Control': 'no-store',
      ...(version === null ? {} : { [VERSION_HEADER]: version.toString() }),
    },
  });
}

/** Whoever may not even look is told so; what else a call needs, its operation asks for. */
async function requireRead(
  { db }: ApiContext,
  caller: Surroundings['session']['caller'],
): Promise<void> {
  await requirePrivileges(db, caller, [{ privilege: 'System.Read', objectId: ROOT_FOLDER_ID }]);
}
