/**
 * Real shells run it (the official images); ours have a `sh` that knows this call by its name, see tools/kubernetes/images/alone.
 * The lock belongs to the open file, which the program and its children inherit: it is free when the last of them has ended.
 */
const script = `exec 9>>"$1" && { flock -n 9 || {
  echo 'Another pod still works on this volume; waiting until it has ended.' >&2
  flock 9
}; } && shift && exec "$@"`;

/**
 * The command of a container whose volume two pods must never write to. Kubernetes starts the successor of a pod that was
 * deleted by force before the old one has ended: for a second two Postgres had the same files, and what the old one had
 * acknowledged in it was gone.
 */
export function whenAlone(lockFile: string, command: string[]): string[] {
  return ['sh', '-c', script, 'alone', lockFile, ...command];
}
