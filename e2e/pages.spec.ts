// What a page costs the browser: the JavaScript that it loads, and what scrolling a long list does.
// Counts and sizes, which are the same on every machine; times are only told.
import { gzipSync } from 'node:zlib';
import { type CDPSession, expect, type Page, type Response, test } from '@playwright/test';
import { readRoute, signIn } from './console.ts';

const OBJECT_KINDS = ['cluster', 'host', 'vm', 'datastore'] as const;
/** Of one page, compressed, in KiB; the aim is 250 KB. */
const BUDGET_KIB = 260;
const LIST_PAGES = [
  '/',
  '/hosts',
  '/vms',
  '/datastores',
  '/policies',
  '/depot',
  '/tasks',
  '/events',
] as const;
const ROWS = 10_000;
/** Rows in the document at most: those in view, and some on either side. */
const DRAWN_MAX = 80;
const SCROLLS = 60;
const SCROLL_PIXELS = 280;

test('no page loads more JavaScript than it may', async ({ page }) => {
  await signIn(page);
  const { nodes } = await readRoute(page, 'readInventory');
  const objects = OBJECT_KINDS.map((kind) => {
    const id = nodes.find((node) => node.kind === kind)?.id;
    return `/${kind}s/${id}`;
  });
  for (const path of [...LIST_PAGES, ...objects]) {
    const kib = await scriptKib(page, path);
    test.info().annotations.push({ type: 'JavaScript', description: `${path}: ${kib} KiB` });
    expect.soft(kib, `JavaScript of ${path}, KiB compressed`).toBeLessThanOrEqual(BUDGET_KIB);
  }
});

test('a list of 10,000 rows draws those in view alone, and leaves them alone', async ({ page }) => {
  // Drawn without a graphics card, a frame may take half a second.
  test.setTimeout(240_000);
  await signIn(page);
  await serveManyVms(page);
  await page.goto('/vms');
  const grid = page.getByRole('grid');
  await expect(grid).toHaveAttribute('aria-rowcount', String(ROWS + 1), { timeout: 60_000 });
  const counts = await grid.evaluate(scrollAndCount, { SCROLLS, SCROLL_PIXELS });
  const client = await page.context().newCDPSession(page);
  // Time of the processor, not of the clock: what else the machine does is left out.
  await client.send('Performance.enable', { timeDomain: 'threadTicks' });
  const before = await readMetrics(client);
  await grid.evaluate(scrollAndCount, { SCROLLS, SCROLL_PIXELS });
  const after = await readMetrics(client);
  const perFrame = (after - before) / SCROLLS;
  test.info().annotations.push({
    type: 'scrolling',
    description: `${perFrame.toFixed(2)} ms of script a frame; ${JSON.stringify(counts)}`,
  });
  expect(counts.mostRows).toBeLessThanOrEqual(DRAWN_MAX);
  // Each row that comes into view is made once, and nothing else.
  expect(counts.madeRows).toBeLessThanOrEqual(counts.passedRows + DRAWN_MAX);
  expect(counts.changedRows).toBe(0);
});

/** All scripts that the page loads until it has come to rest, each compressed by itself. */
async function scriptKib(page: Page, path: string): Promise<number> {
  const sizes: Promise<number>[] = [];
  const count = (response: Response) => {
    if (!new URL(response.url()).pathname.endsWith('.js')) return;
    sizes.push(response.body().then((body) => gzipSync(body).length));
  };
  page.on('response', count);
  await page.goto(path);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.waitForLoadState('networkidle').catch(() => undefined);
  page.off('response', count);
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  return Math.round(bytes / 102.4) / 10;
}

/** Answers the pages of the list of VMs with so many copies of the first. */
async function serveManyVms(page: Page): Promise<void> {
  const [first] = await readRoute(page, 'listVms');
  const rows = Array.from({ length: ROWS }, (_, index) => ({
    ...first,
    id: `vm-${100_000 + index}`,
    name: `vm${String(index).padStart(5, '0')}`,
  }));
  await page.route(/\/api\/v1\/vm-list(\?.*)?$/, (route) => {
    const asked = new URL(route.request().url()).searchParams;
    const offset = Number(asked.get('offset') ?? 0);
    const limit = Number(asked.get('limit') ?? 100);
    const json = { total: ROWS, matching: ROWS, rows: rows.slice(offset, offset + limit) };
    return route.fulfill({ json });
  });
}

/** In the browser: scrolls frame by frame; counts the rows that were made, kept and changed. */
async function scrollAndCount(
  grid: Element,
  { SCROLLS: steps, SCROLL_PIXELS: pixels }: { SCROLLS: number; SCROLL_PIXELS: number },
) {
  const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const isRow = (node: Node) => node instanceof Element && node.hasAttribute('data-row');
  let madeRows = 0;
  const changed: Node[] = [];
  const observer = new MutationObserver((records) => {
    for (const { type, addedNodes, target } of records) {
      if (type === 'childList') madeRows += [...addedNodes].filter(isRow).length;
      if (isRow(target)) changed.push(target);
    }
  });
  observer.observe(grid, { childList: true, subtree: true, attributes: true, characterData: true });
  const from = grid.scrollTop;
  let mostRows = 0;
  for (let step = 0; step < steps; step++) {
    grid.scrollTop += pixels;
    await nextFrame();
    await nextFrame();
    mostRows = Math.max(mostRows, grid.querySelectorAll('[data-row]').length);
  }
  observer.disconnect();
  const row = grid.querySelector('[data-row]')?.getBoundingClientRect().height ?? 28;
  const passedRows = Math.ceil((grid.scrollTop - from) / row);
  return { madeRows, passedRows, mostRows, changedRows: changed.length };
}

/** Milliseconds that the page has spent in scripts. */
async function readMetrics(client: CDPSession): Promise<number> {
  const { metrics } = await client.send('Performance.getMetrics');
  return 1000 * (metrics.find(({ name }) => name === 'ScriptDuration')?.value ?? 0);
}
