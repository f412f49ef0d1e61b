'use client';
// The box of a popover, with the focus in it while it is open. Props: see popover.tsx.
import { Popover as Base } from '@base-ui/react/popover';
import type { PopoverBox } from './popover.tsx';
import { isByOpener, type PopupProps } from './popup-anchor.ts';

export function PopoverPopup(props: PopupProps & PopoverBox) {
  const { anchor, open, onOpenChange, align, title, titleClassName, className, children } = props;
  return (
    <Base.Root
      open={open}
      onOpenChange={(next, { event }) => !isByOpener(anchor, event) && onOpenChange(next)}
    >
      <Base.Portal>
        <Base.Positioner className="z-60" anchor={anchor.at} sideOffset={4} align={align}>
          <Base.Popup className={className} finalFocus={() => anchor.returnTo}>
            <Base.Title className={titleClassName}>{title}</Base.Title>
            {children(() => onOpenChange(false))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
