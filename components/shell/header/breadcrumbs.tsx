'use client';
// Where one is: from the datacenter down to the object, or the page's name.
import { ChevronRight } from 'lucide-react';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { useMemo } from 'react';
import { pathTo, type TreeNode } from '../tree/tree-model.ts';
import { useTreeNodes } from '../tree/use-tree-nodes.ts';
import { PAGES } from './pages.ts';

interface Crumb {
  label: string;
  href: string | null;
}

export function Breadcrumbs() {
  const pathname = usePathname();
  const { inventory, policies } = useTreeNodes();
  const crumbs = useMemo(
    () => crumbsOf(pathname, [...inventory, ...policies]),
    [pathname, inventory, policies],
  );
  return (
    <nav aria-label="Path" className="min-w-0 max-md:hidden">
      <ol className="flex min-w-0 items-center text-sm">
        {crumbs.map((crumb, index) => (
          <li key={crumb.href ?? crumb.label} className="flex min-w-0 items-center">
            {index > 0 && (
              <ChevronRight aria-hidden size={13} className="mx-1 shrink-0 text-header-muted" />
            )}
            {crumb.href && index < crumbs.length - 1 ? (
              <Link
                href={crumb.href}
                prefetch={false}
                className="truncate text-header-muted hover:text-header-ink"
              >
                {crumb.label}
              </Link>
            ) : (
              <span
                className="truncate"
                aria-current={index === crumbs.length - 1 ? 'page' : undefined}
              >
                {crumb.label}
              </span>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** An object's page is /<kind>/<id>; above a VIB or policy stands the page of its kind. */
function crumbsOf(pathname: string, nodes: readonly TreeNode[]): Crumb[] {
  const node = nodes.find((one) => one.href === pathname);
  if (node) return pathTo(nodes, node.id).map(({ name, href }) => ({ label: name, href }));
  const page = PAGES.find(({ path }) => path === pathname);
  if (page) return [{ label: page.label, href: page.path }];
  const above = PAGES.find(({ path }) => path !== '/' && pathname.startsWith(`${path}/`));
  if (!above) return [];
  const last = decodeURIComponent(pathname.split('/').at(-1) ?? '');
  return [
    { label: above.label, href: above.path },
    { label: last, href: pathname },
  ];
}
