// The icon of an inventory object with its state drawn in: the same in tree, header, lists and
// search.
// Props: `kind`, `state` and `badge` as the inventory gives them, `size`.
import {
  Boxes,
  Database,
  Folder,
  House,
  LayoutTemplate,
  type LucideIcon,
  Monitor,
  Package,
  PieChart,
  ScrollText,
  Server,
} from 'lucide-react';
import { StateIcon, type StateMark } from '#components/ui/state-icon.tsx';
import type { TreeKind } from './tree/tree-model.ts';

export interface ObjectIconProps {
  kind: TreeKind;
  state?: string;
  badge?: string;
  size?: number;
}

const ICONS: Record<TreeKind, LucideIcon> = {
  datacenter: House,
  vmFolder: Folder,
  hostFolder: Folder,
  cluster: Boxes,
  resourcePool: PieChart,
  host: Server,
  vm: Monitor,
  datastore: Database,
  group: Folder,
  policy: ScrollText,
  vib: Package,
};

export const KIND_LABELS: Record<TreeKind, string> = {
  datacenter: 'Datacenter',
  vmFolder: 'Folder',
  hostFolder: 'Folder',
  cluster: 'Cluster',
  resourcePool: 'Resource pool',
  host: 'Host',
  vm: 'Virtual machine',
  datastore: 'Datastore',
  group: 'Folder',
  policy: 'VM storage policy',
  vib: 'VIB',
};

export function ObjectIcon({ kind, state = '', badge = '', size }: ObjectIconProps) {
  const isTemplate = badge === TEMPLATE;
  const [mark, word] = isTemplate ? PLAIN : markOf(state, badge);
  const name = isTemplate ? 'Template' : KIND_LABELS[kind];
  const label = word === '' ? name : `${name}, ${word}`;
  const icon = isTemplate ? LayoutTemplate : ICONS[kind];
  return <StateIcon icon={icon} mark={mark} label={label} size={size} />;
}

const TEMPLATE = 'template';
const PLAIN: [StateMark, string] = ['none', ''];
const BADGES: Partial<Record<string, [StateMark, string]>> = {
  inMaintenance: ['maintenance', 'in maintenance mode'],
  entering: ['maintenance', 'entering maintenance mode'],
  faulted: ['error', 'faulted'],
  warning: ['warning', 'needs attention'],
};

const STATES: Partial<Record<string, [StateMark, string]>> = {
  poweredOn: ['play', 'powered on'],
  poweredOff: ['stop', 'powered off'],
  suspended: ['pause', 'suspended'],
  connected: ['none', 'connected'],
  disconnected: ['offline', 'disconnected'],
  notResponding: ['offline', 'not responding'],
};

/** A host that is away is worth more than its maintenance; otherwise the badge comes first. */
function markOf(state: string, badge: string): [StateMark, string] {
  const own = STATES[state] ?? ['none', ''];
  if (own[0] === 'offline') return own;
  return BADGES[badge] ?? own;
}
