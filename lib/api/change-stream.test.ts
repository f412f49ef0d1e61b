// The change stream over a real database: live, resumed, and ending with the session or the server.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recordChange } from '../controller/changes/record-change.ts';
import { changeMessageSchema } from '../wire/api/tasks.ts';
import { openTestApi, type TestApi } from './test-api.ts';

let api: TestApi;
let token = '';

beforeAll(async () => {
  api = await openTestApi();
  token = await api.signIn('reader');
});
afterAll(() => api.close());

interface StreamEvent {
  type: string;
  id: string;
  objects: string[];
}

/** Reads the stream's events one by one. */
async function* follow(
  query = '',
  headers: Record<string, string> = {},
): AsyncGenerator<StreamEvent> {
  const response = await api.call(`/changes${query}`, {
    headers: { Authorization: `Bearer ${token}`, ...headers },
  });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  expect(response.headers.get('cache-control')).toContain('no-transform');
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    yield* blocks.map(parseBlock).filter(({ type }) => type !== 'message');
  }
}

function parseBlock(block: string): StreamEvent {
  const fields = new Map(
    block.split('\n').map((line): [string, string] => {
      const at = line.indexOf(': ');
      return [line.slice(0, at), line.slice(at + 2)];
    }),
  );
  const parsed = changeMessageSchema.safeParse(JSON.parse(fields.get('data') ?? 'null'));
  return {
    type: fields.get('event') ?? 'message',
    id: fields.get('id') ?? '',
    objects: parsed.success ? parsed.data.changes.map(({ object }) => object) : [],
  };
}

function change(object: string): Promise<void> {
  return api.test.database.$transaction((tx) => recordChange(tx, { object, path: 'state' }));
}

/** The next event that carries changes. */
async function next(stream: AsyncGenerator<StreamEvent>): Promise<StreamEvent> {
  for (;;) {
    const { value, done } = await stream.next();
    if (done) throw new Error('the stream has ended');
    if (value.type !== 'heartbeat') return value;
  }
}

it('tells changes as they are committed, and from where it is asked to', async () => {
  const stream = follow();
  // The first event says that the stream stands.
  expect((await stream.next()).value).toMatchObject({ type: 'heartbeat' });
  await change('vm-1');
  const first = await next(stream);
  expect(first).toMatchObject({ type: 'changes', objects: ['vm-1'] });
  await change('vm-2');
  const second = await next(stream);
  expect(second.objects).toEqual(['vm-2']);
  expect(BigInt(second.id)).toBeGreaterThan(BigInt(first.id));
  await stream.return(undefined);
  const resumed = follow('', { 'Last-Event-ID': first.id });
  expect((await next(resumed)).objects).toEqual(['vm-2']);
  await change('vm-3');
  expect((await next(resumed)).objects).toEqual(['vm-3']);
  await resumed.return(undefined);
  const after = follow(`?after=${second.id}`);
  expect((await next(after)).objects).toEqual(['vm-3']);
  await after.return(undefined);
});

it('reads from the database what came before the server, or says that it is gone', async () => {
  const { database: db } = api.test;
  const from = await db.change.aggregate({ _min: { version: true } });
  const oldest = from._min.version ?? 0n;
  const stream = follow(`?after=${oldest - 1n}`);
  expect(await next(stream)).toMatchObject({ type: 'changes' });
  await stream.return(undefined);
  await db.change.deleteMany({ where: { version: oldest } });
  const gone = follow('?after=0');
  expect(await next(gone)).toMatchObject({ type: 'reset' });
  await gone.return(undefined);
});

it('ends when the server stops', async () => {
  const stream = follow();
  await stream.next();
  api.stop();
  const rest: StreamEvent[] = [];
  for await (const event of stream) rest.push(event);
  expect(rest).toEqual([]);
});
