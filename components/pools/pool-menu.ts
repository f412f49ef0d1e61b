// What can be done with a resource pool, as entries of its menus.
import { openDialog } from '#components/shell/dialog-url.ts';
import type { Verdict } from '#lib/model/verdict.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import type { MenuEntry, MenuItem } from '../ui/overlays/menu-item.ts';

type Verdicts = Record<string, Verdict> | undefined;

export function poolMenu(pool: string, verdicts: Verdicts): MenuItem[] {
  return [
    item('New resource pool…', verdicts?.createPool, () =>
      openDialog('createPool', { parent: pool }),
    ),
    item('Move virtual machines here…', verdicts?.assignVms, () =>
      openDialog('assignToPool', { pool }),
    ),
    item('Edit…', verdicts?.edit, () => openDialog('editPool', { pool })),
    'separator',
    {
      ...item('Delete…', verdicts?.delete, () => openDialog('deletePool', { pool })),
      danger: true,
    },
  ];
}

function item(label: string, verdict: Verdict | undefined, onSelect: () => void): MenuEntry {
  return { id: label, label, disabledReason: reasonOf(verdict), onSelect };
}
