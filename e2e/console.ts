// What all end-to-end tests do: sign in, read the API with its schemas, find objects by name, wait
// for tasks.
import { expect, type Page } from '@playwright/test';
import type { Json } from '#lib/base/json.ts';
import type { InventoryNode } from '#lib/wire/api/inventory.ts';
import type { Answer } from '#lib/wire/api/route-types.ts';
import { ROUTES, type RouteName } from '#lib/wire/api/routes.ts';
import type { TaskView } from '#lib/wire/api/tasks.ts';
import { expectAccessible } from './accessibility.ts';

const TASK_MS = 60_000;

/** Signs the page's browser in; the session cookie serves `readRoute` too. */
export async function signIn(
  page: Page,
  userName = 'admin',
  password = process.env.SLUICE_E2E_PASSWORD ?? '',
): Promise<void> {
  const answer = await page.request.post('/api/v1/session', { data: { userName, password } });
  expect(answer.status(), await answer.text()).toBe(200);
}

/** GET of a route, parsed by its own schema. */
export async function readRoute<Name extends RouteName>(
  page: Page,
  name: Name,
  parameters: Record<string, string> = {},
): Promise<Answer<Name>> {
  const { path, answer } = ROUTES[name];
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, key: string) => parameters[key] ?? '');
  const response = await page.request.get(`/api/v1${filled}`);
  expect(response.status(), `${filled} ${await response.text()}`).toBe(200);
  // What the route's own schema parsed has its type; the compiler cannot follow that through a type
  // parameter.
  return answer.parse(await response.json()) as Answer<Name>;
}

/** The inventory object of that name. */
export async function findObject(page: Page, name: string): Promise<InventoryNode> {
  const { nodes } = await readRoute(page, 'readInventory');
  const node = nodes.find((one) => one.name === name);
  if (!node) throw new Error(`The inventory has no ${name}.`);
  return node;
}

/** Opens the page of the object of that name, with parameters such as `tab=configure`. */
export async function openObject(page: Page, name: string, search = ''): Promise<string> {
  const { id, kind } = await findObject(page, name);
  await page.goto(`/${kind}s/${id}${search ? `?${search}` : ''}`);
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  return id;
}

/** Waits until the newest task of that label on that target has ended, and gives it back. */
export async function endedTask(page: Page, label: string, target: string): Promise<TaskView> {
  let found: TaskView | undefined;
  await expect
    .poll(
      async () => {
        const tasks = await readRoute(page, 'listTasks');
        found = tasks.find((task) => task.label === label && task.target.name === target);
        return found?.completedAt ?? null;
      },
      { timeout: TASK_MS, message: `${label} on ${target} ends` },
    )
    .not.toBeNull();
  if (!found) throw new Error(`There is no task ${label} on ${target}.`);
  return found;
}

/** As the console itself would call: same origin, with the session's cookie. */
export function postFromPage(page: Page, url: string, body: Json) {
  return page.evaluate(
    async ([to, text]) => {
      const headers = { 'Content-Type': 'application/json' };
      const answer = await fetch(to, { method: 'POST', headers, body: text });
      return { status: answer.status, problem: await answer.json() };
    },
    [url, JSON.stringify(body)] as const,
  );
}

/** On the I/O Filters page of a cluster: walks the install wizard for the filter of that name. */
export async function chooseFilter(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Install…' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: new RegExp(`^${name} `) }).click();
  await dialog.getByRole('button', { name: 'Next' }).click();
  await expect(dialog.getByText('Acceptance level')).toBeVisible();
  await expect(dialog.getByText('Trusted')).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Next' }).click();
  await dialog.getByText('The same as a call').click();
  await expect(dialog.getByText('/api/v1/io-filters')).toBeVisible();
  await dialog.getByRole('button', { name: 'Install' }).click();
  await expect(dialog).toHaveCount(0);
}
