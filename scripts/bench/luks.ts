// The peers of our encryption: one LUKS image each, AES-256-XTS, served by nbdkit's luks filter and
// by qemu-nbd.
import { spawn } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findTool, haveTools, mustRun } from '#host/world/test-peers.ts';
import type { WorldHarness } from '#host/world/world-harness.ts';
import { type BenchServer, fill, startNbdkit, untilThere } from './servers.ts';

/** Of images that last as long as the bench. */
const PASSPHRASE = 'bench';

export async function startLuks(harness: WorldHarness): Promise<BenchServer[]> {
  if (!haveTools('qemu-img', 'qemu-nbd')) return [];
  const passphrase = path.join(harness.directory, 'passphrase');
  await writeFile(passphrase, PASSPHRASE, { mode: 0o600 });
  const parameters = [`passphrase=+${passphrase}`];
  const image = await makeImage(harness, 'nbdkit.luks', passphrase);
  return [
    await startNbdkit(harness, { filter: 'luks', parameters, image }),
    await startQemu(harness, await makeImage(harness, 'qemu.luks', passphrase), passphrase),
  ];
}

/** Filled, so that every server finds all of its file in memory. */
async function makeImage(harness: WorldHarness, name: string, passphrase: string): Promise<string> {
  const clear = path.join(harness.directory, `${name}.raw`);
  const image = path.join(harness.directory, name);
  await fill(clear);
  await mustRun('qemu-img', [
    ...['convert', '--object', `secret,id=key,file=${passphrase}`, '-f', 'raw', '-O', 'luks'],
    ...['-o', 'key-secret=key,cipher-alg=aes-256,cipher-mode=xts,iter-time=10', clear, image],
  ]);
  await rm(clear);
  return image;
}

async function startQemu(
  harness: WorldHarness,
  image: string,
  passphrase: string,
): Promise<BenchServer> {
  const socket = path.join(harness.directory, 'qemu.sock');
  const child = spawn(
    findTool('qemu-nbd') ?? 'qemu-nbd',
    [
      ...['--object', `secret,id=key,file=${passphrase}`, '--persistent', '--shared=8'],
      ...['--socket', socket, '--image-opts'],
      `driver=luks,key-secret=key,file.driver=file,file.filename=${image}`,
    ],
    { stdio: 'ignore' },
  );
  await untilThere(socket, child);
  return {
    name: 'qemu-nbd luks',
    uri: `nbd+unix:///?socket=${socket}`,
    pid: child.pid ?? 0,
    smallOnly: false,
    stop: async () => {
      child.kill();
    },
  };
}
