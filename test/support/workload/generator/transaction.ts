/** As Postgres' own: changing rows, making an index, ALTERs that let rows be changed, and all others. */
export type LockMode = 'rows' | 'index' | 'weak' | 'exclusive'

const conflicts: Readonly<Record<LockMode, readonly LockMode[]>> = {
  rows: ['index', 'exclusive'],
  index: ['rows', 'weak', 'exclusive'],
  weak: ['index', 'weak', 'exclusive'],
  exclusive: ['rows', 'index', 'weak', 'exclusive'],
}

/**
 * What one session holds and what it would have to take back: the model changes at once, so nobody else may look at
 * what an open transaction has changed. Locks are held to the end, also beyond a rolled back savepoint.
 */
export class Transaction {
  readonly session: number
  open = false
  /** Changes of others that it does not see may make its statements fail. */
  mayClash = false
  /** Cannot be prepared. */
  hasTemporary = false
  readonly #undo: (() => void)[] = []
  #savepoints: { readonly name: string; readonly mark: number }[] = []
  readonly locks: Map<object | string, ReadonlySet<LockMode>> = new Map()

  constructor(session: number) {
    this.session = session
  }

  get savepoints(): readonly string[] {
    return this.#savepoints.map(({ name }) => name)
  }

  whenUndone(undo: () => void): void {
    if (this.open) this.#undo.push(undo)
  }

  savepoint(name: string): void {
    this.#savepoints.push({ name, mark: this.#undo.length })
  }

  rollbackTo(name: string): void {
    const at = this.#savepoints.findLastIndex((savepoint) => savepoint.name === name)
    this.#undoTo(this.#savepoints[at]!.mark)
    this.#savepoints = this.#savepoints.slice(0, at + 1)
  }

  release(name: string): void {
    const at = this.#savepoints.findLastIndex((savepoint) => savepoint.name === name)
    this.#savepoints = this.#savepoints.slice(0, at)
  }

  begin(mayClash: boolean): void {
    this.open = true
    this.mayClash = mayClash
  }

  end(committed: boolean): void {
    if (!committed) this.#undoTo(0)
    this.open = false
    this.mayClash = false
    this.hasTemporary = false
    this.#undo.length = 0
    this.#savepoints = []
    this.locks.clear()
  }

  #undoTo(mark: number): void {
    while (this.#undo.length > mark) this.#undo.pop()!()
  }
}

/** Takes the lock for `mine` unless another open transaction would have to be waited for. */
export function tryLock(
  all: readonly Transaction[],
  mine: Transaction,
  resources: readonly (object | string)[],
  mode: LockMode,
): boolean {
  const isTaken = ({ locks }: Transaction, resource: object | string): boolean =>
    conflicts[mode].some((other) => locks.get(resource)?.has(other))
  const others = all.filter((each) => each !== mine)
  if (resources.some((resource) => others.some((other) => isTaken(other, resource)))) return false
  for (const resource of resources) mine.locks.set(resource, new Set(mine.locks.get(resource)).add(mode))
  return true
}
