// /key-providers: where the keys of encrypted disks come from.
import { KeyProviderListPage } from '#components/keys/key-provider-list-page.tsx';

export default function Page() {
  return <KeyProviderListPage />;
}
