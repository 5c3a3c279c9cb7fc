import { readConfig } from '../config/read-config.ts'
import { PgstreamError } from '../errors.ts'
import { commandLogger } from './command-logger.ts'
import { examineSettings } from './examine-settings.ts'
import { onOneLine } from './demo/view/value-text.ts'
import { deadLetterPlaces } from './dead-letter-places.ts'
import type { DeadLetterPlace, DeadLetters, Letter } from './dead-letter-places.ts'
import type { Flags } from './parse-arguments.ts'
import type { Program } from './program.ts'

const usualList = 100

/** `dead-letters list | retry | drop`, in every place that the settings name. */
export const deadLetters: Program = async (flags, action = '') => {
  const act = actions[action]
  if (!act)
    throw usage(
      `pgstream dead-letters takes ${Object.keys(actions).join(', ')}, not ${JSON.stringify(action)}.`,
    )
  const read = readConfig({
    flags,
    environment: process.env,
    examine: examineSettings,
  })
  const logger = commandLogger(read)
  const places = deadLetterPlaces.flatMap(({ name, from }) => {
    const letters = from(read.config, logger)
    return letters ? [{ name, letters }] : []
  })
  if (places.length === 0) throw noPlace()
  try {
    return await act({ places, choice: readChoice(flags, places), json: flags['json'] === true })
  } finally {
    for (const { letters } of places) await letters.close()
  }
}

interface Place {
  readonly name: DeadLetterPlace['name']
  readonly letters: DeadLetters
}

/** By place the ids, or null for everything; undefined where neither was said. */
type Choice = ReadonlyMap<string, readonly string[]> | null | undefined

interface Asked {
  readonly places: readonly Place[]
  readonly choice: Choice
  readonly json: boolean
}

const actions: Readonly<Record<string, (asked: Asked) => Promise<number>>> = { list, retry, drop }

async function list({ places, json }: Asked): Promise<number> {
  for (const { name, letters } of places) {
    const [count, shown] = [await letters.count(), await letters.list(usualList)]
    const lines = shown.map((letter) => (json ? inJson(name, letter) : inWords(name, letter)))
    if (!json)
      lines.push(
        `${name}: ${count} dead letters${count > shown.length ? `, of which ${shown.length} are shown` : ''}`,
      )
    process.stdout.write(lines.map((line) => `${line}\n`).join(''))
  }
  return 0
}

async function retry({ places, choice = null, json }: Asked): Promise<number> {
  let allSent = true
  for (const { name, letters, ids } of chosen(places, choice)) {
    const { sent, failed } = await letters.retry(ids)
    allSent &&= failed === 0
    say(json, { place: name, sent, failed }, `${name}: ${sent} delivered, ${failed} stay`)
  }
  return allSent ? 0 : 1
}

async function drop({ places, choice, json }: Asked): Promise<number> {
  if (choice === undefined)
    throw usage('pgstream dead-letters drop needs --ids, or --all: what is dropped is gone.')
  for (const { name, letters, ids } of chosen(places, choice)) {
    const dropped = await letters.drop(ids)
    say(json, { place: name, dropped }, `${name}: ${dropped} dropped`)
  }
  return 0
}

const chosen = (
  places: readonly Place[],
  choice: Exclude<Choice, undefined>,
): (Place & { ids: readonly string[] | null })[] =>
  places.flatMap((place) => {
    const ids = choice && (choice.get(place.name) ?? [])
    return ids?.length === 0 ? [] : [{ ...place, ids }]
  })

function readChoice(flags: Flags, places: readonly Place[]): Choice {
  const text = flags['ids']
  if (flags['all'] === true && text !== undefined) throw usage('--ids and --all exclude each other.')
  if (typeof text !== 'string') return flags['all'] === true ? null : undefined
  const choice = new Map<string, string[]>()
  for (const item of text.split(/[\s,]+/).filter(Boolean)) {
    const slash = item.indexOf('/')
    const [name, id] = [item.slice(0, slash), item.slice(slash + 1)]
    const place = places.find((each) => each.name === name)
    if (!place?.letters.isId(id))
      throw usage(`${JSON.stringify(item)} is not the id of a dead letter, such as ${places[0]!.name}/…`)
    choice.set(name, [...(choice.get(name) ?? []), id])
  }
  return choice
}

const inJson = (place: string, { id, ...rest }: Letter): string =>
  JSON.stringify({ id: `${place}/${id}`, ...rest })

const inWords = (place: string, { id, at, about, reason, attempts }: Letter): string =>
  onOneLine(`${place}/${id}  ${at.toISOString()}  ${about}: ${reason} (${attempts} attempts)`)

const say = (json: boolean, result: object, words: string): void =>
  void process.stdout.write(`${json ? JSON.stringify(result) : words}\n`)

const usage = (sentence: string): PgstreamError =>
  new PgstreamError('PGSTREAM_USAGE', sentence, { remedy: 'pgstream help dead-letters shows what it takes.' })

const noPlace = (): PgstreamError =>
  new PgstreamError('PGSTREAM_CONFIG_INVALID', 'No destination that keeps dead letters is configured.', {
    remedy: `Give the settings of run, in the environment or in a file (-c): ${deadLetterPlaces
      .map(({ enabledBy }) => enabledBy)
      .join('; ')}.`,
  })
