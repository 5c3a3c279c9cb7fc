/** Milliseconds from the commit of a change, by the clock of its server, until now. */
export function sinceCommit({ timestamp }, now = performance.timeOrigin + performance.now()) {
  const [, second, fraction] = /^(.*?)(\.\d+)?\+00$/.exec(timestamp)
  return now - Date.parse(`${second.replace(' ', 'T')}Z`) - Number(fraction ?? 0) * 1000
}
