import { setTimeout as pause } from 'node:timers/promises'
import { asPgstreamError } from '../telemetry/as-pgstream-error.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { ChangeEvent } from '../wal/event.ts'
import type { Relation } from '../wal/relation.ts'
import type { SigningKey } from './signing-key.ts'
import { wants } from './subscription.ts'
import type { EventType, Subscription } from './subscription.ts'

/** Where changes of one kind of one table go: one request, however many subscriptions of the URL want it. */
export interface Target {
  readonly url: string
  readonly subscriptionIds: readonly string[]
}

/** By their URLs. */
export type Targets = ReadonlyMap<string, Target>

const typeOf: Readonly<Record<ChangeEvent['kind'], EventType>> = {
  insert: 'I',
  update: 'U',
  delete: 'D',
  truncate: 'T',
  'schema-change': 'I',
  message: 'M',
}

/** The wire's letter for an event, and its table, which messages do not have. */
export function kindOf(event: ChangeEvent): { type: EventType; schema: string; table: string } {
  const { schema, table } = event.kind === 'message' ? { schema: '', table: '' } : event.relation
  return { type: typeOf[event.kind], schema, table }
}

export interface BookOptions {
  /** Reads all of them. */
  readonly load: () => Promise<readonly Subscription[]>
  readonly logger: Logger
}

/** Every subscription, in memory: no event asks the database. */
export class SubscriptionBook {
  readonly #options: BookOptions
  #byId = new Map<string, Subscription>()
  /** What was found out, since something changed last. */
  #urls: ReadonlySet<string> | null = null
  #known = new WeakMap<Relation, Map<EventType, Targets>>()
  #forMessages: Targets | null = null
  #keys = new WeakMap<readonly string[], readonly SigningKey[]>()
  #changes = 0
  #loading: Promise<void> | null = null
  #mustReload = false
  #isStale = false

  constructor(options: BookOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#byId.size
  }

  /** By their ids from the smallest on. */
  all(): Subscription[] {
    return [...this.#byId.values()].sort((a, b) => Number(a.id) - Number(b.id))
  }

  /** @throws whatever `load` throws. */
  async load(): Promise<void> {
    for (;;) {
      const before = this.#changes
      const loaded = await this.#options.load()
      // what was put in meanwhile may not be in what was read
      if (before !== this.#changes) continue
      this.#byId = new Map(loaded.map((subscription) => [subscription.id, subscription]))
      return this.#changed()
    }
  }

  /** Loads again, soon, and says so if that cannot be done: what is known stays in force. */
  refresh(): void {
    this.#mustReload = true
    this.#loading ??= this.#reload().finally(() => (this.#loading = null))
  }

  put(subscription: Subscription): void {
    this.#byId.set(subscription.id, subscription)
    this.#changed()
  }

  remove(id: string): void {
    this.#byId.delete(id)
    this.#changed()
  }

  /** Nobody of this URL wants anything any more. */
  disable(url: string, reason: string): void {
    for (const subscription of this.#byId.values()) {
      if (subscription.url === url && subscription.disabledAt === null)
        this.#byId.set(subscription.id, { ...subscription, disabledAt: new Date(), disabledReason: reason })
    }
    this.#changed()
  }

  /** Who wants this event; the same map as long as nothing changes. */
  targetsOf(event: ChangeEvent): Targets {
    if (event.kind === 'message') return (this.#forMessages ??= this.#find(event))
    let ofTable = this.#known.get(event.relation)
    if (!ofTable) this.#known.set(event.relation, (ofTable = new Map<EventType, Targets>()))
    const type = typeOf[event.kind]
    let targets = ofTable.get(type)
    if (!targets) ofTable.set(type, (targets = this.#find(event)))
    return targets
  }

  /**
   * By which keys a notification to this target is signed now; `gone` when all its subscriptions were removed, `disabled`
   * when those that are left are, `unsigned` when they have no usable secret.
   */
  keysOf({
    subscriptionIds,
  }: Pick<Target, 'subscriptionIds'>): readonly SigningKey[] | 'gone' | 'disabled' | 'unsigned' {
    const known = this.#keys.get(subscriptionIds)
    if (known) return known
    const left = subscriptionIds.flatMap((id) => this.#byId.get(id) ?? [])
    if (left.length === 0) return 'gone'
    const enabled = left.filter(({ disabledAt }) => disabledAt === null)
    if (enabled.length === 0) return 'disabled'
    const now = Date.now()
    const keys = enabled.flatMap(({ key, previousKey, previousKeyUntil }) => [
      ...(key ? [key] : []),
      ...(previousKey && previousKeyUntil > now ? [previousKey] : []),
    ])
    if (keys.length === 0) return 'unsigned'
    // a key that ends some time is looked at each time
    if (enabled.every(({ previousKeyUntil }) => previousKeyUntil <= now))
      this.#keys.set(subscriptionIds, keys)
    return keys
  }

  /** Where something may be sent to; the same set as long as nothing changes. */
  urls(): ReadonlySet<string> {
    return (this.#urls ??= new Set(
      [...this.#byId.values()].flatMap(({ url, disabledAt }) => (disabledAt === null ? [url] : [])),
    ))
  }

  /** Of a URL. */
  idsOf(url: string): string[] {
    return [...this.#byId.values()].flatMap((each) => (each.url === url ? [each.id] : []))
  }

  #find(event: ChangeEvent): Targets {
    const kind = kindOf(event)
    const byUrl = new Map<string, string[]>()
    for (const subscription of this.#byId.values()) {
      if (!wants(subscription, kind)) continue
      const ids = byUrl.get(subscription.url)
      if (ids) ids.push(subscription.id)
      else byUrl.set(subscription.url, [subscription.id])
    }
    return new Map([...byUrl].map(([url, subscriptionIds]) => [url, { url, subscriptionIds }]))
  }

  #changed(): void {
    this.#changes++
    this.#urls = null
    this.#known = new WeakMap()
    this.#forMessages = null
    this.#keys = new WeakMap()
  }

  async #reload(): Promise<void> {
    while (this.#mustReload) {
      this.#mustReload = false
      const startedAt = performance.now()
      try {
        await this.load()
        if (this.#isStale) this.#options.logger.info({}, 'the webhook subscriptions can be read again')
        this.#isStale = false
      } catch (error) {
        const { code, message, remedy } = asPgstreamError(error)
        if (!this.#isStale)
          this.#options.logger.warn(
            { code, remedy },
            `${message} The webhook subscriptions that are known stay in force`,
          )
        this.#isStale = true
      }
      // whoever subscribes in thousands leaves room for others
      if (this.#mustReload)
        await pause(Math.min(1_000, performance.now() - startedAt), undefined, { ref: false })
    }
  }
}
