// The daemon of the filter `qos`, one on each host: divides congested datastores, and limits that
// the disks of a policy share, between the disks.
import { defineDaemon } from '#lib/filter-sdk/filter.ts';
import { QosDaemon } from './qos-daemon.ts';

export default defineDaemon({
  name: 'qos',
  apiVersion: 1,
  async start(context) {
    const daemon = new QosDaemon(context);
    await daemon.start();
    return { stop: () => daemon.stop() };
  },
});
