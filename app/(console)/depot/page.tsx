// /depot: VIBs to install and traces to play.
import { DepotPage } from '#components/depot/depot-page.tsx';

export default function Page() {
  return <DepotPage />;
}
