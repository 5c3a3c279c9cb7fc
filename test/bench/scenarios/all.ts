import type { Scenario } from '../scenario.ts'
import { drains } from './drain.ts'
import { fromKafka } from './from-kafka.ts'
import { kafka } from './kafka.ts'
import { search } from './search.ts'
import { webhooks } from './webhooks.ts'

export const scenarios: readonly Scenario[] = [...drains, ...kafka, ...fromKafka, ...search, ...webhooks]
