// /datastores/datastore-5: a datastore.
import { DatastorePage } from '#components/datastores/datastore-page.tsx';

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <DatastorePage id={id} />;
}
