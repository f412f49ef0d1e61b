'use client';
// The palette: objects, pages and actions, found by typing and chosen with the arrow keys.
// Props: `open`, `onOpenChange`.
import { Dialog } from '@base-ui/react/dialog';
import { Search } from 'lucide-react';
import { type KeyboardEvent, useId, useRef, useState } from 'react';
import { classNames } from '#components/ui/class-names.ts';
import { searchItems } from './palette-search.ts';
import { type PaletteEntry, usePaletteEntries } from './use-palette-entries.tsx';

const SHOWN_MAX = 40;

export interface PaletteProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

export function Palette({ open, onOpenChange }: PaletteProps) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-70 bg-black/40" />
        <Dialog.Popup
          className="fixed top-[10vh] left-1/2 z-80 flex max-h-[70vh]
            w-[min(40rem,calc(100vw-2rem))] -translate-x-1/2 flex-col rounded-lg border
            border-line bg-raised text-ink shadow-popup"
        >
          <Dialog.Title className="sr-only">Search objects and actions</Dialog.Title>
          <Finder onDone={() => onOpenChange(false)} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Finder({ onDone }: { onDone: () => void }) {
  const [query, setQuery] = useState('');
  const [index, setIndex] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const listId = useId();
  const found = searchItems(usePaletteEntries(query), query, SHOWN_MAX);
  const active = Math.min(index, found.length - 1);
  const choose = (entry: PaletteEntry | undefined) => {
    if (!entry) return;
    onDone();
    entry.run();
  };
  const press = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (event.key === 'Enter') choose(found[active]);
    else if (step === 0 || found.length === 0) return;
    event.preventDefault();
    const next = (active + step + found.length) % Math.max(1, found.length);
    setIndex(next);
    list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <>
      <div className="flex items-center gap-2 border-b border-line px-4">
        <Search aria-hidden size={16} className="text-muted" />
        <input
          // biome-ignore lint/a11y/noAutofocus: the dialog is opened in order to type
          autoFocus
          role="combobox"
          aria-label="Search"
          aria-expanded={found.length > 0}
          aria-controls={listId}
          aria-activedescendant={found[active] ? `${listId}-${active}` : undefined}
          placeholder="Name of an object, a page, or what to do"
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setIndex(0);
          }}
          onKeyDown={press}
          className="h-12 min-w-0 flex-1 bg-transparent text-lg outline-none placeholder:text-muted"
        />
        <kbd className="rounded-sm border border-line px-1.5 font-sans text-xs text-muted">Esc</kbd>
      </div>
      <div
        ref={list}
        id={listId}
        role="listbox"
        aria-label="Found"
        className="overflow-y-auto py-1.5"
      >
        {found.map((entry, at) => (
          <Option
            key={entry.id}
            id={`${listId}-${at}`}
            entry={entry}
            active={at === active}
            onPoint={() => setIndex(at)}
            onChoose={() => choose(entry)}
          />
        ))}
      </div>
      {found.length === 0 && (
        <p className="px-4 pb-4 text-muted">Nothing is called so. Try a part of the name.</p>
      )}
    </>
  );
}

interface OptionProps {
  id: string;
  entry: PaletteEntry;
  active: boolean;
  onPoint: () => void;
  onChoose: () => void;
}

function Option({ id, entry, active, onPoint, onChoose }: OptionProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the input keeps the focus and handles the keys
    // biome-ignore lint/a11y/useFocusableInteractive: see above
    <div
      id={id}
      role="option"
      aria-selected={active}
      onMouseMove={onPoint}
      onClick={onChoose}
      className={classNames(
        'mx-1.5 flex h-8 items-center gap-3 rounded-md px-2.5',
        active && 'bg-selected',
      )}
    >
      <span className="flex w-5 justify-center">{entry.icon}</span>
      <span className="truncate">{entry.label}</span>
      <span className="ml-auto shrink-0 text-sm text-muted">{entry.kind}</span>
    </div>
  );
}
