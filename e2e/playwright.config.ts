// End-to-end tests: a browser against the real product, started by its own supervisor on a data
// folder of its own. Playwright's Chromium is used where it is installed, else one of the system's.
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, defineConfig } from '@playwright/test';

const SYSTEM_BROWSERS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const projectRoot = path.join(import.meta.dirname, '..');
const port = Number(process.env.SLUICE_E2E_PORT ?? 3300);
// Set for the workers too, which read this file again.
process.env.SLUICE_E2E_DATA ??= mkdtempSync(path.join(tmpdir(), 'sluice-e2e-'));
process.env.SLUICE_E2E_PASSWORD ??= 'first-password-of-admin';

export default defineConfig({
  testDir: '.',
  outputDir: '../.test-results/e2e',
  // One lab for all tests, which build on each other's hosts: one after the other.
  fullyParallel: false,
  workers: 1,
  retries: process.env.CI ? 1 : 0,
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list'], ['json', { outputFile: '../.test-results/playwright.json' }]],
  // Generous: they only end what hangs, on machines that do other work as well.
  timeout: 150_000,
  expect: { timeout: 30_000 },
  use: {
    baseURL: `http://127.0.0.1:${port}`,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    viewport: { width: 1440, height: 900 },
    launchOptions: { executablePath: findBrowser(), args: browserArguments() },
  },
  projects: [{ name: 'chromium', use: { browserName: 'chromium' } }],
  webServer: {
    command: 'node scripts/supervisor/main.ts',
    cwd: projectRoot,
    url: `http://127.0.0.1:${port}/sign-in`,
    env: {
      PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH ?? ''}`,
      PORT: String(port),
      SLUICE_DATA: process.env.SLUICE_E2E_DATA,
      SLUICE_AGENT_PORT: String(port + 100),
      SLUICE_ADMIN_PASSWORD: process.env.SLUICE_E2E_PASSWORD,
    },
    timeout: 180_000,
    // Without it the supervisor would be killed, and leave the database and the VMs running.
    gracefulShutdown: { signal: 'SIGTERM', timeout: 45_000 },
    stdout: 'pipe',
  },
});

function findBrowser(): string | undefined {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  if (existsSync(chromium.executablePath())) return undefined;
  return SYSTEM_BROWSERS.find((file) => existsSync(file));
}

/** Nothing leaves the machine; a sandbox inside a container of root's cannot be made. */
function browserArguments(): string[] {
  const quiet = ['--disable-quic', '--no-first-run', '--disable-sync', '--disable-gpu'];
  const offline = ['--disable-background-networking', '--disable-component-update'];
  return [...quiet, ...offline, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];
}
