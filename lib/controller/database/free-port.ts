// Finds a TCP port that nobody listens on.
import { createServer } from 'node:net';

/** The wanted port when it is free on the address, else any free one. 0 wants any. */
export async function chooseFreePort(address: string, wanted: number): Promise<number> {
  return (await tryListen(address, wanted)) ?? (await tryListen(address, 0)) ?? wanted;
}

/** True when nobody listens on the port. */
export async function isPortFree(address: string, port: number): Promise<boolean> {
  return (await tryListen(address, port)) !== null;
}

function tryListen(address: string, port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, address, () => {
      const bound = server.address();
      const found = bound !== null && typeof bound === 'object' ? bound.port : null;
      server.close(() => resolve(found));
    });
  });
}
