// Keeps a page's place while its code arrives.
import { Skeleton } from '#components/ui/states/skeleton.tsx';

export default function LoadingPage() {
  return (
    <div className="p-4">
      <Skeleton lines={8} label="Loading the page" />
    </div>
  );
}
