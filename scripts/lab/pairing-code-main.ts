// Prints a code with which somebody can pair with the lab's replication target, once and within a
// quarter of an hour: npm run pairing-code. SLUICE_DATA names the data folder.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { callPeer } from '#host/volumes/rpc-client.ts';
import { newPairingCode } from '#lib/wire/agent/target-rpc.ts';

const portsSchema = z.object({
  'replication-target': z.number(),
  'replication-target calls': z.number(),
});
const dataFolder = path.resolve(process.env.SLUICE_DATA || '.data');
const read = (...names: string[]): string =>
  readFileSync(path.join(dataFolder, ...names), 'utf8').trim();
const ports = portsSchema.parse(JSON.parse(read('agent-ports.json')));
const token = read('secrets', 'replication-target');
const place = { host: '127.0.0.1', port: ports['replication-target calls'] };
const { code } = await callPeer({ place, token }, newPairingCode, {});
process.stdout.write(`Address 127.0.0.1, port ${ports['replication-target']}, code ${code}\n`);
