// What becomes of what a request throws: told, and logged when nobody expected it.
import { createServer, type Server } from 'node:http';
import { createConnection } from 'node:net';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { systemRandom } from '../base/system-random.ts';
import { Fault } from '../model/fault.ts';
import { answerProblem } from './problems.ts';

function answer(thrown: unknown) {
  const lines: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  return { response: answerProblem(thrown, { logger, random: systemRandom }), lines };
}

test('a fault is told and not logged, a surprise is logged under a reference', async () => {
  const told = answer(new Fault('NotFound', 'There is no VM 7.'));
  expect(told.response.status).toBe(404);
  expect(await told.response.json()).toMatchObject({ fault: 'NotFound' });
  expect(told.lines).toEqual([]);
  const surprise = answer(new TypeError('x is not a function'));
  expect(surprise.response.status).toBe(500);
  expect(await surprise.response.text()).not.toContain('not a function');
  expect(surprise.lines[0]).toContain('not a function');
});

test('a client that leaves while its body is read is no failure of the product', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const thrown = await new Promise((resolve) => {
    server.once('request', (incoming) => {
      incoming.once('error', resolve);
      incoming.once('data', () => client.destroy());
    });
    const client = createConnection({ host: '127.0.0.1', port: portOf(server) });
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf');
  });
  server.close();
  const { response, lines } = answer(thrown);
  expect([response.status, lines]).toEqual([499, []]);
});

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
