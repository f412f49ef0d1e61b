// The daemon of the filter `cache`, one on each host: keeps mirrors of the write-back logs of other
// hosts on this host's flash, and finds a host for the mirrors of this one's.
import { type DaemonPeer, defineDaemon } from '#lib/filter-sdk/filter.ts';
import { MirrorRelay } from './mirror/mirror-relay.ts';
import { MirrorStore } from './mirror/mirror-store.ts';

export default defineDaemon({
  name: 'cache',
  apiVersion: 1,
  async start({ network, onDisk, flash }) {
    let peers: readonly DaemonPeer[] = [];
    const relays = new Set<MirrorRelay>();
    await network.listenForPeers((connection) => {
      new MirrorStore(connection, flash ?? null);
    });
    network.onPeers((known) => {
      peers = known;
      for (const relay of relays) relay.tellPeers();
    });
    onDisk((disk) => {
      const relay = new MirrorRelay({ disk, network, peers: () => peers });
      relays.add(relay);
      disk.onClose(() => relays.delete(relay));
    });
    return {};
  },
});
