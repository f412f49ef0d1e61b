// The daemon of the filter `replication`, one on each host: sends the records of all disks of the
// host, over one connection for each replication target.
import { defineDaemon } from '#lib/filter-sdk/filter.ts';
import { ReplicationDaemon } from './daemon/replication-daemon.ts';

export default defineDaemon({
  name: 'replication',
  apiVersion: 1,
  start(context) {
    const daemon = new ReplicationDaemon(context);
    return { stop: () => daemon.stop() };
  },
});
