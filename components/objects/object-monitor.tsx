'use client';
// The Monitor tab of an object: sections of its own kind, then its tasks and events, which all
// objects have. Props: `id` of the object, `sections` (as tabs).
import type { Tab } from '../ui/tabs.tsx';
import { ObjectEvents, ObjectTasks } from './object-history.tsx';
import { Sections } from './sections.tsx';

export interface ObjectMonitorProps {
  id: string;
  sections?: readonly Tab[];
}

export function ObjectMonitor({ id, sections = [] }: ObjectMonitorProps) {
  return (
    <Sections
      label="Monitor"
      sections={[
        ...sections,
        { id: 'tasks', label: 'Tasks', content: <ObjectTasks id={id} /> },
        { id: 'events', label: 'Events', content: <ObjectEvents id={id} /> },
      ]}
    />
  );
}
