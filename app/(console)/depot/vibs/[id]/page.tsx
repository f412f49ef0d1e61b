// /depot/vibs/vib-2: a VIB.
import { VibPage } from '#components/depot/vib-page.tsx';

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <VibPage id={id} />;
}
