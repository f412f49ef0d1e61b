// A call survives the shell that it is pasted into.
import { expect, test } from 'vitest';
import { curlOf } from './same-as-call.tsx';

test('a body with quotes', () => {
  const body = { name: "Gold's" };
  expect(curlOf({ method: 'POST', path: '/policies', body }, 'http://host')).toBe(
    [
      "curl -X POST 'http://host/api/v1/policies'",
      '-H "Authorization: Bearer $TOKEN"',
      "-H 'Content-Type: application/json'",
      `-d '{"name":"Gold'\\''s"}'`,
    ].join(' \\\n  '),
  );
});

test('no body, no content type', () => {
  expect(curlOf({ method: 'GET', path: '/vms' }, 'http://host')).not.toContain('Content-Type');
});
