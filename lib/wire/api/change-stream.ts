// The change stream: GET /changes, text/event-stream. Its events are
//   changes    data: ChangeMessage, id: version of the last change in it
//   heartbeat  no data worth reading; at least every HEARTBEAT_MS, so that silence means a dead
//   stream
//   reset      the changes after the given version are no longer kept: read everything again
// A reader resumes with Last-Event-ID, or with ?after=<version>. Every JSON answer carries
// VERSION_HEADER: a version that is not newer than what was read, to begin the stream from without
// missing anything.

export const VERSION_HEADER = 'Sluice-Version';
export const HEARTBEAT_MS = 15_000;
export const CHANGE_EVENTS = {
  changes: 'changes',
  heartbeat: 'heartbeat',
  reset: 'reset',
} as const;
