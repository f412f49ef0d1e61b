// For tests: a filter whose daemon hears of each write and answers, the code of daemons that do
// wrong, each in one way, and VIBs around them.
import { createHash } from 'node:crypto';
import { PLUGIN_ROOT } from '#lib/formats/vib/filter-payload.ts';
import { testDescriptor, textFile } from '#lib/formats/vib/vib-fixtures.ts';
import { writeVib } from '#lib/formats/vib/write-vib.ts';

const NAME = 'talker';

/** Tells its daemon of each write, and believes what it hears: the data's first byte. */
const TALKER = `const { daemon, properties } = context;
  let heard = 0, connected = false;
  daemon.onState((now) => { connected = now;
    if (!now || !properties.peer) return;
    daemon.send(new TextEncoder().encode('peer ' + properties.peer)); });
  daemon.onMessage((message) => {
    if (message.length !== 1) throw new Error('the daemon said ' + message.length + ' bytes');
    heard += 1; });
  return { write(io) { if (connected) daemon.send(new Uint8Array(io.data.subarray(0, 4096))); },
    statistics: () => ({ heard }) };`;

/** Waits for its daemon's word before a write goes on, and has none without it. */
const DEPENDENT = `const { daemon } = context;
  const waiting = [];
  daemon.onMessage(() => waiting.shift()?.pass());
  return { write(io) { const token = io.defer(); waiting.push(token);
    daemon.send(new Uint8Array(io.data.subarray(0, 1))); return 2; },
    drain() { for (const token of waiting.splice(0)) token.pass(); } };`;

/** Answers with the first byte; passes each message to the daemon of the other host. */
export const GOOD_DAEMON = `
  let peer = null;
  const text = (bytes) => new TextDecoder().decode(bytes);
  const call = async (network, where, clock) => {
    const [host, port] = where.split(':');
    try { peer = await network.connect(host, Number(port));
      peer.onClose(() => { peer = null; clock.after(200, () => call(network, where, clock)); });
    } catch { clock.after(200, () => call(network, where, clock)); }
  };
  let called = false;
  export default { name: '${NAME}', apiVersion: 1,
    async start({ onDisk, network, clock }) {
      await network.listen(7077, (other) => other.onMessage(() => undefined));
      onDisk((disk) => disk.onMessage((message) => {
        if (message.length < 100 && text(message).startsWith('peer ')) {
          if (!called) call(network, text(message).slice(5), clock);
          called = true; return;
        }
        peer?.send(message);
        disk.send(message.subarray(0, 1));
      }));
      return {};
    } };`;

function onMessage(body: string, before = ''): string {
  return `${before}; export default { name: '${NAME}', apiVersion: 1,
    start({ onDisk, network, clock }) {
      onDisk((disk) => disk.onMessage((message) => { ${body} })); return {}; } };`;
}

const ECHO = 'disk.send(message.subarray(0, 1));';

/** By what is wrong with it: the daemon's module, and its filter where that matters. */
export const BAD_DAEMONS = {
  crashes: { daemon: onMessage("clock.after(1, () => { throw new Error('lost my way'); });") },
  throws: { daemon: onMessage("throw new Error('lost my way');") },
  leaks: {
    daemon: onMessage(`kept.push(message); ${ECHO}`, 'const kept = []'),
  },
  floods: {
    daemon: `export default { name: '${NAME}', apiVersion: 1, start({ onDisk, clock }) {
      onDisk((disk) => { const more = () => {
        for (let n = 0; n < 100; n++) disk.send(new Uint8Array(65536));
        clock.after(5, more); }; more(); }); return {}; } };`,
    filter: 'context.daemon.onMessage(() => undefined); return {};',
  },
  answersWrongly: { daemon: onMessage('disk.send(message.subarray(0, 2));') },
  listensElsewhere: {
    daemon: `export default { name: '${NAME}', apiVersion: 1, start() {
      process.getBuiltinModule('node:net').createServer().listen(0, '0.0.0.0'); return {}; } };`,
  },
  fearsStrangers: {
    daemon: `export default { name: '${NAME}', apiVersion: 1, async start({ network }) {
      await network.listen(0, (peer) => peer.onMessage(async (message) => {
        JSON.parse(new TextDecoder().decode(message)).version.toString(); })); return {}; } };`,
  },
  neverStops: {
    daemon: `export default { name: '${NAME}', apiVersion: 1,
      start({ onDisk }) { onDisk((disk) => disk.onMessage(() => undefined));
        return { stop: () => new Promise(() => undefined) }; } };`,
  },
  isNeeded: { daemon: onMessage(ECHO), filter: DEPENDENT },
  hasAnotherName: { daemon: GOOD_DAEMON.replace(`name: '${NAME}'`, "name: 'other'") },
} as const satisfies Record<string, { daemon: string; filter?: string }>;

/** A VIB of a filter with that daemon; `filter` is the body of its `open`. */
export function daemonVib({
  daemon,
  filter = TALKER,
}: {
  daemon: string;
  filter?: string;
}): Promise<Uint8Array> {
  const directory = `${PLUGIN_ROOT}/${NAME}`;
  const peer = { name: 'peer', label: 'Peer', help: 'host:port', type: 'string', default: '' };
  const identity = {
    ...{ name: NAME, class: 'inspection', apiVersion: 1, summary: 'For tests' },
    properties: [peer],
    statistics: [{ name: 'heard', label: 'Heard', kind: 'counter', unit: 'messages' }],
  };
  const module = textFile(
    `${directory}/filter.js`,
    `export default { ...${JSON.stringify(identity)}, kind: 'partial',
      safeBecause: 'It is a test.', open(context) { ${filter} } };`,
  );
  const daemonFile = textFile(`${directory}/daemon.mjs`, daemon);
  const manifest = JSON.stringify({
    ...{ ...identity, entry: module.path, entrySha256: sha256(module.bytes) },
    daemon: { entry: daemonFile.path, sha256: sha256(daemonFile.bytes) },
  });
  return writeVib({
    descriptor: testDescriptor({ name: NAME }),
    files: [module, daemonFile, textFile(`${directory}/filter.json`, manifest)],
    payloadName: NAME,
    keys: [],
  });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
