import type { LookupAddress } from 'node:dns'
import { BlockList, isIP } from 'node:net'
import type { LookupFunction } from 'node:net'
import { PgstreamError } from '../errors.ts'
import { nameLookups } from './name-lookups.ts'
import type { Resolve } from './name-lookups.ts'
import { isPublicAddress } from './public-address.ts'

/** Why nothing is sent to an address. Its message goes on after a name. */
export class TargetRefused extends Error {
  readonly code = 'TARGET_REFUSED'
}

/** What `refusalOf` says, once for the operator and once for whoever asked, who is not to learn what a name resolves to. */
export interface Refusal {
  readonly message: string
  readonly told: string
}

/** Whoever asks whether a name may be sent to waits no longer for its servers. */
const patienceMs = 3_000

const allowSetting = 'PGSTREAM_WEBHOOK_NOTIFIER_ALLOWED_TARGETS'
const notPublic = `is not of the public internet, and ${allowSetting} does not allow it`

/**
 * Decides which hosts may be sent to: those of the public internet, and what is allowed by name (`hooks.internal`,
 * `*.internal`), by address or by range (`10.1.0.0/16`). A name that is allowed may resolve to anything.
 *
 * What is checked is what is dialled: names are resolved once, by the connection itself, and every address of a name has to
 * pass.
 */
export class TargetGuard {
  readonly #names: readonly string[]
  readonly #ranges = new BlockList()
  readonly #resolve: Resolve

  /** @throws {PgstreamError} PGSTREAM_CONFIG_INVALID for an item that is none of these. */
  constructor(allowed: readonly string[] = [], resolve: Resolve = nameLookups.resolve) {
    this.#resolve = resolve
    const names: string[] = []
    for (const item of allowed) {
      if (!this.#addRange(item)) names.push(readName(item))
    }
    this.#names = names
  }

  /** Why this host is not sent to, as far as it can be known now: a name that does not resolve may do so later. */
  async refusalOf(hostname: string): Promise<Refusal | null> {
    const literal = this.refusalOfLiteral(hostname)
    if (literal) return { message: literal.message, told: literal.message }
    if (isIP(bare(hostname)) || this.#isAllowedName(hostname)) return null
    return new Promise((decided) => {
      const patience = setTimeout(decided, patienceMs, null)
      this.#resolve(hostname, { all: true }, (error, addresses) => {
        clearTimeout(patience)
        const refused = error ? null : this.#refusalOfAddresses(addresses)
        decided(
          refused && { message: refused.message, told: `the name leads to an address that ${notPublic}` },
        )
      })
    })
  }

  /** Why an address that a URL names is not sent to; null for a name, and where it may be. */
  refusalOfLiteral(hostname: string): TargetRefused | null {
    const host = bare(hostname)
    const family = isIP(host)
    return family === 0 || this.#isAllowedName(host)
      ? null
      : this.#refusalOfAddresses([{ address: host, family }])
  }

  #refusalOfAddresses(addresses: readonly LookupAddress[]): TargetRefused | null {
    for (const { address, family } of addresses) {
      if (isPublicAddress(address) || this.#ranges.check(address, family === 6 ? 'ipv6' : 'ipv4')) continue
      return new TargetRefused(`the address ${address} ${notPublic}`)
    }
    return null
  }

  /** For `net.connect`: finds what may be dialled. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.#resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const refusal = error ?? (this.#isAllowedName(hostname) ? null : this.#refusalOfAddresses(addresses))
      const [first] = addresses ?? []
      if (refusal || !first) callback(refusal ?? new TargetRefused('the name has no address'), [])
      else if (options.all) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }

  #isAllowedName(hostname: string): boolean {
    const host = bare(hostname).toLowerCase()
    return this.#names.some((name) => (name.startsWith('*.') ? host.endsWith(name.slice(1)) : host === name))
  }

  #addRange(item: string): boolean {
    const [address = '', bits, ...rest] = item.split('/')
    const family = isIP(bare(address))
    if (family === 0 || rest.length > 0) return false
    const most = family === 6 ? 128 : 32
    const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Infinity
    if (prefix > most) throw invalid(item)
    this.#ranges.addSubnet(bare(address), prefix, family === 6 ? 'ipv6' : 'ipv4')
    return true
  }
}

/** Without the brackets of IPv6 and the dot that ends a full name. */
const bare = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')

function readName(item: string): string {
  if (/^(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/i.test(item)) return item.toLowerCase()
  throw invalid(item)
}

const invalid = (item: string): PgstreamError =>
  new PgstreamError(
    'PGSTREAM_CONFIG_INVALID',
    `${allowSetting}: ${JSON.stringify(item)} is neither a host name, *.domain, an address nor a range such as 10.1.0.0/16.`,
  )
