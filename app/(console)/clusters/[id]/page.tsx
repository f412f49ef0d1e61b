// /clusters/domain-c7: a cluster.
import { ClusterPage } from '#components/clusters/cluster-page.tsx';

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <ClusterPage id={id} />;
}
