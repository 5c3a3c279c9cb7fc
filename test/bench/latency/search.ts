/** How long after its commit a row can be had from the search store by the id of its document. */
import { Agent, get } from 'node:http'
import { RunningCommand } from '../../support/command.ts'
import { preparedDatabase } from '../../support/source.ts'
import { eventually } from '../../support/wait.ts'
import { benchPostgres, benchSpace, stopServices } from '../bench-services.ts'
import { searchStore } from '../indexed.ts'
import { atRate, tell, twoHundred } from './at-rate.ts'
import { durableLatencies } from './durable.ts'

/** One of so many is looked for, again and again until it is there: looking costs the store something, too. */
const lookedFor = 5

{
  await using server = await benchPostgres()
  await using database = await preparedDatabase({ url: server.url })
  await using space = await benchSpace()
  await using durable = await durableLatencies()
  const env = { ...searchStore(space.url, space.prefix), ...durable.env }
  await using command = new RunningCommand(['run', '--pgurl', database.url], { env })
  await command.says(/writing to the search store/)
  await database.query('create table t (id int primary key, text text)')
  await database.query(`insert into t values (-1, 'the first')`)
  const alias = `${space.prefix}public`
  const first = await eventually(
    async () => {
      await space.ask('POST', `${alias}/_refresh`)
      const { hits } = await space.ask<{ hits: { hits: { _id: string }[] } }>('GET', `${alias}/_search`)
      return hits.hits[0]?._id ?? false
    },
    { about: 'The first row' },
  )
  const beginning = first.replace(/-1$/, '')
  const agent = new Agent({ keepAlive: true })
  const isThere = (id: number): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const url = `${space.url}/${alias}/_doc/${beginning}${id}?_source=false`
      get(url, { agent }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode === 200))
      }).on('error', reject)
    })
  const looking: Promise<number>[] = []
  const look = async (id: number, since: number): Promise<number> => {
    while (!(await isThere(id)));
    return performance.now() - since
  }
  await atRate(twoHundred, async (id) => {
    // the commit is a little later
    const since = performance.now()
    await database.query(`insert into t values ($1, 'some text of a usual length')`, [id])
    if (id % lookedFor === 0) looking.push(look(id, since))
  })
  const found = await Promise.all(looking)
  tell('search, commit → durable', twoHundred, await durable.end(command))
  tell('search, commit → found by its id', twoHundred, found, { p50: 15 })
  agent.destroy()
}
await stopServices()
