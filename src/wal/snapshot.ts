/**
 * Whether a snapshot, as `pg_current_snapshot()` prints it (`xmin:xmax:xid,xid`), shows what a transaction did, which is
 * known to have committed.
 */
export function snapshotSees(snapshot: string, xid: bigint): boolean {
  const [xmin = '0', xmax = '0', running = ''] = snapshot.split(':')
  if (xid < BigInt(xmin)) return true
  return xid < BigInt(xmax) && !running.split(',').includes(String(xid))
}
