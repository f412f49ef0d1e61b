// /tags: tags, their categories, and custom attributes.
import { TagsPage } from '#components/inventory/tags-page.tsx';

export default function Page() {
  return <TagsPage />;
}
