// The REST face below /api/v1: every route of the table, signing in, the change stream, files for
// hosts, and the OpenAPI document. Everything but signing in and signed links needs a session.
import { Hono } from 'hono';
import { findSession } from '../controller/sessions/find-session.ts';
import { signIn } from '../controller/sessions/sign-in.ts';
import { parseInput } from '../controller/tasks/parse-input.ts';
import { ROUTES, type RouteName } from '../wire/api/routes.ts';
import type { ApiContext } from './api-context.ts';
import { changeStream } from './change-stream.ts';
import { haRoutes } from './data-services/ha-routes.ts';
import { keyRoutes } from './data-services/key-routes.ts';
import { objectRoutes } from './data-services/object-routes.ts';
import { onlineDepotRoutes } from './data-services/online-depot-routes.ts';
import { replicationRoutes } from './data-services/replication-routes.ts';
import { resourcePoolRoutes } from './data-services/resource-pool-routes.ts';
import { answerDepotFile } from './depot-file.ts';
import { flashRoutes } from './flash-routes.ts';
import type { Handlers } from './handlers.ts';
import { importRoutes } from './imports/import-routes.ts';
import { inventoryRoutes } from './inventory-routes.ts';
import { lifeCycleRoutes } from './life-cycle-routes.ts';
import { answerJson, mountRoute, routerPath } from './mount-route.ts';
import { openApiDocument } from './openapi.ts';
import { policyRoutes } from './policy-routes.ts';
import { answerProblem, refuse } from './problems.ts';
import { readJson } from './read-body.ts';
import {
  addressOf,
  EXPIRED_COOKIE,
  requireOwnOrigin,
  requireSession,
  sessionCookie,
} from './request-session.ts';
import { sessionRoutes } from './session-routes.ts';
import { taskRoutes } from './task-routes.ts';
import { vmOperationRoutes } from './vm-operation-routes.ts';
import { vmRoutes } from './vm-routes.ts';

export const API_BASE = '/api/v1';

/** Every route but signing in, which makes the session that all others need. */
const HANDLERS: Handlers<Exclude<RouteName, 'signIn'>> = {
  ...sessionRoutes,
  ...inventoryRoutes,
  ...flashRoutes,
  ...lifeCycleRoutes,
  ...haRoutes,
  ...importRoutes,
  ...objectRoutes,
  ...vmRoutes,
  ...vmOperationRoutes,
  ...policyRoutes,
  ...onlineDepotRoutes,
  ...resourcePoolRoutes,
  ...keyRoutes,
  ...replicationRoutes,
  ...taskRoutes,
};

export function createApi(context: ApiContext): Hono {
  const app = new Hono().basePath(API_BASE);
  app.onError((error) => answerProblem(error, context));
  app.use('*', async (c, next) => {
    await next();
    c.header('X-Content-Type-Options', 'nosniff');
  });
  mountSignIn(app, context);
  mountStream(app, context);
  mountDepotFiles(app, context);
  app.get('/openapi.json', async (c) => {
    await requireSession(c.req.raw, context);
    return c.json(openApiDocument());
  });
  for (const name of routeNames()) {
    if (name !== 'signIn')
      mountRoute(app, context, { route: ROUTES[name], handle: HANDLERS[name] });
  }
  // Hono's order is the order of mounting: this sees the requests whose path is known and method is
  // not.
  for (const [path, methods] of methodsByPath()) {
    app.all(routerPath(path), () => {
      const message = `${path} takes ${methods.join(', ')}.`;
      return refuse('InvalidArgument', message, {
        status: 405,
        headers: { Allow: methods.join(', ') },
      });
    });
  }
  app.notFound((c) => refuse('NotFound', `There is no ${c.req.path} here.`));
  return app;
}

function mountSignIn(app: Hono, context: ApiContext): void {
  app.post(ROUTES.signIn.path, async (c) => {
    const request = c.req.raw;
    if (request.headers.has('origin')) requireOwnOrigin(request, context.publicUrl);
    const body = parseInput(ROUTES.signIn.body, await readJson(request));
    const userAgent = request.headers.get('user-agent') ?? '';
    const address = addressOf(request);
    const { token, view } = await signIn(context, { ...body, address, userAgent });
    const response = answerJson(view, context);
    response.headers.set('Set-Cookie', sessionCookie(token, context));
    return response;
  });
  app.use(ROUTES.signOut.path, async (c, next) => {
    await next();
    if (c.req.method === 'DELETE' && c.res.ok) c.header('Set-Cookie', EXPIRED_COOKIE);
  });
}

function mountStream(app: Hono, context: ApiContext): void {
  app.get('/changes', async (c) => {
    const request = c.req.raw;
    const { token } = await requireSession(request, context);
    return changeStream({
      context,
      after: request.headers.get('last-event-id') ?? c.req.query('after') ?? null,
      signal: request.signal,
      isSessionAlive: async () => (await findSession(context, token)) !== null,
    });
  });
}

function mountDepotFiles(app: Hono, context: ApiContext): void {
  app.get('/depot/files/:kind/:fileName', (c) =>
    answerDepotFile({ ...c.req.param(), query: c.req.query() }, context),
  );
}

function routeNames(): RouteName[] {
  return Object.keys(ROUTES).filter((name): name is RouteName => name in ROUTES);
}

function methodsByPath(): Map<string, string[]> {
  const methods = new Map<string, string[]>([
    ['/changes', ['GET']],
    ['/openapi.json', ['GET']],
    ['/depot/files/{kind}/{fileName}', ['GET']],
  ]);
  for (const { path, method } of Object.values(ROUTES)) {
    methods.set(path, [...(methods.get(path) ?? []), method]);
  }
  return methods;
}
