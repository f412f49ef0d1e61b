// /datastores: all datastores.
import { DatastoreListPage } from '#components/datastores/datastore-list-page.tsx';

export default function Page() {
  return <DatastoreListPage />;
}
