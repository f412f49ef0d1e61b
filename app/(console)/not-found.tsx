// An address that leads nowhere.
import { SearchX } from 'lucide-react';
import Link from 'next/link';
import { EmptyState } from '#components/ui/states/empty-state.tsx';

export default function NotFoundPage() {
  return (
    <div className="flex min-h-full items-center justify-center">
      <h1 className="sr-only">Not found</h1>
      <EmptyState
        icon={SearchX}
        title="There is no such page"
        action={<Link href="/">To the overview</Link>}
      >
        The address may be mistyped, or the object is gone.
      </EmptyState>
    </div>
  );
}
