// /replication-targets: where copies of disks are kept at other sites.
import { TargetListPage } from '#components/replication/target-list-page.tsx';

export default function Page() {
  return <TargetListPage />;
}
