import type { TemporaryDatabase } from '../postgres.ts'
import { confirmedLsn } from '../source.ts'
import { randomFrom } from '../workload/random.ts'
import type { Random } from '../workload/random.ts'
import { ChangesFile } from './changes-file.ts'
import { openHistory } from '../writers/history.ts'
import { judge } from './judge.ts'
import type { Verdict } from './judge.ts'
import { KilledCommand } from './killed-command.ts'
import type { KilledProgram } from './killed-command.ts'
import { commitLastRow } from '../writers/last-row.ts'
import { startWriters } from '../writers/start-writers.ts'

export interface KillLoopOptions {
  /** Prepared for pgstream, and empty. */
  readonly database: TemporaryDatabase
  /** Of the file that the command writes; it must not exist. */
  readonly path: string
  readonly kills: number
  readonly seed: number
  /** `pgstream run --stdout` if nothing is said. */
  readonly program?: KilledProgram
}

export interface KillLoopReport extends Verdict {
  readonly kills: number
  /** Kills before the command had written anything. */
  readonly whileStarting: number
  /** Kills when the last line in the file was not the last of its transaction. */
  readonly withinTransaction: number
  /** Kills when the file held more than was confirmed: it came again. */
  readonly aheadOfConfirmed: number
  /** Kills in the middle of a line. */
  readonly withinLine: number
  readonly stops: number
  readonly megabytes: number
}

/**
 * Kills a program again and again and starts it at once, while writers write; sometimes stops it in order.
 * Then lets it catch up, and judges what is in the file.
 */
export async function killLoop({
  database,
  path,
  kills,
  seed,
  program,
}: KillLoopOptions): Promise<KillLoopReport> {
  const random = randomFrom(seed)
  const file = await ChangesFile.create(path)
  const history = await openHistory(database)
  await using writers = await startWriters(database, { seed, lastXid: () => file.lastXid() })
  const lives: Life[] = []
  const failures: string[] = []
  try {
    while (lives.filter((life) => life === 'killed').length < kills) {
      lives.push(await live(program, database, file, random))
    }
    await writers.stop()
    await catchUp(program, database, file)
  } catch (error) {
    failures.push((error as Error).message) // what is in the file says more
  } finally {
    await writers.stop()
  }
  const { journal } = writers
  const verdict = await judge({ database, file, journal, history: await history.read() })
  return {
    ...verdict,
    problems: [...failures, ...verdict.problems, ...cameAgainAfterStop(lives, verdict.pieces)],
    ...count(lives, verdict.pieces),
    withinLine: file.torn,
    megabytes: Math.round((await file.size()) / 1e6),
  }
}

type Life = 'killed' | 'stopped'

type Counts = Pick<
  KillLoopReport,
  'kills' | 'stops' | 'whileStarting' | 'withinTransaction' | 'aheadOfConfirmed'
>

function count(lives: readonly Life[], pieces: Verdict['pieces']): Counts {
  const killed = lives.flatMap((life, i) => (life === 'killed' ? [i] : []))
  const kills = (is: (i: number) => boolean): number => killed.filter(is).length
  return {
    kills: killed.length,
    stops: lives.length - killed.length,
    whileStarting: kills((i) => pieces[i] === null),
    withinTransaction: kills((i) => pieces[i]?.endsWithinTransaction === true),
    aheadOfConfirmed: kills((i) => wroteAgain(pieces, i) > 0),
  }
}

/** How much of what process `i` wrote came again by the next one. */
function wroteAgain(pieces: Verdict['pieces'], i: number): number {
  const [piece, next] = [pieces[i], pieces.slice(i + 1).find((each) => each !== null)]
  return piece && next ? Math.max(0, piece.to - next.from + 1) : 0
}

const cameAgainAfterStop = (lives: readonly Life[], pieces: Verdict['pieces']): string[] =>
  lives.flatMap((life, i) => {
    const again = life === 'stopped' ? wroteAgain(pieces, i) : 0
    return again > 0 ? [`${again} changes came again after process ${i + 1} had stopped in order`] : []
  })

/** When a life ends; false when it ended by itself before. */
type Moment = (command: KilledCommand, database: TemporaryDatabase, random: Random) => Promise<boolean>

/** How much the command may write; small numbers are in the middle of what it just begins. */
const fewBytes = [1, 3_000, 30_000, 300_000, 1_500_000] as const

const whileStarting: Moment = (command, _database, random) => command.lives(random.int(1_000))

const whileWriting: Moment = (command, _database, random) => {
  const bytes = random.pick(fewBytes)
  return command.writes(bytes + random.int(bytes))
}

/** What was confirmed now and is not in the file will never come again. */
const justConfirmed: Moment = async (command, database) => {
  const before = await confirmedLsn(database)
  const hasMoved = async (): Promise<boolean> => (await confirmedLsn(database)) > before
  return command.until(hasMoved, 'The confirmation of something')
}

const moments = [
  [3, whileStarting],
  [9, whileWriting],
  [8, justConfirmed],
] as const

/** One process, from its start to its end. */
async function live(
  program: KilledProgram | undefined,
  database: TemporaryDatabase,
  file: ChangesFile,
  random: Random,
): Promise<Life> {
  const moment = random.weighted(moments)
  const outlet = moment === justConfirmed || random.chance(0.3) ? 'slow pipe' : 'file'
  await using command = await KilledCommand.start(database.url, file, outlet, program)
  if (!(await moment(command, database, random))) throw command.endedByItself()
  if (moment !== whileWriting || !random.chance(0.1)) {
    await command.kill()
    return 'killed'
  }
  await command.stop()
  return 'stopped'
}

/** A last life, that sees everything and is stopped in order. */
async function catchUp(
  program: KilledProgram | undefined,
  database: TemporaryDatabase,
  file: ChangesFile,
): Promise<void> {
  const last = await commitLastRow(database)
  await using command = await KilledCommand.start(database.url, file, 'file', program)
  if (!(await command.until(async () => (await file.lastXid()) === last, 'The last row in the file'))) {
    throw command.endedByItself()
  }
  await command.stop()
}
