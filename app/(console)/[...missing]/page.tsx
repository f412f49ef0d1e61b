// Any other address: the not-found page within the console's frame.
import { notFound } from 'next/navigation';

export default function MissingPage() {
  notFound();
}
