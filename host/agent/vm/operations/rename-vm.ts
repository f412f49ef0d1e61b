// Gives a VM another name: `displayName` of its .vmx, and what the host calls it. Its files and
// directories keep their names, as in the field.
import { formatVmx } from '#lib/formats/vmx/vmx.ts';
import { writeFileDurably } from '../../../datastore/write-file.ts';
import type { OnVm } from './on-vm.ts';

const NAME = 'displayName';

/** Idempotent. The name is that of the spec. */
export async function renameVm({ home, host, runner, vm }: OnVm) {
  const { name } = vm;
  const spelled = [...home.vmx.keys()].find((key) => key.toLowerCase() === NAME.toLowerCase());
  const vmx = new Map(home.vmx).set(spelled ?? NAME, name);
  await writeFileDurably(home.vmxPath, formatVmx(vmx), host.files);
  await runner.update({ spec: { ...runner.record.spec, name } });
  return {};
}
