// /vms: all virtual machines.
import { VmListPage } from '#components/vms/vm-list-page.tsx';

export default function Page() {
  return <VmListPage />;
}
