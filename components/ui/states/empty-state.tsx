// A page or list with nothing in it yet: what this is for, and the next step.
// Props: `icon` (a lucide component), `title`, `children` (one or two sentences), `action` (a
// button).
import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

export interface EmptyStateProps {
  icon?: LucideIcon;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

export function EmptyState({ icon: Icon, title, children, action }: EmptyStateProps) {
  return (
    <div className="flex flex-col items-center justify-center gap-2 px-6 py-10 text-center">
      {Icon && <Icon aria-hidden size={28} strokeWidth={1.25} className="text-muted" />}
      <p className="text-lg font-semibold">{title}</p>
      {children && <div className="max-w-lg text-muted">{children}</div>}
      {action && <div className="mt-2">{action}</div>}
    </div>
  );
}
