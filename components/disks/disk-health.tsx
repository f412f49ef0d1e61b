// The health of an object of a vSAN or vVol, in its host's own words. Props: `text`.
import { Badge } from '../ui/badge.tsx';

export function Health({ text }: { text: string }) {
  const isWell = /^(?:healthy|bound|not bound|ok)\b/i.test(text);
  const isLost = /inaccessible|lost|failed/i.test(text);
  return (
    <Badge tone={isWell ? 'ok' : isLost ? 'bad' : 'warn'} subtle>
      {`${text.charAt(0).toUpperCase()}${text.slice(1)}`}
    </Badge>
  );
}
