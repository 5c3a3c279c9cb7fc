import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'

/**
 * Requires parts of kafkajs from where it really is, as `import` does. Behind symbolic links, such as pnpm makes, Node may
 * load them from there once more: repairs of the second copy do nothing for the first.
 */
export const requireKafkajs: NodeJS.Require = createRequire(
  realpathSync(createRequire(import.meta.url).resolve('kafkajs')),
)
