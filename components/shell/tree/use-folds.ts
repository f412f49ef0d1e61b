'use client';
// What people folded or unfolded in the tree, kept in this browser.
import { useCallback, useMemo } from 'react';
import { useStored } from '../use-stored.ts';

/** Kept as `+id` and `-id`, so many at most: the oldest choices are forgotten first. */
const FOLDS_MAX = 500;

export interface Folds {
  folds: ReadonlyMap<string, boolean>;
  fold: (id: string, open: boolean) => void;
}

export function useFolds(): Folds {
  const [text, write] = useStored('tree.folds', '');
  const folds = useMemo(
    () =>
      new Map(
        text
          .split(' ')
          .filter((item) => item.length > 1)
          .map((item) => [item.slice(1), item.startsWith('+')] as const),
      ),
    [text],
  );
  const fold = useCallback(
    (id: string, open: boolean) => {
      const next = new Map(folds);
      next.delete(id);
      next.set(id, open);
      const items = [...next].slice(-FOLDS_MAX);
      write(items.map(([one, isOpen]) => `${isOpen ? '+' : '-'}${one}`).join(' '));
    },
    [folds, write],
  );
  return { folds, fold };
}
