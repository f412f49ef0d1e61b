// /vms/vm-34: a virtual machine.
import { VmPage } from '#components/vms/vm-page.tsx';

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <VmPage id={id} />;
}
