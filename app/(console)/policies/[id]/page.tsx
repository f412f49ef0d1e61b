// /policies/profile-3: a VM storage policy.
import { PolicyPage } from '#components/policies/policy-page.tsx';

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <PolicyPage id={id} />;
}
