'use client';
// The parts of a Monitor or Configure tab, as a list at the side, kept in `?section=`.
// Props: `label` of the whole, `sections` (as tabs).
import { type Tab, Tabs } from '../ui/tabs.tsx';

export function Sections({ label, sections }: { label: string; sections: readonly Tab[] }) {
  return <Tabs vertical param="section" label={label} tabs={sections} />;
}
