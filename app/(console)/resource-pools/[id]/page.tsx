// /resource-pools/…: a resource pool with what is in it.
import { PoolPage } from '#components/pools/pool-page.tsx';

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <PoolPage id={id} />;
}
