// A reporter of vitest that writes down the errors which belong to no test: its JSON report has
// none of them, and a run that fails for nothing else would not say why.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Reporter } from 'vitest/node';

const results = path.join(import.meta.dirname, '..', '..', '.test-results');

export default class UnhandledErrorsReporter implements Reporter {
  onTestRunEnd(_modules: unknown, errors: readonly { message: string; stack?: string }[]): void {
    mkdirSync(results, { recursive: true });
    const texts = errors.map(({ message, stack }) => `${message}\n${stack ?? ''}`);
    writeFileSync(path.join(results, 'unhandled-errors.json'), JSON.stringify(texts));
  }
}
