import type { Config } from './fields.ts'
import { readConfig } from './read-config.ts'

/** What every setting is when nobody sets it; options of the library that are left out are the same. */
export const defaults: Config = readConfig({ flags: {}, environment: {} }).config
