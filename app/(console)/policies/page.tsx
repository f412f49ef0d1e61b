// /policies: VM storage policies.
import { PolicyListPage } from '#components/policies/policy-list-page.tsx';

export default function Page() {
  return <PolicyListPage />;
}
