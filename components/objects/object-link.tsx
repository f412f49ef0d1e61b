// The name of an object, leading to its page.
// Props: `id`, `name`. An object of a kind without a page is plain text.
import Link from 'next/link';
import { objectPath } from './object-paths.ts';

export interface ObjectLinkProps {
  id: string;
  name: string;
}

export function ObjectLink({ id, name }: ObjectLinkProps) {
  const path = objectPath(id);
  if (!path) return <span>{name}</span>;
  return (
    // Not fetched ahead: a table would ask for the page of each row in view.
    <Link
      href={path}
      prefetch={false}
      className="min-w-0 truncate text-accent hover:underline"
      title={name}
    >
      {name}
    </Link>
  );
}
