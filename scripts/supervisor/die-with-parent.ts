// Preloaded into each child of the supervisor: the channel closes when the supervisor dies, even by
// SIGKILL, and the child then stops as if it had been asked to. A child's own children load it too,
// but have another parent.
const supervisorPid = Number(process.env.SLUICE_SUPERVISOR_PID);

if (process.channel && process.ppid === supervisorPid) {
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}
