// What of the processes' output reaches the terminal, and that all of it reaches their logs.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openOutput } from './output.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'sluice-output-'));
let said: string[] = [];

beforeAll(() => {
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said.push(String(text).trimEnd());
    return true;
  });
});

afterAll(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

test('warnings are shown with the first line of their reason, the rest is in the log', () => {
  said = [];
  const output = openOutput(folder);
  const failed = JSON.stringify({
    level: 50,
    msg: 'request failed',
    err: { message: '\nEIO\nat' },
  });
  output.line('web', 'stdout', failed);
  output.line(
    'web',
    'stdout',
    JSON.stringify({ level: 40, msg: 'late', err: { message: 'late' } }),
  );
  output.line('web', 'stdout', JSON.stringify({ level: 30, msg: 'ready' }));
  output.line('web', 'stderr', 'listen EADDRINUSE');
  output.line('web', 'stderr', '    at Server.listen');
  expect(said).toEqual(['[web] request failed: EIO', '[web] late', '[web] listen EADDRINUSE']);
  const lines = readFileSync(path.join(folder, 'web.log'), 'utf8').trimEnd().split('\n');
  expect(lines).toHaveLength(5);
  expect(lines[0]).toBe(failed);
});
