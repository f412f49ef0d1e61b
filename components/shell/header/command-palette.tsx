'use client';
// Search over everything on one key (Ctrl-K or /): the button, the key, and the palette once it is
// asked for.
import { Search } from 'lucide-react';
import { useEffect, useState } from 'react';
import { onDemand } from '#components/ui/overlays/on-demand.ts';

const palette = onDemand(() => import('./palette.tsx').then((file) => file.Palette));

export function CommandPalette() {
  const [open, setOpen] = useState(false);
  const [wasOpen, setWasOpen] = useState(false);
  const show = () => {
    palette.fetch();
    setWasOpen(true);
    setOpen(true);
  };
  useEffect(() => {
    const press = (event: globalThis.KeyboardEvent) => {
      if (!isSearchKey(event)) return;
      event.preventDefault();
      palette.fetch();
      setWasOpen(true);
      setOpen(true);
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);
  return (
    <>
      <button
        type="button"
        onClick={show}
        onPointerEnter={palette.fetch}
        aria-keyshortcuts="Control+K"
        className="flex h-7 items-center gap-2 rounded-md border border-header-line px-2
          text-header-muted hover:bg-header-hover hover:text-header-ink
          focus-visible:outline-header-ink lg:w-72"
      >
        <Search aria-hidden size={14} />
        <span className="max-lg:sr-only">Search objects and actions</span>
        <kbd className="ml-auto font-sans text-xs max-lg:hidden">Ctrl K</kbd>
      </button>
      {wasOpen && <PaletteAt open={open} onOpenChange={setOpen} />}
    </>
  );
}

function PaletteAt(props: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const Drawn = palette.usePart();
  return Drawn && <Drawn {...props} />;
}

/** Ctrl-K anywhere; / only where nobody is typing. */
function isSearchKey(event: globalThis.KeyboardEvent): boolean {
  if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) return true;
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return false;
  const target = event.target;
  if (!(target instanceof HTMLElement)) return true;
  return !target.isContentEditable && !target.closest('input, textarea, [role="dialog"]');
}
