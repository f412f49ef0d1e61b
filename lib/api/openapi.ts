// The OpenAPI 3.1 document of the REST face, made of the same table that the server mounts.
import { z } from 'zod';
import { FAULTS, type FaultName } from '../model/fault.ts';
import { PROBLEM_TYPE, problemSchema } from '../wire/api/problem.ts';
import { ROUTES, type RouteRow } from '../wire/api/routes.ts';
import { changeMessageSchema } from '../wire/api/tasks.ts';

type Schema = Record<string, unknown>;
type Operation = Record<string, unknown>;

let document: Schema | null = null;

/** Made once: the table does not change while the program runs. */
export function openApiDocument(): Schema {
  document ??= makeDocument();
  return document;
}

function makeDocument(): Schema {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const [name, route] of Object.entries<RouteRow>(ROUTES)) {
    const entry = paths[route.path] ?? {};
    entry[route.method.toLowerCase()] = describeRoute(name, route);
    paths[route.path] = entry;
  }
  paths['/changes'] = { get: describeStream() };
  paths['/depot/files/{kind}/{fileName}'] = { get: describeDepotFile() };
  paths['/openapi.json'] = {
    get: {
      operationId: 'readOpenApi',
      responses: { 200: jsonContent('This document.', { type: 'object' }), ...problems() },
    },
  };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sluice',
      version: '1',
      description:
        'I/O filters on virtual disks. Sign in with POST /session, then send the session ' +
        'cookie or `Authorization: Bearer <token>`. Every refusal is a problem document that ' +
        'names the fault and all its reasons. Calls that take time answer with a task.',
    },
    servers: [{ url: '/api/v1' }],
    security: [{ bearer: [] }, { cookie: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        cookie: { type: 'apiKey', in: 'cookie', name: 'sluice_session' },
      },
      schemas: { Problem: toSchema(problemSchema, 'output') },
      responses: { Problem: problemResponse() },
    },
  };
}

function describeRoute(name: string, route: RouteRow): Operation {
  return {
    operationId: name,
    tags: [route.path.split('/')[1] ?? ''],
    parameters: [...pathParameters(route.path), ...queryParameters(route)],
    ...(route.body ? { requestBody: jsonBody(route.body) } : {}),
    ...(route.upload ? { requestBody: fileBody() } : {}),
    // Signing in is what gives a session.
    ...(name === 'signIn' ? { security: [] } : {}),
    responses: {
      200: jsonContent('Done.', toSchema(route.answer, 'output')),
      ...problems(),
    },
  };
}

function pathParameters(path: string): Schema[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    ...{ name, in: 'path', required: true, schema: { type: 'string' } },
  }));
}

function queryParameters({ query }: RouteRow): Schema[] {
  return Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: !z.safeParse(z.unknown().pipe(schema), undefined).success,
    schema: toSchema(schema, 'output'),
  }));
}

function jsonBody(schema: z.ZodType): Schema {
  return { required: true, content: { 'application/json': { schema: toSchema(schema, 'input') } } };
}

function fileBody(): Schema {
  const schema = { type: 'string', format: 'binary' };
  return { required: true, content: { 'application/octet-stream': { schema } } };
}

function jsonContent(description: string, schema: Schema): Schema {
  return { description, content: { 'application/json': { schema } } };
}

function problems(): Record<string, Schema> {
  return { default: { $ref: '#/components/responses/Problem' } };
}

function problemResponse(): Schema {
  const lines = Object.entries<{ http: number; when: string }>(FAULTS).map(
    ([fault, { http, when }]: [FaultName | string, { http: number; when: string }]) =>
      `- ${http} \`${fault}\`: ${when}`,
  );
  return {
    description: `Refused or failed:\n${lines.join('\n')}`,
    content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}

function describeStream(): Operation {
  return {
    operationId: 'followChanges',
    description:
      'Server-sent events: `changes` (its id is the version; resume with Last-Event-ID or ' +
      '`after`), `heartbeat`, and `reset` when the changes after the version are kept no longer.',
    parameters: [{ name: 'after', in: 'query', required: false, schema: { type: 'string' } }],
    responses: {
      200: {
        description: 'The stream. The data of a `changes` event is this:',
        content: { 'text/event-stream': { schema: toSchema(changeMessageSchema, 'output') } },
      },
      ...problems(),
    },
  };
}

function describeDepotFile(): Operation {
  return {
    operationId: 'readDepotFile',
    description: 'A file of the depot, for hosts, by a link that the controller has signed.',
    security: [],
    parameters: [
      ...pathParameters('/depot/files/{kind}/{fileName}'),
      { name: 'expires', in: 'query', required: true, schema: { type: 'integer' } },
      { name: 'token', in: 'query', required: true, schema: { type: 'string' } },
    ],
    responses: {
      200: {
        description: 'The file.',
        content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
      },
      ...problems(),
    },
  };
}

function toSchema(schema: z.ZodType, io: 'input' | 'output'): Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
