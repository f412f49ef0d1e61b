// npm run tidy: prints what breaks the rules of the code, and fails when anything does.
import path from 'node:path';
import { checkTree } from './check-tree.ts';

const since = performance.now();
const violations = checkTree(path.join(import.meta.dirname, '..', '..'));
for (const { file, line, rule, message } of violations) {
  process.stdout.write(`${file}:${line}  ${rule}: ${message}\n`);
}
const seconds = ((performance.now() - since) / 1000).toFixed(1);
process.stdout.write(`${violations.length} violations, ${seconds} s\n`);
process.exitCode = violations.length > 0 ? 1 : 0;
