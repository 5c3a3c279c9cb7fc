import { lookup, promises as dns } from 'node:dns'
import type { LookupAddress, LookupOptions } from 'node:dns'
import { Fifo } from '../pipeline/fifo.ts'

/** Finds every address of a name, as `dns.lookup` does. */
export type Resolve = (hostname: string, options: LookupOptions & { all: true }, callback: Resolved) => void

export type Resolved = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void

/** Whether the servers of a name say anything at all. Never rejects. */
export type Probe = (hostname: string) => Promise<boolean>

/** A process runs two lookups at once and lets others wait, whoever they are for. One is for all names, both for those that are answered. */
const [forAll, forAnswered] = [1, 2]

/** Most names have had their turn before. */
const askAfterMs = 100

interface Wanted {
  readonly begin: () => void
  isBegun: boolean
}

/**
 * The system's lookups of names. One keeps a thread until it is answered, for ten seconds and more where a name's servers
 * are silent, and cannot be ended; a second one would keep the database from being found, too. A name that has to wait is asked
 * for in a way that needs no thread: if it is answered there, it does not wait for those that are not. And whoever asks for a name that is being looked up gets the same answer.
 */
export class NameLookups {
  readonly #system: Resolve
  readonly #probe: Probe
  readonly #asking = new Map<string, Resolved[]>()
  readonly #waiting = new Fifo<Wanted>()
  readonly #answered = new Fifo<Wanted>()
  #running = 0

  constructor(system: Resolve = lookup, probe: Probe = hasAnswer) {
    this.#system = system
    this.#probe = probe
  }

  readonly resolve: Resolve = (hostname, options, callback) => {
    const key = `${hostname} ${options.family ?? ''} ${options.hints ?? ''}`
    const others = this.#asking.get(key)
    if (others) return void others.push(callback)
    const asking = [callback]
    this.#asking.set(key, asking)
    const begin = (): void =>
      this.#system(hostname, options, (error, addresses) => {
        this.#running--
        this.#asking.delete(key)
        this.#next()
        for (const each of asking) each(error, addresses)
      })
    const wanted = { begin, isBegun: false }
    this.#waiting.push(wanted)
    this.#next()
    if (!wanted.isBegun) setTimeout(() => void this.#ask(hostname, wanted), askAfterMs)
  }

  async #ask(hostname: string, wanted: Wanted): Promise<void> {
    if (wanted.isBegun || !(await this.#probe(hostname))) return
    this.#answered.push(wanted)
    this.#next()
  }

  #next(): void {
    while (this.#running < forAnswered) {
      const wanted = firstOf(this.#answered) ?? (this.#running < forAll ? firstOf(this.#waiting) : undefined)
      if (!wanted) return
      wanted.isBegun = true
      this.#running++
      wanted.begin()
    }
  }
}

function firstOf(list: Fifo<Wanted>): Wanted | undefined {
  for (let wanted = list.shift(); wanted; wanted = list.shift()) if (!wanted.isBegun) return wanted
  return undefined
}

const resolver = new dns.Resolver({ timeout: 1_000, tries: 2 })

/** What a server says when those that it asks are silent is no answer, either: the system would ask again. */
const silence: ReadonlySet<unknown> = new Set(['ETIMEOUT', 'ESERVFAIL', 'ECANCELLED'])

async function hasAnswer(hostname: string): Promise<boolean> {
  if (/^(.*\.)?localhost\.?$/i.test(hostname)) return true // no server is asked
  const said = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
  return said.every(
    (each) => each.status === 'fulfilled' || !silence.has((each.reason as { code?: unknown }).code),
  )
}

/** Those of this process: it is the process that has so few threads. */
export const nameLookups: NameLookups = new NameLookups()
