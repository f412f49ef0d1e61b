// Unit, property and integration tests: every *.test.ts beside its source. Playwright has e2e/ to
// itself.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.{ts,tsx}'],
    exclude: ['**/node_modules/**', '.build/**', '.data/**', '.next/**', 'e2e/**'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Real processes and disks share the machine with the tests: more files at once would only
    // starve each other.
    maxWorkers: 2,
    // On a machine that others load as well a real process may be late once; the report shows it.
    retry: process.env.CI ? 1 : 0,
  },
});
