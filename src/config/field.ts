import type { ValueRules, ValueType } from './values.ts'

/** One setting. Its text forms are the same in the environment, in a file, behind a flag and as default. */
export interface Field extends ValueRules {
  readonly name: `PGSTREAM_${string}`
  readonly type: ValueType
  /** As a user would write it; a field without one is optional. */
  readonly default?: string
  /** One sentence for help and README. */
  readonly about: string
  /** Never shown. (A URL is shown without its user and password.) */
  readonly secret?: boolean
  /** Without its dashes. */
  readonly flag?: string
  readonly shortFlag?: string
  /** What stands for the value in help, such as `FILE`. */
  readonly placeholder?: string
}

export interface Module {
  readonly title: string
  /** What has to be set for it to take part; nothing where it always does. */
  readonly enabledBy?: string
  readonly fields: Readonly<Record<string, Field>>
}
