// What a world asks of the server of its disks: an NBD server, or what stands for one where there
// are no sockets.
import type { NbdServer } from '../nbd/nbd-server.ts';

export type WorldServer = Pick<
  NbdServer,
  | 'port'
  | 'connections'
  | 'connectionsOf'
  | 'tcpDescriptor'
  | 'listenTcp'
  | 'listenUnix'
  | 'closeTcp'
  | 'keepWaiting'
  | 'inherit'
  | 'addExport'
  | 'removeExport'
  | 'dropClients'
  | 'hold'
  | 'release'
  | 'inFlight'
  | 'repliesSent'
  | 'close'
>;
