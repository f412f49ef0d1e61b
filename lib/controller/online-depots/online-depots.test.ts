// Online depots over real HTTP: an index, a bundle and a VIB are synchronised; what is wrong with a
// depot is said and changes nothing; what is offered no more goes unless it is used.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../base/system-clock.ts';
import { readZip, writeZip } from '../../formats/vib/archive/zip.ts';
import { readOfflineBundle } from '../../formats/vib/offline-bundle.ts';
import { makeTestDepot, type TestDepot } from '../depot/test-vib.ts';
import { cancelTask } from '../tasks/cancel-task.ts';
import { caller, openTestLab, type TestLab } from '../test-lab.ts';
import { addOnlineDepot, changeOnlineDepot, removeOnlineDepot } from './edit-depots.ts';
import { readOnlineDepots } from './read-depots.ts';
import { syncDepot } from './sync-depot.ts';

type Answer = Uint8Array | ((request: IncomingMessage, response: ServerResponse) => void);

let lab: TestLab;
let files: TestDepot;
let server: Server;
let base: string;
/** What the server has, by path. */
const site = new Map<string, Answer>();
const asked: string[] = [];
const folder = mkdtempSync(path.join(tmpdir(), 'sluice-online-depot-'));

beforeAll(async () => {
  [lab, files] = await Promise.all([openTestLab(), makeTestDepot(folder)]);
  lab.services.depotFiles = files.depot;
  await lab.db.vib.deleteMany();
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', base);
    asked.push(pathname);
    const answer = site.get(pathname);
    if (typeof answer === 'function') return answer(request, response);
    if (!answer) response.statusCode = 404;
    response.end(answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}, 120_000);

afterEach(async () => {
  for (const { id } of await lab.db.onlineDepot.findMany()) await removeOnlineDepot(parts(), id);
  await lab.db.clusterFilter.deleteMany();
  await lab.db.vib.deleteMany();
  for (const name of stored()) rmSync(path.join(files.depot.folder, 'vibs', name));
  site.clear();
  asked.length = 0;
});

afterAll(async () => {
  await lab.close();
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const parts = () => ({ db: lab.db, clock: systemClock, caller });
const stored = () => readdirSync(path.join(files.depot.folder, 'vibs'));
const text = (words: string) => new TextEncoder().encode(words);

async function add(at: string, intervalMinutes = 0): Promise<string> {
  return addOnlineDepot(parts(), { url: `${base}${at}`, intervalMinutes });
}

const sync = (onlineDepotId: string) => lab.run(syncDepot, { onlineDepotId });

async function view(id: string) {
  const [found] = await readOnlineDepots({ db: lab.db, caller }, id);
  return found;
}

const vibNames = async () => {
  const rows = await lab.db.vib.findMany();
  return rows.map(({ name }) => name).sort();
};

/** The test's bundle as an online depot below that folder; its metadata may be changed. */
async function serveIndex(at: string, change: (xml: string) => string = (xml) => xml) {
  const bundle = await readZip(files.bundle, 'bundle');
  const { vibs } = await readOfflineBundle(files.bundle);
  const metadata = await readZip(bundle.get('metadata.zip') ?? new Uint8Array(), 'metadata');
  const changed = [...metadata].map(([name, bytes]) => {
    return [name, text(change(new TextDecoder().decode(bytes)))] as const;
  });
  site.set(`${at}index.xml`, bundle.get('index.xml') ?? text(''));
  site.set(`${at}vendor-index.xml`, bundle.get('vendor-index.xml') ?? text(''));
  site.set(`${at}metadata.zip`, await writeZip(new Map(changed)));
  for (const vib of vibs) site.set(`${at}${vib.path}`, vib.bytes);
}

describe('what is offered comes into the depot', () => {
  it('of an index; a second time nothing is downloaded', async () => {
    await serveIndex('/main/');
    const id = await add('/main/');
    expect(await sync(id)).toMatchObject({ state: 'success', result: { added: 2, removed: 0 } });
    expect(await vibNames()).toEqual(['one', 'two']);
    expect(stored()).toHaveLength(2);
    expect(await view(id)).toMatchObject({ state: 'synchronized', vibsOffered: 2, fault: null });
    asked.length = 0;
    expect(await sync(id)).toMatchObject({ state: 'success', result: { added: 0, removed: 0 } });
    expect(asked).toEqual(['/main/index.xml', '/main/vendor-index.xml', '/main/metadata.zip']);
  }, 60_000);

  it('of one bundle behind a redirect, and of one VIB', async () => {
    site.set('/latest', (_, response) => response.writeHead(302, { Location: '/a.zip' }).end());
    site.set('/a.zip', files.bundle);
    site.set('/trace.vib', files.vib);
    expect(await sync(await add('/latest'))).toMatchObject({ state: 'success' });
    expect(await sync(await add('/trace.vib'))).toMatchObject({ state: 'success' });
    expect(await vibNames()).toEqual(['one', 'trace', 'two']);
  }, 60_000);

  it('by the clock too', async () => {
    site.set('/trace.vib', files.vib);
    const id = await add('/trace.vib', 60);
    const due = new Date(systemClock.now() - 1000);
    await lab.db.onlineDepot.update({ where: { id }, data: { nextSyncAt: due } });
    await lab.eventually(async () => (await view(id))?.state === 'synchronized');
    const { nextSyncAt } = await lab.db.onlineDepot.findUniqueOrThrow({ where: { id } });
    expect(nextSyncAt?.getTime()).toBeGreaterThan(systemClock.now());
    await changeOnlineDepot(parts(), { id, intervalMinutes: 0 });
    expect(await view(id)).toMatchObject({ nextSyncAt: null, intervalMinutes: 0 });
    await lab.eventually(async () => (await view(id))?.taskId === null);
  }, 90_000);
});

describe('what is offered no more', () => {
  it('goes, unless it is used, came otherwise, or another depot offers it', async () => {
    site.set('/a.zip', files.bundle);
    const id = await add('/a.zip');
    await sync(id);
    const [one] = await lab.db.vib.findMany({ where: { name: 'one' } });
    await useVib(one?.id ?? '');
    site.set('/a.zip', files.vib);
    expect(await sync(id)).toMatchObject({ result: { added: 1, removed: 1, kept: 1 } });
    expect(await vibNames()).toEqual(['one', 'trace']);
    expect(stored()).toHaveLength(2);
    expect(await view(id)).toMatchObject({ vibsOffered: 1, vibsKept: 1 });
    await lab.db.clusterFilter.deleteMany();
    expect(await sync(id)).toMatchObject({ result: { added: 0, removed: 1, kept: 0 } });
    // The VIBs of a depot that is removed stay.
    await removeOnlineDepot(parts(), id);
    expect(await vibNames()).toEqual(['trace']);
  }, 60_000);
});

const badDepots: [string, string, () => unknown][] = [
  ['that is not there', 'VibDownloadError', () => undefined],
  ['that is text', 'VibFormatError', () => site.set('/x', text('hello, this is no depot'))],
  ['that is HTML', 'VibFormatError', () => site.set('/x', text('<html><p>Hi</p></html>'))],
  [
    'that redirects in a circle',
    'VibDownloadError',
    () => site.set('/x', (_, response) => response.writeHead(302, { Location: '/x' }).end()),
  ],
  [
    'that redirects to a file of the server',
    'VibDownloadError',
    () =>
      site.set('/x', (_, response) =>
        response.writeHead(302, { Location: 'file:///etc/passwd' }).end(),
      ),
  ],
  [
    'that breaks off',
    'VibDownloadError',
    () =>
      site.set('/x', (_, response) => {
        response.writeHead(200, { 'Content-Length': String(files.vib.length) });
        response.write(files.vib.subarray(0, 500), () => response.destroy());
      }),
  ],
  [
    'that announces too much',
    'RequestTooLarge',
    () =>
      site.set('/x', (_, response) => {
        response.writeHead(200, { 'Content-Length': String(2 ** 40) }).end('!<arch>');
      }),
  ],
  [
    'whose index never ends',
    'RequestTooLarge',
    () =>
      site.set('/x', (_, response) => {
        const more = () => {
          while (!response.destroyed && response.write(`<a>${' '.repeat(65_536)}</a>`));
          response.once('drain', more);
        };
        more();
      }),
  ],
  [
    'whose index leads to another server',
    'VibFormatError',
    () => {
      const vendor = '<indexfile>http://192.0.2.1/vendor-index.xml</indexfile>';
      site.set('/x', text(`<vendorList><vendor>${vendor}</vendor></vendorList>`));
    },
  ],
  [
    'that is a bundle which unpacks to too much',
    'VibFormatError',
    async () => site.set('/x', await writeZip(new Map([['index.xml', Buffer.alloc(2 ** 26)]]))),
  ],
];

describe('a depot', () => {
  it.each(badDepots)(
    '%s changes nothing: %s',
    async (_, fault, serve) => {
      await serve();
      const id = await add('/x');
      expect(await sync(id)).toMatchObject({ state: 'error', fault: { fault } });
      expect(await view(id)).toMatchObject({ state: 'failed', fault: { fault }, vibsOffered: 0 });
      expect(stored()).toEqual([]);
      expect(readdirSync(path.join(files.depot.folder, 'incoming'))).toEqual([]);
    },
    60_000,
  );

  it('nobody listens at says so', async () => {
    const url = 'http://127.0.0.1:9/index.xml';
    const task = await sync(await addOnlineDepot(parts(), { url, intervalMinutes: 0 }));
    const message = `${url} cannot be downloaded: `;
    expect(task).toMatchObject({
      fault: { fault: 'VibDownloadError', message: expect.stringContaining(message) },
    });
  }, 60_000);

  it('of which one VIB does not match its checksum brings none, and names it', async () => {
    const { vibs } = await readOfflineBundle(files.bundle);
    const sum = createHash('sha256')
      .update(vibs[1]?.bytes ?? '')
      .digest('hex');
    await serveIndex('/bad/', (xml) => xml.replaceAll(sum, 'ab'.repeat(32)));
    const id = await add('/bad/');
    expect(await sync(id)).toMatchObject({
      state: 'error',
      fault: { fault: 'VibChecksumError', reasons: [{ fault: 'VibChecksumError' }] },
    });
    expect([await vibNames(), stored()]).toEqual([[], []]);
    expect((await view(id))?.fault?.message).toContain(vibs[1]?.id);
  }, 60_000);

  it('can be cancelled while it sends nothing, and is not removed meanwhile', async () => {
    site.set('/slow', (_, response) => void response.writeHead(200).write('!<arch>\n'));
    const id = await add('/slow');
    const taskId = await lab.submit(syncDepot, { onlineDepotId: id });
    await lab.eventually(async () => (await view(id))?.state === 'synchronizing');
    await expect(removeOnlineDepot(parts(), id)).rejects.toMatchObject({ fault: 'TaskInProgress' });
    await lab.eventually(async () => asked.includes('/slow'));
    await cancelTask(lab.db, caller, taskId);
    expect(await lab.ended(taskId)).toMatchObject({ state: 'canceled' });
    expect(await view(id)).toMatchObject({ state: 'canceled', fault: null });
  }, 60_000);

  it('whose task was given up has failed, and hides its old fault while tried again', async () => {
    const id = await add('/nowhere');
    await sync(id);
    expect(await view(id)).toMatchObject({ state: 'failed', fault: { fault: 'VibDownloadError' } });
    site.set('/nowhere', (_, response) => void response.writeHead(200).write('!<arch>\n'));
    const taskId = await lab.submit(syncDepot, { onlineDepotId: id });
    await lab.eventually(async () => (await view(id))?.state === 'synchronizing');
    expect(await view(id)).toMatchObject({ fault: null });
    await cancelTask(lab.db, caller, taskId);
    await lab.ended(taskId);
    await lab.db.onlineDepot.update({ where: { id }, data: { state: 'synchronizing' } });
    expect(await view(id)).toMatchObject({ state: 'failed', taskId: null });
  }, 60_000);

  it('is added once, and without a password', async () => {
    await add('/x');
    await expect(add('/x')).rejects.toMatchObject({ fault: 'AlreadyExists' });
    const url = base.replace('//', '//admin:secret@');
    const secret = addOnlineDepot(parts(), { url, intervalMinutes: 0 });
    await expect(secret).rejects.toMatchObject({ fault: 'InvalidArgument' });
  });
});

async function useVib(depotId: string): Promise<void> {
  const filter = { filterId: 'x', name: 'one', vendor: 'TST', version: '1.0.0', vibId: '' };
  const more = { type: 'inspection', summary: '', releaseDate: '', opType: 'install' };
  const { clusterId } = lab;
  await lab.db.clusterFilter.create({ data: { ...filter, ...more, clusterId, depotId } });
}
