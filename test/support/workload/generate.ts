import { alterSteps } from './generator/alter-steps.ts'
import { changeSteps } from './generator/change-steps.ts'
import { createSteps, createTable } from './generator/create-steps.ts'
import { createSchema, dropSteps } from './generator/drop-steps.ts'
import { insertSteps } from './generator/insert-steps.ts'
import { keySteps } from './generator/key-steps.ts'
import { partitionSteps } from './generator/partition-steps.ts'
import { Scene } from './generator/scene.ts'
import type { StepMaker } from './generator/scene.ts'
import { transactionSteps } from './generator/transaction-steps.ts'
import { randomFrom } from './random.ts'
import type { Step, WorkloadOptions } from './step.ts'
import { createOwnTypes } from './values/own-types.ts'
import { extensionTypes, valueTypes } from './values/value-types.ts'

const ddlSteps = [...createSteps, ...alterSteps, ...keySteps, ...partitionSteps, ...dropSteps]
const rowSteps = [...insertSteps, ...changeSteps]

/**
 * What a few users do to a database: rows of every type, keys of every kind, DDL between and within transactions that
 * several sessions have open at once. The same seed and options give the same steps, on every machine.
 *
 * The statements are made without looking at a database. Those that would wait for another session are avoided; a
 * few may still fail, because values collide. Rows that are older than a column with a default, or than a change of a
 * column's type, get values that the WAL does not tell; nothing else escapes it.
 */
export function generate(seed: number, options: WorkloadOptions = {}): Step[] {
  const random = randomFrom(seed)
  const sessions =
    options.sessions ??
    random.weighted([
      [1, 1],
      [2, 2],
      [2, 3],
      [1, 4],
    ])
  const ddl = options.ddl ?? random.between(1, 5) / 10
  const length = options.length ?? 80
  const scene = new Scene(random, {
    sessions,
    major: options.major ?? 15,
    types: options.extensions ? [...valueTypes, ...extensionTypes] : valueTypes,
    preparedPrefix: options.preparedPrefix ?? null,
    keyed: options.keyed ?? false,
  })

  scene.run(createOwnTypes)
  for (let left = random.between(1, 3); left > 0; left--) make(scene, createSchema)
  for (let left = random.between(2, 4); left > 0; left--) make(scene, random.weighted(createSteps))
  make(scene, createTable)
  const end = scene.steps.length + length
  while (scene.steps.length < end) {
    scene.takeTurn(random.int(sessions))
    // entries written in REPEATABLE READ show the tables of others as they were before
    const ddlNow = scene.transaction.mayClash ? 0 : ddl
    const kind = random.weighted([
      [2, transactionSteps],
      [8 * (1 - ddl), rowSteps],
      [8 * ddlNow, ddlSteps],
    ])
    make(scene, random.weighted(kind))
  }
  scene.endAll()
  return scene.steps
}

/** The makers are not all possible in every world: one that is not makes no step. */
function make(scene: Scene, maker: StepMaker): void {
  maker(scene)
  scene.settle()
}
