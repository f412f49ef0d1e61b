// /events: what happened.
import { EventListPage } from '#components/events/event-list-page.tsx';

export default function Page() {
  return <EventListPage />;
}
