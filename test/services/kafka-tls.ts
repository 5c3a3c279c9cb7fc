import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './run-command.ts'
import { Unavailable } from './service.ts'

export interface TlsFiles {
  /** The authority's certificate. */
  readonly caFile: string
  /** The server's key and certificate, for localhost and 127.0.0.1. */
  readonly certificate: string
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** An authority and a server's certificate, made in `folder` by openssl. */
export async function makeTlsFiles(folder: string): Promise<TlsFiles> {
  const file = (name: string): string => join(folder, name)
  const openssl = async (...parameters: string[]): Promise<void> => {
    await runCommand('openssl', parameters).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? new Unavailable('there is no openssl') : error
    })
  }
  const ca = ['-subj', '/CN=pgstream test authority', '-keyout', file('ca.key'), '-out', file('ca.pem')]
  await openssl('req', '-x509', ...newKey, '-days', '30', ...ca)
  const server = ['-subj', '/CN=localhost', '-keyout', file('server.key'), '-out', file('server.csr')]
  await openssl('req', ...newKey, ...server)
  await writeFile(file('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  const signed = ['-in', file('server.csr'), '-extfile', file('names'), '-out', file('server.crt')]
  const signer = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial']
  await openssl('x509', '-req', '-days', '30', ...signed, ...signer)
  const [key, certificate] = await Promise.all([readFile(file('server.key')), readFile(file('server.crt'))])
  await writeFile(file('server.pem'), Buffer.concat([key, certificate]))
  return { caFile: file('ca.pem'), certificate: file('server.pem') }
}
