// Test of the report's schema as it is documented for programs: the file says what the code does.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { reportSchema } from './report.ts';

const documented = path.resolve(import.meta.dirname, '../../docs/filter-sdk/report.schema.json');

test('the documented schema is that of the report', () => {
  const made = z.toJSONSchema(reportSchema);
  expect(JSON.parse(readFileSync(documented, 'utf8'))).toEqual(JSON.parse(JSON.stringify(made)));
});
