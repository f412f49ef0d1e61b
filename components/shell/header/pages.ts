// The pages that are not objects, for the menu, the path and the search.
import {
  CalendarClock,
  House,
  KeyRound,
  ListChecks,
  type LucideIcon,
  Monitor,
  Package,
  Replace,
  ScrollText,
  Server,
  Tags,
} from 'lucide-react';

export interface Page {
  path: string;
  label: string;
  icon: LucideIcon;
  /** Other words that people look for. */
  words: string;
}

export const PAGES: readonly Page[] = [
  { path: '/', label: 'Overview', icon: House, words: 'home start dashboard datacenter' },
  { path: '/vms', label: 'Virtual machines', icon: Monitor, words: 'vm list' },
  { path: '/hosts', label: 'Hosts', icon: Server, words: 'esx list' },
  { path: '/policies', label: 'VM storage policies', icon: ScrollText, words: 'spbm profiles' },
  { path: '/key-providers', label: 'Key providers', icon: KeyRound, words: 'kms encryption' },
  {
    path: '/replication-targets',
    label: 'Replication targets',
    icon: Replace,
    words: 'disaster recovery site pairing',
  },
  {
    path: '/tags',
    label: 'Tags and custom attributes',
    icon: Tags,
    words: 'categories labels annotations',
  },
  { path: '/depot', label: 'I/O filter depot', icon: Package, words: 'vib bundle upload filters' },
  { path: '/tasks', label: 'Tasks', icon: ListChecks, words: 'jobs history' },
  { path: '/events', label: 'Events', icon: CalendarClock, words: 'log audit' },
];
