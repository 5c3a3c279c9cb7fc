import type { Scenario } from '../scenario.ts'
import { drains } from './drain.ts'

export const scenarios: readonly Scenario[] = [...drains]
