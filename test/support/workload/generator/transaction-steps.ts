import type { StepMaker } from './scene.ts'

const beginOrEnd: StepMaker = (scene) => {
  const { random } = scene
  if (!scene.transaction.open) scene.begin(random.chance(0.1) ? 'repeatable read' : 'read committed')
  else scene.end(random.chance(0.75))
  return true
}

const savepoint: StepMaker = (scene) => {
  const { transaction, random } = scene
  if (!transaction.open) return false
  const name = random.pick(['s', 't', 'u'])
  scene.run(`savepoint ${name}`, { control: 'savepoint' })
  transaction.savepoint(name)
  return true
}

const endSavepoint: StepMaker = (scene) => {
  const { transaction, random } = scene
  if (transaction.savepoints.length === 0) return false
  const name = random.pick(transaction.savepoints)
  if (random.chance(0.6)) {
    scene.run(`rollback to savepoint ${name}`, { control: 'rollback to' })
    transaction.rollbackTo(name)
  } else {
    scene.run(`release savepoint ${name}`, { control: 'release' })
    transaction.release(name)
  }
  return true
}

export const transactionSteps: readonly (readonly [weight: number, maker: StepMaker])[] = [
  [6, beginOrEnd],
  [3, savepoint],
  [3, endSavepoint],
]
