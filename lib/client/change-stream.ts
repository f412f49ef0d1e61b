// The page's end of the change stream. A browser has one event stream, whatever the number of its
// tabs: the tab that holds a web lock reads it and tells the others over a broadcast channel; when
// it closes, another takes over. Where there are no web locks (plain HTTP on another machine's
// name) each tab that is looked at has its own.
import { readEventStream } from './event-stream.ts';
import type { ObjectChange } from './query-keys.ts';
import type { StreamEnvironment, StreamState, TabMessage } from './stream-parts.ts';

export interface StreamListener {
  onChanges(changes: readonly ObjectChange[]): void;
  /** Everything may have changed. */
  onReset(): void;
  onState(state: StreamState): void;
  onSessionEnded(): void;
}

/** Follows the stream until the signal aborts. */
export async function followStream(
  environment: StreamEnvironment,
  listener: StreamListener,
  signal: AbortSignal,
): Promise<void> {
  let state: StreamState = 'connecting';
  let leads = false;
  const channel = environment.openChannel((message) => {
    if (message.kind === 'hello') {
      if (leads) channel.post({ kind: 'state', state });
    } else take(message);
  });
  channel.post({ kind: 'hello' });
  await environment.whileLeader(async (leading) => {
    leads = true;
    await readEventStream({ environment, signal: leading, onMessage: tell });
    leads = false;
  }, signal);
  channel.close();

  function tell(message: TabMessage): void {
    channel.post(message);
    take(message);
  }

  function take(message: TabMessage): void {
    if (message.kind === 'changes') {
      environment.seen.noteMessage(message.version);
      listener.onChanges(message.changes);
    } else if (message.kind === 'state') {
      state = message.state;
      listener.onState(state);
    } else if (message.kind === 'reset') listener.onReset();
    else if (message.kind === 'sessionEnded') listener.onSessionEnded();
  }
}
