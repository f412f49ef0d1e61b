'use client';
// The name of an object, leading to its page.
// Props: `id`, `name`. An object of a kind without a page is plain text.
import { useRouter } from 'next/navigation';
import type { MouseEvent } from 'react';
import { objectPath } from './object-paths.ts';

export interface ObjectLinkProps {
  id: string;
  name: string;
}

/**
 * A plain link, and not Next's: a table makes three of them for each row that comes into view, and
 * nothing is to be fetched ahead.
 */
export function ObjectLink({ id, name }: ObjectLinkProps) {
  const router = useRouter();
  const path = objectPath(id);
  if (!path) return <span>{name}</span>;
  const follow = (event: MouseEvent) => {
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (elsewhere || event.button !== 0 || event.defaultPrevented) return;
    event.preventDefault();
    router.push(path);
  };
  return (
    <a
      href={path}
      onClick={follow}
      className="min-w-0 truncate text-accent hover:underline"
      title={name}
    >
      {name}
    </a>
  );
}
