import { readFileSync, writeFileSync } from 'node:fs'
import { readmeUrl, withFreshParts } from './readme-parts.ts'

// npm run docs
writeFileSync(readmeUrl, await withFreshParts(readFileSync(readmeUrl, 'utf8')))
