import type pg from 'pg'

/** What pg's connection has and its types leave out. */
interface CopyConnection {
  query(sql: string): void
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
}

/** A COPY … FROM STDIN as a query of pg; gives the number of rows. */
export async function copyIn(client: pg.Client, sql: string, data: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let rows = 0
    const submittable = {
      submit: (connection: unknown): void => (connection as CopyConnection).query(sql),
      handleCopyInResponse: (connection: CopyConnection): void => {
        connection.sendCopyFromChunk(Buffer.from(data, 'utf8'))
        connection.endCopyFrom()
      },
      handleCommandComplete: ({ text }: { text: string }): void => {
        rows = Number(text.split(' ').at(-1))
      },
      handleError: (error: Error): void => reject(error),
      handleReadyForQuery: (): void => resolve(rows),
    }
    client.query(submittable as unknown as pg.Submittable)
  })
}
