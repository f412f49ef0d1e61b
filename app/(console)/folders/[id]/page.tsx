// /folders/…: a folder with what stands in it.
import { PlacePage } from '#components/inventory/place-page.tsx';

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <PlacePage id={id} />;
}
