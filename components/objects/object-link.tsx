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
    <Link href={path} className="min-w-0 truncate text-accent hover:underline" title={name}>
      {name}
    </Link>
  );
}
