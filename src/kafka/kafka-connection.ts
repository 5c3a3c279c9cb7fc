import { defaults } from '../config/defaults.ts'
import { silentLogger } from '../telemetry/logger.ts'
import type { Logger } from '../telemetry/logger.ts'

export const compressions = ['none', 'gzip'] as const
export type Compression = (typeof compressions)[number]

/** In PEM form, as for Node's `tls.connect`. Without `ca` the certificates of Node count. */
export interface KafkaTls {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

export interface KafkaLogin {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}

/** How to reach Kafka, whichever way events go. */
export interface KafkaConnectionOptions {
  /** `host:port` each, in a list or separated by commas or blanks; one that answers is enough. */
  readonly servers: string | readonly string[]
  /** What the servers see in their logs and quotas; `pgstream` if not given. */
  readonly clientId?: string | undefined
  readonly tls?: boolean | KafkaTls | undefined
  readonly sasl?: KafkaLogin | undefined
  /** A broker that does not answer for so long, in milliseconds, is connected anew; 30,000 if not given. */
  readonly requestTimeoutMs?: number | undefined
  readonly logger?: Logger | undefined
}

/** The same, complete. */
export interface KafkaConnection {
  readonly servers: readonly string[]
  readonly clientId: string
  readonly tls: KafkaTls | null
  readonly sasl: KafkaLogin | null
  readonly requestTimeoutMs: number
  readonly logger: Logger
}

export function connectionOf({
  servers,
  clientId = defaults.kafka.clientId,
  tls = false,
  sasl,
  requestTimeoutMs = 30_000,
  logger = silentLogger,
}: KafkaConnectionOptions): KafkaConnection {
  return {
    servers:
      typeof servers === 'string' ? servers.split(/[\s,]+/).filter((server) => server !== '') : servers,
    clientId,
    tls: tls === true ? {} : tls === false ? null : tls,
    sasl: sasl ?? null,
    requestTimeoutMs,
    logger,
  }
}
