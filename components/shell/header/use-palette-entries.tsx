'use client';
// What the search can find: objects and pages to go to, and actions that open the dialogs of the
// objects.
import { Zap } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { type ReactNode, useMemo } from 'react';
import { type TagNames, useTagNames } from '../../inventory/use-tag-names.ts';
import { openDialog } from '../dialog-url.ts';
import { KIND_LABELS, ObjectIcon } from '../object-icon.tsx';
import { applyTheme, THEME_LABELS, THEMES } from '../theme.ts';
import type { TreeNode } from '../tree/tree-model.ts';
import { useTreeNodes } from '../tree/use-tree-nodes.ts';
import { PAGES } from './pages.ts';
import type { PaletteItem } from './palette-search.ts';

export interface PaletteEntry extends PaletteItem {
  icon: ReactNode;
  run: () => void;
}

export function usePaletteEntries(query: string): readonly PaletteEntry[] {
  const router = useRouter();
  const { inventory, policies } = useTreeNodes();
  const tags = useTagNames();
  const objects = useMemo(() => {
    const go = (path: string) => router.push(path);
    const nodes = [...inventory, ...policies.filter(({ kind }) => kind !== 'group')];
    return nodes.flatMap((node) => objectEntry(node, tags, go));
  }, [inventory, policies, tags, router]);
  const pages = useMemo(
    () =>
      PAGES.map(({ path, label, icon: Icon, words }) => ({
        id: `page ${path}`,
        label,
        kind: 'Page',
        words,
        icon: <Icon size={15} className="text-muted" />,
        run: () => router.push(path),
      })),
    [router],
  );
  // Two words and more: "migrate web01" is meant, so that verbs do not bury the objects.
  const verbs = /\S\s+\S/.test(query.trim());
  const actions = useMemo(
    () => (verbs ? inventory.flatMap(objectActions) : []),
    [inventory, verbs],
  );
  return useMemo(
    () => [...pages, ...GENERAL_ACTIONS, ...objects, ...actions],
    [pages, objects, actions],
  );
}

function objectEntry(node: TreeNode, tags: TagNames, go: (path: string) => void): PaletteEntry[] {
  const { href } = node;
  if (!href) return [];
  return [
    {
      id: node.id,
      label: node.name,
      kind: KIND_LABELS[node.kind],
      words: [node.id, ...(tags.get(node.id) ?? [])].join(' '),
      icon: <ObjectIcon kind={node.kind} state={node.state} badge={node.badge} size={15} />,
      run: () => go(href),
    },
  ];
}

function action(label: string, run: () => void, words = ''): PaletteEntry {
  const icon = <Zap size={15} className="text-muted" />;
  return { id: `do ${label}`, label, kind: 'Action', words, icon, run };
}

const GENERAL_ACTIONS: readonly PaletteEntry[] = [
  action('Create VM storage policy…', () => openDialog('policy', {}), 'new'),
  action('Create datastore…', () => openDialog('createDatastore', {}), 'new vmfs nfs vsan vvol'),
  action('New datacenter…', () => openDialog('createDatacenter', {}), 'create'),
  action('New tag…', () => openDialog('tag', {}), 'create'),
  action('Import virtual machine…', () => openDialog('importVm', {}), 'ova ovf vmx vmdk qcow2'),
  action('Upload VIB…', () => openDialog('uploadVib', {}), 'depot bundle filter'),
  action('Upload trace…', () => openDialog('uploadTrace', {}), 'vscsi workload'),
  action('Change password…', () => openDialog('changePassword', {})),
  ...THEMES.map((theme) =>
    action(`Theme: ${THEME_LABELS[theme].toLowerCase()}`, () => applyTheme(theme), 'appearance'),
  ),
];

function objectActions({ id, kind, name }: TreeNode): PaletteEntry[] {
  if (kind === 'vm') {
    return [
      action(`Migrate ${name}…`, () => openDialog('migrate', { vm: id }), 'vmotion move'),
      action(`Take snapshot of ${name}…`, () => openDialog('takeSnapshot', { vm: id })),
      action(`Clone ${name}…`, () => openDialog('clone', { vm: id, to: 'vm' }), 'copy template'),
      action(`Add disk to ${name}…`, () => openDialog('addDisk', { vm: id }), 'rdm'),
      action(`Delete ${name} from disk…`, () => openDialog('deleteVm', { vm: id }), 'remove'),
      action(`Edit VM storage policies of ${name}…`, () => openDialog('editPolicies', { vm: id })),
      action(`Start workload on ${name}…`, () => openDialog('startWorkload', { vm: id })),
    ];
  }
  if (kind === 'host') {
    const enter = () => openDialog('maintenance', { host: id, to: 'enter' });
    return [action(`Enter maintenance mode on ${name}…`, enter, 'evacuate')];
  }
  if (kind === 'cluster') {
    return [
      action(`Install I/O filter on ${name}…`, () => openDialog('installFilter', { cluster: id })),
      action(`Edit DRS of ${name}…`, () => openDialog('editDrs', { cluster: id })),
    ];
  }
  return [];
}
