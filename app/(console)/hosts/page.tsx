// /hosts: all hosts.
import { HostListPage } from '#components/hosts/host-list-page.tsx';

export default function Page() {
  return <HostListPage />;
}
