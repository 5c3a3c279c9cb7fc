import type { Random } from '../random.ts'
import type { Step } from '../step.ts'
import { literal } from '../values/quoting.ts'
import type { ValueType } from '../values/value-type.ts'
import type { Group, Schema, Table, World } from './model.ts'
import { Transaction, tryLock } from './transaction.ts'
import type { LockMode } from './transaction.ts'

/** Adds steps for the session whose turn it is, or gives false when nothing in this world suits it. */
export type StepMaker = (scene: Scene) => boolean

export interface SceneOptions {
  readonly sessions: number
  readonly major: number
  readonly types: readonly ValueType[]
  /** Null where the server has no room for prepared transactions. */
  readonly preparedPrefix: string | null
  /** Most tables have a key at all times. */
  readonly keyed: boolean
}

/** Where makers of statements find what they need: the world, whose turn it is, and how to change both. */
export class Scene {
  readonly random: Random
  readonly major: number
  readonly keyed: boolean
  readonly world: World = { schemas: [], tables: [] }
  readonly steps: Step[] = []
  readonly #transactions: readonly Transaction[]
  #turn: Transaction
  #number = 0

  /** That columns can have, and those of them that can be keys. */
  readonly types: readonly ValueType[]
  readonly keyTypes: readonly ValueType[]
  readonly #preparedPrefix: string | null

  constructor(random: Random, options: SceneOptions) {
    this.random = random
    this.major = options.major
    this.keyed = options.keyed
    this.types = options.types
    this.keyTypes = options.types.filter(({ key }) => key !== undefined)
    this.#preparedPrefix = options.preparedPrefix
    this.#transactions = Array.from({ length: options.sessions }, (_, session) => new Transaction(session))
    this.#turn = this.#transactions[0]!
  }

  get transaction(): Transaction {
    return this.#turn
  }

  takeTurn(session: number): void {
    this.#turn = this.#transactions[session]!
  }

  /** Each number once. */
  nextNumber(): number {
    return ++this.#number
  }

  run(sql: string, about: Omit<Step, 'session' | 'sql'> = {}): void {
    const mayFail = about.mayFail === true || (this.#turn.mayClash && !about.control)
    this.steps.push({ session: this.#turn.session, sql, ...about, ...(mayFail ? { mayFail } : {}) })
  }

  /** DDL, now and then within PL/pgSQL. */
  ddl(sql: string, about: Omit<Step, 'session' | 'sql'> = {}): void {
    this.run(this.random.chance(0.1) ? `do $ddl$ begin execute ${literal(sql)}; end $ddl$` : sql, about)
  }

  /** Whether no transaction is open, which some commands would wait for. */
  get isQuiet(): boolean {
    return this.#transactions.every(({ open }) => !open)
  }

  begin(isolation: string): void {
    this.run(`begin isolation level ${isolation}`, { control: 'begin' })
    this.#turn.begin(isolation === 'repeatable read')
  }

  end(commit: boolean): void {
    const control = commit ? 'commit' : 'rollback'
    const inTwoPhases = this.random.chance(0.15) && !this.#turn.hasTemporary
    if (inTwoPhases && this.#preparedPrefix !== null) {
      const name = literal(`${this.#preparedPrefix} ${this.nextNumber()}`)
      this.run(`prepare transaction ${name}`, { control: 'prepare' })
      this.run(`${control} prepared ${name}`, { control })
    } else this.run(control, { control })
    this.#turn.end(commit)
  }

  /** After each statement: without a transaction, it has ended. */
  settle(): void {
    if (!this.#turn.open) this.#turn.end(true)
  }

  endAll(): void {
    for (const [session, { open }] of this.#transactions.entries()) {
      this.takeTurn(session)
      if (open) this.end(this.random.chance(0.8))
    }
  }

  /** False when another session is in the way. */
  lock(group: Group, mode: LockMode): boolean {
    return this.#lock([group], group.oneSession ? 'exclusive' : mode)
  }

  /** Tables come into the schema or leave it. */
  useSchema(schema: Schema): boolean {
    return this.#lock([schema], 'rows')
  }

  /** The schema itself changes; nobody is changing the shape of its tables, nor their rows unless that is allowed. */
  lockSchema(schema: Schema, beside: 'rows' | 'nobody'): boolean {
    const groups = this.world.tables.filter((table) => table.schema === schema).map(({ group }) => group)
    return this.#lock([schema], 'exclusive') && this.#lock(groups, beside === 'rows' ? 'weak' : 'exclusive')
  }

  /** A name that appears or disappears is nobody else's until the transaction ends. */
  lockName(schema: Schema, name: string): boolean {
    return this.#lock([`${schema.name}.${name}`], 'exclusive')
  }

  #lock(resources: readonly (object | string)[], mode: LockMode): boolean {
    return tryLock(this.#transactions, this.#turn, resources, mode)
  }

  /** One of the tables that suit and can be locked. */
  chooseTable(mode: LockMode, suits: (table: Table) => boolean = () => true): Table | null {
    const tables = this.world.tables.filter(suits)
    const table = this.random.some(tables, tables.length).find(({ group }) => this.lock(group, mode)) ?? null
    const waiting = table?.indexes.some(({ kind }) => kind === 'deferrable') && this.#turn.open
    // DDL is refused while checks of the table wait for the commit
    if (mode !== 'rows' && waiting) this.run('set constraints all immediate')
    return table
  }

  set<T extends object, K extends keyof T>(object: T, key: K, value: T[K]): void {
    const before = object[key]
    object[key] = value
    this.#turn.whenUndone(() => (object[key] = before))
  }

  add<T>(list: T[], item: T): void {
    list.push(item)
    this.#turn.whenUndone(() => list.splice(list.indexOf(item), 1))
  }

  remove<T>(list: T[], item: T): void {
    const at = list.indexOf(item)
    if (at < 0) return
    list.splice(at, 1)
    this.#turn.whenUndone(() => list.splice(at, 0, item))
  }
}
